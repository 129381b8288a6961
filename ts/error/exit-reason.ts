/**
 * Why a process ended: a value, compared by `===` or by the `code` of a `TergoError`.
 *
 * `normal` and `shutdown` are orderly ends, `kill` is the end by `node.kill`; an error is a crash.
 * Source: Ergo `gen.TerminateReason*`, OTP exit reasons.
 */
export type ExitReason = 'normal' | 'shutdown' | 'kill' | Error;

/** Whether this end is one to report: everything but `normal` and `shutdown`. */
export function isAbnormal(reason: ExitReason): boolean {
  return reason !== 'normal' && reason !== 'shutdown';
}

/** Whether `value` may be an exit reason at all. */
export function isExitReason(value: unknown): value is ExitReason {
  return value === 'normal' || value === 'shutdown' || value === 'kill' || value instanceof Error;
}

/** The reason that a thrown value stands for: itself if it is an error, an error with it as cause otherwise. */
export function reasonOf(thrown: unknown): Error {
  return thrown instanceof Error
    ? thrown
    : new Error(`a callback threw ${String(thrown)}`, { cause: thrown });
}
