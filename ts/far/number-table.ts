/** Places at the beginning, a power of two. */
const FIRST_PLACES = 64;
/** A larger table goes when nothing stands in it any more. */
const KEPT_PLACES = 65_536;

/**
 * Things by numbers that are given one after another and taken back soon: a place for each in a ring, and a map for those whose place
 * a longer lived one still has. A map alone would make a new table every some dozen numbers.
 */
export class NumberTable<T> {
  #numbers: number[] = emptyNumbers(FIRST_PLACES);
  #values: (T | undefined)[] = emptyValues(FIRST_PLACES);
  readonly #others = new Map<number, T>();
  #placed = 0;

  get size(): number {
    return this.#placed + this.#others.size;
  }

  get(number: number): T | undefined {
    const place = number & (this.#numbers.length - 1);
    if (this.#numbers[place] === number) return this.#values[place];
    return this.#others.size === 0 ? undefined : this.#others.get(number);
  }

  set(number: number, value: T): void {
    const places = this.#numbers.length;
    // Numbers that all fall on few places, as nobody gives them who means well, do not make it grow without end.
    if (this.#others.size * 4 > places && this.#placed * 4 > places) this.#grow();
    this.#put(number, value);
  }

  /** True if it was there. */
  delete(number: number): boolean {
    const place = number & (this.#numbers.length - 1);
    if (this.#numbers[place] !== number)
      return this.#others.size > 0 && this.#others.delete(number);
    this.#placed -= 1;
    this.#numbers[place] = -1;
    this.#values[place] = undefined;
    if (this.#numbers.length > KEPT_PLACES && this.size === 0) this.#begin(FIRST_PLACES);
    return true;
  }

  *entries(): Generator<[number, T]> {
    for (const [place, number] of this.#numbers.entries())
      if (number >= 0) yield [number, this.#values[place]!];
    yield* this.#others;
  }

  #put(number: number, value: T): void {
    const place = number & (this.#numbers.length - 1);
    const other = this.#numbers[place]!;
    const isElsewhere = this.#others.size > 0 && this.#others.has(number);
    if (isElsewhere || (other >= 0 && other !== number)) {
      this.#others.set(number, value);
      return;
    }
    if (other < 0) this.#placed += 1;
    this.#numbers[place] = number;
    this.#values[place] = value;
  }

  #grow(): void {
    const all = [...this.entries()];
    const places = this.#numbers.length * 2;
    this.#begin(places);
    for (const [number, value] of all) this.#put(number, value);
  }

  #begin(places: number): void {
    this.#numbers = emptyNumbers(places);
    this.#values = emptyValues(places);
    this.#others.clear();
    this.#placed = 0;
  }
}

function emptyNumbers(places: number): number[] {
  return Array.from({ length: places }, () => -1);
}

function emptyValues<T>(places: number): (T | undefined)[] {
  return Array.from({ length: places }, () => undefined);
}
