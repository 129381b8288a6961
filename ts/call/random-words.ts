import { randomFillSync } from 'node:crypto';

/** So many are drawn at once; an even number. */
const DRAWN = 256;

/** Bits that nobody can guess; drawn from the system many at a time, which costs more than they do. */
export class RandomWords {
  readonly #words = new Uint32Array(DRAWN);
  #at = DRAWN;

  /** 64 bits as text: two numbers of 32 bits with a `-` between them. */
  take(): string {
    if (this.#at === DRAWN) {
      randomFillSync(this.#words);
      this.#at = 0;
    }
    const text = `${this.#words[this.#at]!}-${this.#words[this.#at + 1]!}`;
    this.#at += 2;
    return text;
  }
}
