/** The highest: a frame has one word for it. */
const LAST = 2 ** 32 - 1;

/** What is under way between threads and nodes is numbered: one after another, then from 1 anew, without those still in use. */
export class Numbers {
  readonly #isInUse: (number: number) => boolean;
  readonly #highest: number;
  #last: number;

  /** Those after `before`, up to `highest`. */
  constructor(before: number, isInUse: (number: number) => boolean, highest: number = LAST) {
    this.#last = before;
    this.#isInUse = isInUse;
    this.#highest = highest;
  }

  next(): number {
    do this.#last = this.#last >= this.#highest ? 1 : this.#last + 1;
    while (this.#isInUse(this.#last));
    return this.#last;
  }
}
