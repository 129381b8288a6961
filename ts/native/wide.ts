/**
 * A number of 64 bits of two words. A small one stays a small integer, which V8 keeps in the field of an object or the key of
 * a map; one that was computed would be an object of its own.
 */
export function wide(high: number, low: number): number {
  return high === 0 ? low : high * 2 ** 32 + low;
}
