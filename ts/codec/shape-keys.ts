/** A key of a variant: with a text, that is what stands there in each of its objects, and is not written. */
export type ShapeKey = string | readonly [key: string, text: string];

/** The name of a key. */
export function nameOf(key: ShapeKey): string {
  return typeof key === 'string' ? key : key[0];
}
