import { TergoError } from '../error/tergo-error.ts';
import type { ShapeKey } from './shape-keys.ts';
import type { ShapeReader } from './shape-readers.ts';

/** The object shapes of one node, or their variants, by number; each looked up when it is first met. */
export class ShapeTable<Key extends ShapeKey = string> {
  readonly #readers: ShapeReader[] = [];
  readonly #textOf: (number: number) => string | undefined;
  readonly #make: (keys: readonly Key[]) => ShapeReader;

  constructor(
    textOf: (number: number) => string | undefined,
    make: (keys: readonly Key[]) => ShapeReader,
  ) {
    this.#textOf = textOf;
    this.#make = make;
  }

  /** Throws `malformed` for a number that there is not. */
  readerOf(number: number): ShapeReader {
    return this.#readers[number] ?? this.#learn(number);
  }

  #learn(number: number): ShapeReader {
    const text = this.#textOf(number);
    if (text === undefined)
      throw new TergoError(
        'malformed',
        `an encoded value has the shape ${number}, which there is not`,
      );
    return (this.#readers[number] = this.#make(JSON.parse(text) as Key[]));
  }
}
