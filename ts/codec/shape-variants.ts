import type { ShapeKey } from './shape-keys.ts';

/** So many variants has a shape. */
const MAX_VARIANTS = 8;
/** Longer texts make none. */
const MAX_LENGTH = 32;
/** Objects with a text that must have been met before it makes a variant. */
const MEETINGS = 8;
/** With so many different ones besides, a key is not one that has few. */
const MAX_OTHERS = 32;

/** Objects of a shape with one text, and the number that they have. */
export interface Variant {
  readonly text: string;
  readonly number: number;
}

/**
 * Finds the key of a shape by which objects with the same keys are told apart, such as `type`: one that has few texts. Each of
 * them makes a variant of the shape, in which it does not travel any more.
 */
export class ShapeVariants {
  /** Place of that key, once it is found. */
  place: number | undefined;
  readonly found: Variant[] = [];
  readonly #keys: readonly string[];
  readonly #register: (keys: readonly ShapeKey[]) => number;
  /** How often each text was met, by the place of its key, where there may be few. */
  readonly #met = new Map<number, Map<string, number>>();

  /** `register` gives 0 when there are no more numbers. */
  constructor(keys: readonly string[], register: (keys: readonly ShapeKey[]) => number) {
    this.#keys = keys;
    this.#register = register;
    for (const place of keys.keys()) this.#met.set(place, new Map());
  }

  /** The places of the keys at which `meet` still learns; none: all is known. */
  get open(): readonly number[] {
    return [...this.#met.keys()];
  }

  /** What stands at a key of an object that is of no variant so far. True when something has become known by it. */
  meet(place: number, value: unknown): boolean {
    const met = this.#met.get(place);
    if (met === undefined) return false;
    if (typeof value !== 'string' || value.length > MAX_LENGTH) return this.#close(place);
    const meetings = (met.get(value) ?? 0) + 1;
    if (meetings === MEETINGS) return this.#add(place, value);
    // A part of a large text would keep all of it.
    met.set(meetings === 1 ? ownCopyOf(value) : value, meetings);
    return met.size > MAX_OTHERS && this.#close(place);
  }

  #add(place: number, text: string): boolean {
    const keys = this.#keys.map((key, index) => (index === place ? ([key, text] as const) : key));
    const number = this.#register(keys);
    if (number !== 0) {
      this.place = place;
      this.found.push({ text, number });
    }
    const isLast = number === 0 || this.found.length === MAX_VARIANTS;
    for (const other of this.open) if (isLast || other !== place) this.#close(other);
    this.#met.get(place)?.delete(text);
    return true;
  }

  #close(place: number): boolean {
    return this.#met.delete(place);
  }
}

function ownCopyOf(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}
