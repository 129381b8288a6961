import { COMMAND_KIND_SHIFT, OP_TIMER_CANCEL, OP_TIMER_START } from '../native/layout.ts';
import type { Driver } from '../scheduler/driver.ts';
import type { Timer } from './timer.ts';

interface Entry {
  readonly sequence: number;
  readonly isRepeated: boolean;
  readonly fire: () => void;
}

/**
 * A timer is named by its place and, above that, by the count of timers at its start: a place is used again, and who cancels a timer that
 * has fired must not cancel the next one there.
 */
const PLACES = 2 ** 26;
const COUNTS = 2 ** 26;
const REPEATED = OP_TIMER_START | (1 << COMMAND_KIND_SHIFT);

/** All timers of a node: entries of the core's wheel, which stands behind one libuv timer. */
export class TimerTable {
  readonly #driver: Driver;
  readonly #entries: (Entry | undefined)[] = [];
  readonly #free: number[] = [];
  #sequence = 0;

  constructor(driver: Driver) {
    this.#driver = driver;
  }

  /** Calls `fire` once, not before `delayMs` are over; gives the timer's name, a number from 0 on. */
  start(delayMs: number, fire: () => void): number {
    return this.#start(OP_TIMER_START, delayMs, {
      sequence: this.#next(),
      isRepeated: false,
      fire,
    });
  }

  /** Calls `fire` every `everyMs`; ticks that were missed are not made up for. */
  repeat(everyMs: number, fire: () => void): number {
    return this.#start(REPEATED, everyMs, { sequence: this.#next(), isRepeated: true, fire });
  }

  /** True if it had still been to fire; false for -1, which names none. */
  cancel(timer: number): boolean {
    const place = timer % PLACES;
    const entry = this.#entries[place];
    if (entry === undefined || nameOf(place, entry) !== timer) return false;
    this.#forget(place);
    this.#driver.outbox.write(OP_TIMER_CANCEL, place, entry.sequence, 0);
    return true;
  }

  /** The object that a user holds. */
  handle(timer: number): Timer {
    const cancel = (): boolean => this.cancel(timer);
    return { cancel, [Symbol.dispose]: () => void cancel() };
  }

  /** The core says that a timer is due. */
  fire(index: number, sequence: number): void {
    const entry = this.#entries[index];
    if (entry === undefined || entry.sequence !== sequence) return;
    if (!entry.isRepeated) this.#forget(index);
    entry.fire();
  }

  #start(op: number, delayMs: number, entry: Entry): number {
    const index = this.#free.pop() ?? this.#entries.length;
    this.#entries[index] = entry;
    const delay = this.#driver.wholeDelay(delayMs);
    this.#driver.outbox.write(op, index, delay, entry.sequence);
    // The core counts from its `NOW`, which would be later in the next turn: by all that the callback takes.
    this.#driver.outbox.flush();
    return nameOf(index, entry);
  }

  #forget(index: number): void {
    this.#entries[index] = undefined;
    this.#free.push(index);
  }

  #next(): number {
    this.#sequence = (this.#sequence + 1) >>> 0;
    return this.#sequence;
  }
}

function nameOf(place: number, { sequence }: Entry): number {
  return (sequence % COUNTS) * PLACES + place;
}
