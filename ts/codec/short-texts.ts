/** Longer ones are made anew every time. */
export const MAX_CACHED = 24;
const SIZE = 4096;

/** Short strings that were read lately: most short strings are names, and come again and again. */
export class ShortTexts {
  readonly #texts: string[] = Array.from({ length: SIZE }, () => '');

  /** The string of `length` characters, none above 127, that begins at `at`. */
  read(bytes: Buffer, at: number, length: number): string {
    let hash = length;
    for (let index = 0; index < length; index++) hash = (hash * 31 + bytes[at + index]!) | 0;
    const place = (hash ^ (hash >>> 12)) & (SIZE - 1);
    const known = this.#texts[place]!;
    if (known.length === length && isSame(known, bytes, at)) return known;
    const text = bytes.toString('latin1', at, at + length);
    this.#texts[place] = text;
    return text;
  }
}

function isSame(text: string, bytes: Uint8Array, at: number): boolean {
  for (let index = 0; index < text.length; index++)
    if (text.charCodeAt(index) !== bytes[at + index]) return false;
  return true;
}
