import type { Environment } from '../env/environment.ts';
import type { ExitReason } from '../error/exit-reason.ts';
import type { LogLevel } from '../log/log-level.ts';
import type { LocalPid } from '../process/pid.ts';

/** A process that begins, as it is then. */
export interface Joining {
  readonly pid: LocalPid;
  readonly parent: LocalPid;
  readonly name: string | undefined;
  readonly behaviour: string;
}

/** The run of an application, as its processes see it; on its own thread that is the `ApplicationRun`. */
export interface LocalMembership {
  readonly name: string;
  /** Which of all runs of the node; the same on every thread. */
  readonly number: number;
  readonly logLevel: LogLevel | undefined;
  /** Its own; `undefined`: that of the node. */
  readonly ownLogLevel: LogLevel | undefined;
  /** Whether nothing may be spawned in it any more. */
  readonly isStopping: boolean;
  readonly env: Environment;
  /** A process of this run begins. */
  joined(process: Joining): void;
  /** A process of this run has ended; its `terminate`, and what it is to wait for, is `pending`. */
  left(pid: LocalPid, reason: ExitReason, pending: Promise<void> | undefined): void;
}
