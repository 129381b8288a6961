import type { BindingScheduler } from '../native/load.ts';
import type { Runtime } from '../node/runtime.ts';
import { systemClock } from '../scheduler/clock.ts';
import type { Driver } from '../scheduler/driver.ts';

/**
 * When a call is over, as its request says it in 31 bits above the form in the second word before the value: a thread of this
 * node reads it by the steady clock, ms; a peer is told how many ms are left, and the connection there adds when they
 * came. 0: that is not known.
 */
export type ToldDeadline = number;

/** Nobody knows when it is over. */
export const UNTOLD: ToldDeadline = 0;

const RANGE = 2 ** 31;
/** What is further away than this is not told. */
const FAR_AWAY = RANGE / 2;
const MOST_TRIES = 5;

/**
 * Says when calls are over by the clock that all threads of a node and its connections have in common, and hears it. That one
 * is Rust's, which may stand still while the machine sleeps; the clock of the node may go on.
 */
export class SteadyClock {
  readonly #native: BindingScheduler;
  readonly #driver: Driver;
  /** A clock that is moved by hand knows nothing of the time that others have. */
  readonly #isKnown: boolean;
  /** How far it is ahead of the clock of the node, ms. */
  #ahead = 0;

  constructor({ native, clock, driver }: Runtime) {
    this.#native = native;
    this.#driver = driver;
    this.#isKnown = clock === systemClock;
    this.#compare();
  }

  /** A deadline, ms since the start of this node, for another thread of it. */
  tellThread(deadline: number): ToldDeadline {
    if (deadline - this.#driver.recentNow() >= FAR_AWAY) return UNTOLD;
    // 0 has a meaning of its own.
    return modulo(Math.ceil(deadline) + this.#ahead) || 1;
  }

  /** The same for another node. */
  tellPeer(deadline: number): ToldDeadline {
    return this.tellLeft(deadline - this.#driver.recentNow());
  }

  /** For another node: so many ms are left. */
  tellLeft(ms: number): ToldDeadline {
    return this.#isKnown && ms < FAR_AWAY ? Math.max(1, Math.ceil(ms)) : UNTOLD;
  }

  /** What a request says, ms since the start of this node; -1: nothing. */
  hear(deadline: ToldDeadline): number {
    if (deadline === UNTOLD || !this.#isKnown) return -1;
    const heard = this.#heard(deadline);
    if (heard > this.#driver.now) return heard;
    // Before its request is dropped for that: the clocks may have parted.
    this.#compare();
    return Math.max(0, this.#heard(deadline));
  }

  #heard(deadline: ToldDeadline): number {
    const now = this.#driver.recentNow();
    const left = modulo(deadline - this.#ahead - now);
    return now + (left < FAR_AWAY ? left : left - RANGE);
  }

  /** The two are read one after the other: once more when something came between. */
  #compare(): void {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const before = this.#native.steadyMs();
      this.#ahead = before - this.#driver.readNow();
      if (this.#native.steadyMs() - before <= 1) return;
    }
  }
}

/** Of a whole number, negative or not: the lowest bits are what it leaves. */
function modulo(ms: number): number {
  return ms & (RANGE - 1);
}
