import type { ExitReason } from '../error/exit-reason.ts';
import type { Alias } from '../process/alias.ts';
import type { AnyPid } from '../process/pid.ts';

/** What a link or monitor was on, and why that ended. Source: Ergo `MessageExit*`, `MessageDown*`. */
export type Ended =
  | { readonly kind: 'pid'; readonly pid: AnyPid; readonly reason: ExitReason }
  | {
      readonly kind: 'name';
      readonly name: string;
      readonly node: string;
      readonly reason: ExitReason;
    }
  | { readonly kind: 'alias'; readonly alias: Alias<never>; readonly reason: ExitReason }
  | {
      readonly kind: 'event';
      readonly name: string;
      readonly node: string;
      readonly reason: ExitReason;
    }
  | { readonly kind: 'node'; readonly node: string; readonly reason: ExitReason };

/** A linked target ended, or a process sent an exit signal (kind `pid`). */
export type Exit = Ended;
/** A monitored target ended. */
export type Down = Ended;
