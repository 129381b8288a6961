import { type ExitReason, isAbnormal } from '../error/exit-reason.ts';

/**
 * When a child is started again after its end: `permanent` – always; `transient` – unless it ended by
 * `normal` or `shutdown`; `temporary` – never. Source: OTP, Ergo `act.SupervisorStrategy`.
 */
export type Restart = 'permanent' | 'transient' | 'temporary';

/** All of them. */
export const RESTARTS: readonly Restart[] = ['permanent', 'transient', 'temporary'];

/** What a supervisor does about the end of a child that it did not stop itself. */
export type Verdict = 'restart' | 'leave' | 'shut-down';

/**
 * Decides it: what is to be restarted is; the end of a significant child that is not is the end of the
 * supervisor. A permanent child is never significant, as it never stays away.
 */
export function verdictOn(restart: Restart, isSignificant: boolean, reason: ExitReason): Verdict {
  if (restart === 'permanent') return 'restart';
  if (restart === 'transient' && isAbnormal(reason)) return 'restart';
  return isSignificant ? 'shut-down' : 'leave';
}
