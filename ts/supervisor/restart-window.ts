/** Counts restarts within a sliding window of time. It reads no clock: the time is an argument. */
export class RestartWindow {
  /** How many restarts are allowed within `periodMs`. */
  readonly intensity: number;
  readonly periodMs: number;
  /** When the restarts were, oldest first; those before `#from` are out of the window. */
  #times: number[] = [];
  #from = 0;

  constructor(intensity: number, periodMs: number) {
    this.intensity = intensity;
    this.periodMs = periodMs;
  }

  /**
   * Counts a restart at `nowMs`. False when it is one too many: when more than `intensity` of them are no
   * more than `periodMs` old, this one included.
   */
  admit(nowMs: number): boolean {
    while (this.#from < this.#times.length && nowMs - this.#times[this.#from]! > this.periodMs)
      this.#from += 1;
    this.#compact();
    this.#times.push(nowMs);
    return this.#times.length - this.#from <= this.intensity;
  }

  /** Forgets what was. */
  clear(): void {
    this.#times = [];
    this.#from = 0;
  }

  #compact(): void {
    if (this.#from < 32 || 2 * this.#from < this.#times.length) return;
    this.#times.splice(0, this.#from);
    this.#from = 0;
  }
}
