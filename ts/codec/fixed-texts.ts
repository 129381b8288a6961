import type { ShapeKey } from './shape-keys.ts';

/** So many texts of a key get a shape. */
const MAX_TEXTS = 8;
/** Longer ones never do. */
const MAX_LENGTH = 32;
/** Objects with a text that must have been met before it gets one. */
const MEETINGS = 8;
/** With so many different ones besides, a key is not one that has few. */
const MAX_OTHERS = 32;

/** A text, and the shape of the objects that have it. */
export interface FixedText {
  readonly text: string;
  readonly shape: number;
}

/**
 * Finds the key of a shape by which objects with the same keys are told apart, such as `type`: one that has few texts. Each of
 * them gets a shape of its own, and does not travel any more.
 */
export class FixedTexts {
  /** Place of that key, once it is found. */
  place: number | undefined;
  readonly found: FixedText[] = [];
  readonly #keys: readonly string[];
  readonly #register: (keys: readonly ShapeKey[]) => number;
  /** How often each text was met, by the place of its key, where there may be few. */
  readonly #met = new Map<number, Map<string, number>>();

  /** `register` gives 0 when texts are to have no more numbers. */
  constructor(keys: readonly string[], register: (keys: readonly ShapeKey[]) => number) {
    this.#keys = keys;
    this.#register = register;
    for (const place of keys.keys()) this.#met.set(place, new Map());
  }

  /** The places of the keys at which `meet` still learns; none: all is known. */
  get open(): readonly number[] {
    return [...this.#met.keys()];
  }

  /** What stands at a key has no shape of its own. True when something has become known by it. */
  meet(place: number, value: unknown): boolean {
    const met = this.#met.get(place);
    if (met === undefined) return false;
    if (typeof value !== 'string' || value.length > MAX_LENGTH) return this.#close(place);
    const meetings = (met.get(value) ?? 0) + 1;
    if (meetings === MEETINGS) return this.#fix(place, value);
    // A part of a large text would keep all of it.
    met.set(meetings === 1 ? ownCopyOf(value) : value, meetings);
    return met.size > MAX_OTHERS && this.#close(place);
  }

  #fix(place: number, text: string): boolean {
    const keys = this.#keys.map((key, index) => (index === place ? ([key, text] as const) : key));
    const shape = this.#register(keys);
    if (shape !== 0) {
      this.place = place;
      this.found.push({ text, shape });
    }
    const isLast = shape === 0 || this.found.length === MAX_TEXTS;
    for (const other of this.open) if (isLast || other !== place) this.#met.delete(other);
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
