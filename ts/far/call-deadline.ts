/**
 * When a call is over, as its request says it: ms of the receiver's clock, the lowest 31 bits; 0: that is not known. It
 * stands above the form in the second word before the value.
 */
export type ToldDeadline = number;

/** Nobody knows when it is over. */
export const UNTOLD: ToldDeadline = 0;

const RANGE = 2 ** 31;

/** A deadline by the receiver's clock as it is told; one that is too far away is not. */
export function told(deadline: number, now: number): ToldDeadline {
  if (deadline - now >= RANGE / 2) return UNTOLD;
  // 0 has a meaning of its own.
  return modulo(Math.ceil(deadline)) || 1;
}

/** What was told, by the clock of this node; `undefined` when nothing was. */
export function deadlineIn(words: ToldDeadline, now: number): number | undefined {
  if (words === UNTOLD) return undefined;
  const ahead = modulo(words - now);
  return now + (ahead < RANGE / 2 ? ahead : ahead - RANGE);
}

/** Of a whole number, negative or not: the lowest bits are what it leaves. */
function modulo(ms: number): number {
  return ms & (RANGE - 1);
}
