import { NumberTable } from './number-table.ts';
import type { Station } from './station.ts';

/** Things by the number that a station has given them. */
export class ByStation<T> {
  readonly #stations = new Map<Station, NumberTable<T>>();
  /** That of the last station: mostly the next one, too. */
  #last: NumberTable<T> | undefined;
  #lastStation: Station = -1;

  get(station: Station, number: number): T | undefined {
    return this.#of(station)?.get(number);
  }

  set(station: Station, number: number, value: T): void {
    this.#of(station, true)!.set(number, value);
  }

  delete(station: Station, number: number): boolean {
    return this.#of(station)?.delete(number) === true;
  }

  /** Forgets those for which it says so; gives them. */
  take(isTaken: (station: Station, value: T) => boolean): T[] {
    const taken: T[] = [];
    for (const [station, values] of this.#stations) {
      for (const [number, value] of [...values.entries()]) {
        if (!isTaken(station, value)) continue;
        taken.push(value);
        values.delete(number);
      }
      if (values.size === 0) this.#stations.delete(station);
    }
    this.#last = undefined;
    this.#lastStation = -1;
    return taken;
  }

  #of(station: Station, isNeeded = false): NumberTable<T> | undefined {
    if (station === this.#lastStation) return this.#last;
    let values = this.#stations.get(station);
    if (values === undefined && isNeeded) {
      values = new NumberTable();
      this.#stations.set(station, values);
    }
    if (values === undefined) return undefined;
    this.#last = values;
    this.#lastStation = station;
    return values;
  }
}
