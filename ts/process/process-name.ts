import { checkName } from '../error/check.ts';
import type { Accepts } from '../protocol/protocol.ts';

declare const named: unique symbol;

/**
 * A registered name: at run time the plain string. Invariant, so that only a behaviour of this very
 * protocol can take it.
 */
export type ProcessName<P = unknown> = string &
  Accepts<P> & {
    /** @ignore */
    readonly [named]?: (protocol: P) => P;
  };

/**
 * Gives a name its protocol. Throws `incorrect` for an empty name or one over 255 bytes.
 *
 * @example
 * const counterName: ProcessName<CounterProtocol> = processName('counter');
 */
export function processName<P>(name: string): ProcessName<P> {
  checkName('name', name);
  return name;
}
