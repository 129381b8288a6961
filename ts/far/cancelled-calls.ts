import type { CallOrigin } from './arrived-request.ts';
import type { Loss } from './loss.ts';
import type { Station } from './station.ts';

/** So many are remembered of each peer and thread: some of them were answered at the same moment, or were never here, and will not be met. */
const KEPT = 4096;

/** Calls of others that wait in mailboxes here, and that nobody waits for any more: their numbers, by the station of the caller. */
export class CancelledCalls {
  readonly #numbers = new Map<Station, Set<number>>();

  /** It still waits in a mailbox, or its answer is on the way already. */
  add({ station, number }: CallOrigin): void {
    const numbers = this.#of(station);
    const [oldest] = numbers;
    if (numbers.size === KEPT) numbers.delete(oldest!);
    numbers.add(number);
  }

  /** Whether it was cancelled; forgets it. */
  take({ station, number }: CallOrigin): boolean {
    return this.#numbers.size > 0 && this.#numbers.get(station)?.delete(number) === true;
  }

  lose({ takes }: Loss): void {
    for (const station of this.#numbers.keys()) if (takes(station)) this.#numbers.delete(station);
  }

  #of(station: Station): Set<number> {
    const known = this.#numbers.get(station);
    if (known !== undefined) return known;
    const numbers = new Set<number>();
    this.#numbers.set(station, numbers);
    return numbers;
  }
}
