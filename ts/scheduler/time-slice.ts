import { BusyTime } from './busy-time.ts';
import type { NodeTime } from './node-time.ts';

/** How long turns follow each other before libuv gets its turn, ms. */
const SLICE_MS = 2;
/** The clock is read once every so many callbacks at most; adapted to how long they take. */
const MAX_STRIDE = 1024;
/** What took longer than this is not put off to be told, ms. */
const NAP_AFTER_MS = 1;

/** The time for which callbacks may run before libuv gets its turn. */
export class TimeSlice {
  /** How long callbacks have run. */
  readonly busy: BusyTime = new BusyTime();
  /** How many callbacks may run before the clock is read next. */
  stride = 64;
  /** Whether it is over, or all of it. */
  isExpired = false;
  readonly #time: NodeTime;
  /** When it began, and when its time was last looked at. */
  #from = 0;
  #spentAt = 0;
  /** When callbacks began to run without a break; -1: they do not. */
  #busyFrom = -1;
  /** When libuv last had its turn. */
  #loopedAt = 0;

  constructor(time: NodeTime) {
    this.#time = time;
  }

  /** A new one. */
  begin(): void {
    this.#time.read();
    this.#spentAt = this.#time.ofWork;
    this.#from = this.#spentAt;
    if (this.#busyFrom < 0) this.#busyFrom = this.#spentAt;
    this.isExpired = false;
  }

  /** Called after `stride` callbacks: reads the clock and says whether it is over. */
  spend(): boolean {
    const before = this.#spentAt;
    this.#time.read();
    this.#spentAt = this.#time.ofWork;
    const took = this.#spentAt - before;
    if (took > 0.5) this.stride = Math.max(1, this.stride >> 2);
    else if (took < 0.1) this.stride = Math.min(MAX_STRIDE, this.stride << 1);
    this.isExpired = this.#spentAt - this.#from >= SLICE_MS;
    return this.isExpired;
  }

  /** Called between two callbacks: reads the clock and says whether it is over. What has passed counts for the next `spend`. */
  look(): boolean {
    this.#time.read();
    this.isExpired = this.#time.ofWork - this.#from >= SLICE_MS;
    return this.isExpired;
  }

  /** Whether one that was paused can go on: reads the clock. */
  goesOn(): boolean {
    this.#time.read();
    return this.#time.ofWork - this.#from < SLICE_MS;
  }

  /** Callbacks run no more for now. */
  end(): void {
    if (this.#busyFrom < 0) return;
    this.#time.read();
    this.busy.add(this.#time.ofWork - this.#busyFrom, this.#time.current);
    this.#busyFrom = -1;
  }

  /** Whether callbacks have run for a moment only: reads the clock. */
  isShort(): boolean {
    this.#time.read();
    return this.#time.ofWork - this.#busyFrom < NAP_AFTER_MS;
  }

  /** Libuv has its turn. */
  looped(): void {
    this.#time.read();
    this.#loopedAt = this.#time.ofWork;
  }

  /** Whether libuv must have its turn before anything more is waited for, as of the last reading of the clock. */
  get isLoopDue(): boolean {
    return this.#time.ofWork - this.#loopedAt >= SLICE_MS;
  }
}
