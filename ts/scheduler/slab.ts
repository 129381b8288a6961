import type { LocalPid } from '../process/pid.ts';

/**
 * The values that travel through the core as slot numbers. A slot is taken by `put` and comes back
 * by `release`; between the two the core may hold its number.
 */
export class Slab {
  /** The value of each slot; `undefined` in a free one. */
  readonly values: unknown[] = [];
  /** Who sent it; `undefined` where nobody sends. Stale in a free slot: a pid holds on to nothing. */
  readonly senders: (LocalPid | undefined)[] = [];
  #free = new Int32Array(1024);
  #freeCount = 0;

  put(value: unknown, sender: LocalPid | undefined): number {
    if (this.#freeCount > 0) {
      const slot = this.#free[--this.#freeCount]!;
      this.values[slot] = value;
      // Often the same as before; reading costs less than writing, which the collector must hear of.
      if (this.senders[slot] !== sender) this.senders[slot] = sender;
      return slot;
    }
    this.senders.push(sender);
    return this.values.push(value) - 1;
  }

  release(slot: number): void {
    this.values[slot] = undefined;
    if (this.#freeCount === this.#free.length) this.#grow();
    this.#free[this.#freeCount++] = slot;
  }

  /** Takes the value out and frees the slot. */
  take(slot: number): unknown {
    const value = this.values[slot];
    this.release(slot);
    return value;
  }

  /** Slots in use. */
  get size(): number {
    return this.values.length - this.#freeCount;
  }

  #grow(): void {
    const grown = new Int32Array(this.#free.length * 2);
    grown.set(this.#free);
    this.#free = grown;
  }
}

/** A value that stands in several mailboxes at once; its slot is free after the last of them. */
export class SharedValue<T> {
  readonly value: T;
  /** How many mailboxes hold it; known once the core has handed it out. */
  uses = 0;

  constructor(value: T) {
    this.value = value;
  }
}
