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
  let options: ErrorOptions = { cause: thrown };
  try {
    if (thrown instanceof Error) return thrown;
  } catch {
    // A revoked proxy: whoever looked at it as the cause would throw, too.
    options = {};
  }
  return new Error(`a callback threw ${reasonText(thrown)}`, options);
}

/** What a sentence says of a reason; of an error its message. Never throws, whatever that is. */
export function reasonText(reason: unknown): string {
  try {
    return String(isError(reason) ? reason.message : reason);
  } catch {
    return 'what cannot be read';
  }
}

/** Whether `value` is an error of that class; a proxy that does not say so is none. */
export function isError<Kind extends Error = Error>(
  value: unknown,
  Class: abstract new (...args: never[]) => Kind = Error as never,
): value is Kind {
  try {
    return value instanceof Class;
  } catch {
    return false;
  }
}
