import type { Alias } from './alias.ts';
import type { Pid } from './pid.ts';
import type { ProcessId } from './process-id.ts';
import type { ProcessName } from './process-name.ts';

/** Whatever a message can be addressed to. A bare string takes nothing: `processName` gives it a protocol. */
export type Target<P = unknown> = Pid<P> | ProcessName<P> | ProcessId<P> | Alias<P>;

/** Some process by any address, whatever it accepts: fit for link and monitor. */
export type AnyTarget = Pid<never> | ProcessId<never> | Alias<never> | string;
