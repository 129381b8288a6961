import type { NodeProcess } from '../process/peer.ts';
import type { Driver } from '../scheduler/driver.ts';
import type { ChildProcess } from '../supervisor/child-processes.ts';

/** What sits, or is to sit, on a seat. */
export interface Worker extends ChildProcess {
  readonly seat: Seat;
}

/** An entry of the pool's mailbox. */
export interface Entry {
  readonly kind: number;
  readonly payload: number;
}

/** One place of a pool; its worker is replaced when it has ended. */
export class Seat {
  /** Of its own in the life of the pool. */
  readonly number: number;
  /** Who has it now, or had it last. */
  worker!: NodeProcess;
  /** Where its workers live, once that is chosen: each on the thread of the one before, or a thread that ends would lose all of its workers to the others. */
  thread: number | undefined;
  /** Whether the next one is on its way on another thread. */
  isStarting = false;
  /** Whether it was taken out of the pool. */
  isRemoved = false;
  /** What waits for that one. */
  readonly waiting: Entry[] = [];
  /** The same, for its end. */
  process!: Worker;
  readonly #driver: Driver;
  #restUntil = 0;

  constructor(number: number, driver: Driver) {
    this.number = number;
    this.#driver = driver;
  }

  /** Whether a worker did not come up just now: the next one is not tried yet. */
  get isResting(): boolean {
    return this.#restUntil > 0 && this.#driver.now < this.#restUntil;
  }

  /** Nobody is put on it for that long. */
  rest(ms: number): void {
    this.#restUntil = this.#driver.now + ms;
  }
}
