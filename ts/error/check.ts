import { incorrect } from './tergo-error.ts';

/** Throws `incorrect` unless `value` is a whole number from `min` to `max`. */
export function checkInteger(
  argument: string,
  value: unknown,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): void {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max)
    return;
  throw incorrect(argument, `a whole number from ${min} to ${max}`, value);
}

/** Throws `incorrect` unless `value` is a number from `min` to `max`. */
export function checkNumber(argument: string, value: unknown, min: number, max: number): void {
  if (typeof value === 'number' && value >= min && value <= max) return;
  throw incorrect(argument, `a number from ${min} to ${max}`, value);
}

/** The longest delay of a timer or timeout, ms: 2^32 − 1, about 49 days. */
const MAX_DELAY_MS = 4_294_967_295;

/** Throws `incorrect` unless `value` is a delay: a finite number of ms from `min` to `MAX_DELAY_MS`. */
export function checkDelay(argument: string, value: unknown, min: number): void {
  if (typeof value === 'number' && value >= min && value <= MAX_DELAY_MS) return;
  throw incorrect(argument, `a number of ms from ${min} to ${MAX_DELAY_MS}`, value);
}

/** Throws `incorrect` unless `value` is a boolean. */
export function checkBoolean(argument: string, value: unknown): void {
  if (typeof value !== 'boolean') throw incorrect(argument, 'true or false', value);
}

/** Throws `incorrect` unless `value` is a function. */
export function checkFunction(argument: string, value: unknown): void {
  if (typeof value !== 'function') throw incorrect(argument, 'a function', value);
}

/** Throws `incorrect` unless `value` is one of `choices`. */
export function checkChoice(argument: string, value: unknown, choices: readonly string[]): void {
  if (typeof value === 'string' && choices.includes(value)) return;
  throw incorrect(argument, choices.map((choice) => `'${choice}'`).join(' or '), value);
}

/** Throws `incorrect` unless `value` is a non-empty string of at most 255 bytes. */
export function checkName(argument: string, value: unknown): asserts value is string {
  if (!isName(value)) throw incorrect(argument, 'a non-empty string of at most 255 bytes', value);
}

/** Whether `value` can be a name. */
export function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= 255;
}

/** Throws `incorrect` unless `value` is an object whose keys are all in `known`; `undefined` passes. */
export function checkOptions(argument: string, value: unknown, known: readonly string[]): void {
  if (value === undefined) return;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw incorrect(argument, 'an object', value);
  for (const [key, given] of Object.entries(value)) {
    if (!known.includes(key))
      throw incorrect(`${argument}.${key}`, `left out (known are ${known.join(', ')})`, given);
  }
}
