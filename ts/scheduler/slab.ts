import type { LocalPid } from '../process/pid.ts';

/** Stands for the next free slot in the last one. */
const NONE = -1;
/** Cells that an empty slab keeps in any case (1 MiB). */
const KEEP_CELLS = 2 ** 17;
/** After being emptied so many times it gives back what it has not needed meanwhile, as the core's pool of messages does. */
const PATIENCE = 1024;

/**
 * The values that travel through the core as slot numbers. A slot is taken by `put` and comes back
 * by `release`; between the two the core may hold its number.
 */
export class Slab {
  /**
   * Two cells a slot: its value, in a free one the number of the next free slot; and who sent it, which stays in a free one: a pid
   * holds on to nothing.
   */
  readonly cells: unknown[] = [];
  /** The free slot that is taken next, of those that were in use since the slab was empty last. */
  private free = NONE;
  private freeCount = 0;
  /** Slots from here on were not in use since then. */
  private top = 0;
  /** How often it was emptied since it looked what it needs, and the slots that were needed at most since then. */
  private emptied = 0;
  private peak = 0;

  put(value: unknown, sender: LocalPid | undefined): number {
    const slot = this.free;
    if (slot === NONE) return this.putOnTop(value, sender);
    const { cells } = this;
    const cell = slot << 1;
    this.free = cells[cell] as number;
    this.freeCount -= 1;
    cells[cell] = value;
    // Often the same as before; reading costs less than writing, which the collector must hear of.
    if (cells[cell + 1] !== sender) cells[cell + 1] = sender;
    return slot;
  }

  /** The value of a slot in use. */
  at(slot: number): unknown {
    return this.cells[slot << 1];
  }

  /** Another value for a slot in use. */
  set(slot: number, value: unknown): void {
    this.cells[slot << 1] = value;
  }

  /** Who sent it; `undefined` where nobody sends. */
  senderAt(slot: number): LocalPid | undefined {
    return this.cells[(slot << 1) + 1] as LocalPid | undefined;
  }

  release(slot: number): void {
    this.cells[slot << 1] = this.free;
    this.free = slot;
    this.freeCount += 1;
    if (this.freeCount === this.top) this.startAnew();
  }

  /** Takes the value out and frees the slot. */
  take(slot: number): unknown {
    const value = this.cells[slot << 1];
    this.release(slot);
    return value;
  }

  /** Slots in use. */
  get size(): number {
    return this.top - this.freeCount;
  }

  private putOnTop(value: unknown, sender: LocalPid | undefined): number {
    const { cells } = this;
    const slot = this.top;
    const cell = slot << 1;
    this.top = slot + 1;
    if (cell === cells.length) cells.push(value, sender);
    else {
      cells[cell] = value;
      if (cells[cell + 1] !== sender) cells[cell + 1] = sender;
    }
    return slot;
  }

  /** Nothing is in use: what comes next lies side by side again, however the list of free slots was mixed up. */
  private startAnew(): void {
    if (this.cells.length > KEEP_CELLS) this.giveBack();
    this.free = NONE;
    this.freeCount = 0;
    this.top = 0;
  }

  private giveBack(): void {
    this.peak = Math.max(this.peak, this.top);
    this.emptied += 1;
    if (this.emptied < PATIENCE) return;
    this.cells.length = Math.min(this.cells.length, Math.max(KEEP_CELLS, 2 * this.peak));
    this.emptied = 0;
    this.peak = 0;
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
