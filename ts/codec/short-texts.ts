import type { Memory } from './memory.ts';

/** Longer ones are made anew every time. */
export const MAX_CACHED = 24;
const SIZE = 4096;
const WORD = 4;

/** Short strings that were read lately: most short strings are names, and come again and again. */
export class ShortTexts {
  readonly #texts: string[] = Array.from({ length: SIZE }, () => '');
  /** The characters of each, to be compared without asking the string for every one. */
  readonly #bytes = new Uint8Array(SIZE * MAX_CACHED);
  readonly #view = new DataView(this.#bytes.buffer);

  /** The string of `length` characters, none above 127, that begins at `at`. */
  read(memory: Memory, at: number, length: number): string {
    const { bytes } = memory;
    const place =
      length < WORD ? shortPlaceOf(bytes, at, length) : placeOf(memory.view, at, length);
    const known = this.#texts[place]!;
    const kept = place * MAX_CACHED;
    if (known.length === length && this.#isSame(kept, memory, at, length)) return known;
    const text = bytes.toString('latin1', at, at + length);
    this.#texts[place] = text;
    for (let index = 0; index < length; index++) this.#bytes[kept + index] = bytes[at + index]!;
    return text;
  }

  #isSame(kept: number, { bytes, view }: Memory, at: number, length: number): boolean {
    if (length < WORD) {
      const known = this.#bytes;
      for (let index = 0; index < length; index++)
        if (known[kept + index] !== bytes[at + index]) return false;
      return true;
    }
    const known = this.#view;
    // The last word, which most differ in, overlaps the one before.
    const last = length - WORD;
    if (known.getInt32(kept + last, true) !== view.getInt32(at + last, true)) return false;
    for (let index = 0; index < last; index += WORD)
      if (known.getInt32(kept + index, true) !== view.getInt32(at + index, true)) return false;
    return true;
  }
}

/** By the ends of the string: what many names have in common stands in their middle, if anywhere. */
function placeOf(view: DataView, at: number, length: number): number {
  const last = at + length - WORD;
  const before = Math.max(at, last - WORD);
  const hash =
    Math.imul(view.getInt32(last, true), 0x9e37_79b1) ^
    Math.imul(view.getInt32(before, true), 0x85eb_ca6b) ^
    Math.imul(view.getInt32(at, true) + length, 0xc2b2_ae35);
  return ((hash >>> 20) ^ (hash >>> 8)) & (SIZE - 1);
}

function shortPlaceOf(bytes: Uint8Array, at: number, length: number): number {
  let hash = length;
  for (let index = at; index < at + length; index++) hash = hash * 31 + bytes[index]!;
  return hash & (SIZE - 1);
}
