/** Longer ones are made anew every time. */
export const MAX_CACHED = 24;
const SIZE = 4096;
/** So many of the last characters say where a string stands in the table, and two of the first. */
const ENDS = 6;

/** Short strings that were read lately: most short strings are names, and come again and again. */
export class ShortTexts {
  readonly #texts: string[] = Array.from({ length: SIZE }, () => '');
  /** The characters of each, to be compared without asking the string for every one. */
  readonly #bytes = new Uint8Array(SIZE * MAX_CACHED);

  /** The string of `length` characters, none above 127, that begins at `at`. */
  read(bytes: Buffer, at: number, length: number): string {
    const place = placeOf(bytes, at, length);
    const known = this.#texts[place]!;
    const kept = place * MAX_CACHED;
    if (known.length === length && this.#isSame(kept, bytes, at, length)) return known;
    const text = bytes.toString('latin1', at, at + length);
    this.#texts[place] = text;
    for (let index = 0; index < length; index++) this.#bytes[kept + index] = bytes[at + index]!;
    return text;
  }

  #isSame(kept: number, bytes: Uint8Array, at: number, length: number): boolean {
    const known = this.#bytes;
    for (let index = 0; index < length; index++)
      if (known[kept + index] !== bytes[at + index]) return false;
    return true;
  }
}

/** By the ends of the string: what many names have in common stands in their middle, if anywhere. */
function placeOf(bytes: Uint8Array, at: number, length: number): number {
  let hash = length;
  const end = at + length;
  const last = length > ENDS ? end - ENDS : at;
  for (let index = last; index < end; index++) hash = (hash * 31 + bytes[index]!) | 0;
  if (last > at) hash = (hash * 31 + bytes[at]! + (bytes[at + 1]! << 8)) | 0;
  return (hash ^ (hash >>> 12)) & (SIZE - 1);
}
