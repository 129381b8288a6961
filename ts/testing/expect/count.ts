import { checkInteger } from '../../error/check.ts';

/** How many records are to fit. */
export interface Count {
  /** Completes "should send …"; empty for "should not send". */
  readonly text: string;
  readonly min: number;
  readonly max: number;
}

export const SOME: Count = { text: 'at least once', min: 1, max: Infinity };
export const ONCE: Count = { text: 'once', min: 1, max: 1 };
export const NONE: Count = { text: '', min: 0, max: 0 };

/** Exactly so many. Throws `incorrect` unless it is a whole number. */
export function exactly(times: number): Count {
  checkInteger('times', times, 0);
  if (times < 2) return times === 0 ? NONE : ONCE;
  return { text: `${times} times`, min: times, max: times };
}

/** Whether so many are right. */
export function holds({ min, max }: Count, fitting: number): boolean {
  return fitting >= min && fitting <= max;
}
