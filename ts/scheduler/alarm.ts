import { NEXT_TIMER_HI, NEXT_TIMER_LO } from '../native/layout.ts';
import { type Clock, MAX_ALARM_MS } from './clock.ts';

const NEVER = Infinity;

/** The one alarm of a driver that sleeps: for the next timer of the core. An idle node keeps it, so that the OS process lives. */
export class Alarm {
  readonly #ring: Uint32Array;
  readonly #clock: Clock;
  readonly #readNow: () => number;
  readonly #onAlarm: () => void;
  #at = NEVER;
  #cancel: () => void = () => {};

  /** `readNow` gives whole ms since the node's start, by that clock. */
  constructor(ring: Uint32Array, clock: Clock, readNow: () => number, onAlarm: () => void) {
    this.#ring = ring;
    this.#clock = clock;
    this.#readNow = readNow;
    this.#onAlarm = onAlarm;
  }

  /** Whether it goes off in time for the next timer as it is. */
  get isSet(): boolean {
    return this.#at !== NEVER && this.#due >= this.#at;
  }

  /** Goes off in time for the next timer from now on, or earlier. */
  set(): void {
    if (this.isSet) return;
    this.cancel();
    const now = this.#readNow();
    const delay = Math.min(MAX_ALARM_MS, Math.max(1, this.#due - now));
    this.#at = now + delay;
    this.#cancel = this.#clock.alarm(delay, this.#goOff);
  }

  /** Does not go off any more. */
  cancel(): void {
    this.#cancel();
    this.#cancel = () => {};
    this.#at = NEVER;
  }

  /** When the next timer is due. */
  get #due(): number {
    const high = this.#ring[NEXT_TIMER_HI]!;
    return high === 0xffff_ffff ? NEVER : high * 2 ** 32 + this.#ring[NEXT_TIMER_LO]!;
  }

  readonly #goOff = (): void => {
    this.#at = NEVER;
    this.#cancel = () => {};
    this.#onAlarm();
  };
}
