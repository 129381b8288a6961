import type { ResourceLimits } from 'node:worker_threads';
import { checkNumber, checkOptions } from '../error/check.ts';

/**
 * From and to how many MB each limit may be. V8 ends the whole program in place of the thread when the old generation has less than 3,
 * the stack less than 0.23, or when it cannot reserve the range for code; an empty thread takes 12 to 20 of the old generation. The upper
 * ends keep V8 from reckoning with more than it can.
 */
const BOUNDS_MB: Readonly<Record<keyof ResourceLimits, readonly [min: number, max: number]>> = {
  maxYoungGenerationSizeMb: [1, 2 ** 20],
  maxOldGenerationSizeMb: [16, 2 ** 20],
  codeRangeSizeMb: [1, 512],
  stackSizeMb: [0.5, 1024],
};

/** Throws `incorrect`, naming the key, unless a thread with these limits comes up, or says why not. */
export function checkThreadLimits(argument: string, limits: ResourceLimits): void {
  checkOptions(argument, limits, Object.keys(BOUNDS_MB));
  for (const [key, [min, max]] of Object.entries(BOUNDS_MB)) {
    const given = limits[key as keyof ResourceLimits];
    if (given !== undefined) checkNumber(`${argument}.${key}`, given, min, max);
  }
}
