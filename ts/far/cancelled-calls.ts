import type { CallOrigin } from './arrived-request.ts';
import type { Loss } from './loss.ts';
import { isOfPeer, type Station } from './station.ts';

/**
 * So many are remembered of each thread and of each peer, at least, and twice as many at most: some of them were answered at the
 * same moment, or were never here, and will not be met. More requests than that cannot be on the way from one thread to another;
 * a peer may say what it likes.
 */
const KEPT = 2 ** 18;
const KEPT_OF_PEER = 4096;

/** Of one station. */
interface Numbers {
  recent: Set<number>;
  former: Set<number>;
}

/** Calls of others that wait in mailboxes here, and that nobody waits for any more: their numbers, by the station of the caller. */
export class CancelledCalls {
  readonly #numbers = new Map<Station, Numbers>();

  /** It still waits in a mailbox, or its answer is on the way already. */
  add({ station, number }: CallOrigin): void {
    const numbers = this.#of(station);
    if (numbers.recent.size === (isOfPeer(station) ? KEPT_OF_PEER : KEPT)) {
      numbers.former = numbers.recent;
      numbers.recent = new Set();
    }
    numbers.recent.add(number);
  }

  /** Whether it was cancelled; forgets it. */
  take({ station, number }: CallOrigin): boolean {
    const numbers = this.#numbers.size > 0 ? this.#numbers.get(station) : undefined;
    if (numbers === undefined) return false;
    return numbers.recent.delete(number) || numbers.former.delete(number);
  }

  lose({ takes }: Loss): void {
    for (const station of this.#numbers.keys()) if (takes(station)) this.#numbers.delete(station);
  }

  #of(station: Station): Numbers {
    const known = this.#numbers.get(station);
    if (known !== undefined) return known;
    const numbers: Numbers = { recent: new Set(), former: new Set() };
    this.#numbers.set(station, numbers);
    return numbers;
  }
}
