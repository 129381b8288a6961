/** For so long the longest time is remembered, at least, ms. */
const WINDOW_MS = 10_000;

/** How long callbacks have run, and how long at a time without letting the event loop go on. */
export class BusyTime {
  /** All in all, ms. */
  total = 0;
  #longest = 0;
  /** The longest of the window before this one. */
  #longestBefore = 0;
  #windowFrom = 0;

  /** A run of callbacks is over, at `now`. */
  add(ms: number, now: number): void {
    this.total += ms;
    this.#turnWindow(now);
    if (ms > this.#longest) this.#longest = ms;
  }

  /** The longest run of late, ms. */
  longestOf(now: number): number {
    this.#turnWindow(now);
    return Math.max(this.#longest, this.#longestBefore);
  }

  #turnWindow(now: number): void {
    const age = now - this.#windowFrom;
    if (age < WINDOW_MS) return;
    this.#longestBefore = age < 2 * WINDOW_MS ? this.#longest : 0;
    this.#longest = 0;
    this.#windowFrom = now;
  }
}
