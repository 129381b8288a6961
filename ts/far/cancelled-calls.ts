import type { CallOrigin } from './arrived-request.ts';
import type { Loss } from './loss.ts';
import type { Station } from './station.ts';

/** A call as the side that answers it names it: station of the caller and number there. */
type Key = number;

/** So many are remembered: some of them were answered at the same moment and will never be met. */
const KEPT = 4096;

/** Calls of others that wait in mailboxes here, and that nobody waits for any more. */
export class CancelledCalls {
  readonly #keys = new Set<Key>();

  /** It still waits in a mailbox, or its answer is on the way already. */
  add(origin: CallOrigin): void {
    const [oldest] = this.#keys;
    if (this.#keys.size === KEPT) this.#keys.delete(oldest!);
    this.#keys.add(keyOf(origin));
  }

  /** Whether it was cancelled; forgets it. */
  take(origin: CallOrigin): boolean {
    return this.#keys.size > 0 && this.#keys.delete(keyOf(origin));
  }

  lose({ takes }: Loss): void {
    for (const key of this.#keys) if (takes(stationIn(key))) this.#keys.delete(key);
  }
}

function keyOf({ station, number }: CallOrigin): Key {
  return station * 2 ** 32 + number;
}

function stationIn(key: Key): Station {
  return Math.floor(key / 2 ** 32);
}
