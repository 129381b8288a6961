import { NOW_HI, NOW_LO } from '../native/layout.ts';
import { type Clock, systemClock } from './clock.ts';

/** The time of a node, ms since its start, as of the last reading: the core sees that in the ring. */
export class NodeTime {
  /** With its fraction. */
  current = 0;
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #ring: Uint32Array;

  constructor(clock: Clock, startedAt: number, ring: Uint32Array) {
    this.#clock = clock;
    this.#startedAt = startedAt;
    this.#ring = ring;
  }

  /** In whole ms. */
  get whole(): number {
    return Math.floor(this.current);
  }

  read(): void {
    this.current = this.#clock.now() - this.#startedAt;
    const now = this.whole;
    this.#ring[NOW_LO] = now >>> 0;
    this.#ring[NOW_HI] = Math.floor(now / 2 ** 32);
  }

  /** Work takes the machine's time, however the node's clock goes. As of the last reading. */
  get ofWork(): number {
    return this.#clock === systemClock ? this.current : systemClock.now();
  }

  /** The whole ms after which `delayMs` are over for certain, counted from what the core sees then. */
  wholeDelay(delayMs: number): number {
    this.read();
    return Math.min(0xffff_ffff, Math.ceil(this.current + delayMs) - this.whole);
  }
}
