import type { Runtime } from '../node/runtime.ts';
import { systemClock } from '../scheduler/clock.ts';
import { deadlineIn, told, type ToldDeadline, UNTOLD } from './call-deadline.ts';
import type { Far } from './far.ts';
import type { Patience } from './questions.ts';
import type { RemoteHome } from './remote-home.ts';
import type { Station } from './station.ts';

/** How often a peer is asked for its time while it is called, ms. */
const ASKED_EVERY_MS = 60_000;
/** How long it may take to tell it, ms: one that came later would be too coarse. */
const TOLD_MS = 5000;
const TIME: Patience = { ms: TOLD_MS, text: `the time was not told within ${TOLD_MS} ms` };
/** A finer reading stands no longer than this, ms: clocks drift apart. */
const STANDS_MS = 5 * 60_000;
/** So much clocks may drift apart meanwhile, ms. */
export const DRIFT_MS = 100;
/** When the time of day is set by more than this, ms, the machine may have slept: its steady clock stands still then, that of the peer does not. */
const SET_MS = DRIFT_MS / 2;

/** What is known of the clock of one peer. */
export class ClockReading {
  /** How far it is ahead of that of this machine at most, ms; `undefined`: not known. */
  aheadMs: number | undefined = undefined;
  /** When that was found. */
  readAt = 0;
  /** When it was asked last. */
  askedAt: number = -Infinity;
  /** How far the time of day was ahead of the clock of this machine then, ms. */
  wallMs = 0;
  /** When it was looked at last whether this still stands. */
  checkedAt = -1;
}

/**
 * By which clocks nodes tell each other when calls are over: by the steady one of the receiver's machine, which all threads of a node have in
 * common. A peer is asked for its time when it is called, and told a deadline that is never too early, and too late
 * by the time to the peer and back at most.
 */
export class PeerClocks {
  readonly #runtime: Runtime;
  readonly #far: Far;
  /** The time of the machine when the node started. */
  readonly #base: number;

  constructor(runtime: Runtime, far: Far) {
    this.#runtime = runtime;
    this.#far = far;
    this.#base = Number(process.hrtime.bigint() / 1_000_000n) - runtime.driver.readNow();
    far.questions.onPeer(
      'time',
      () => true,
      () => (this.#isOfMachine ? this.#readNow() : undefined),
    );
  }

  /** A deadline, ms since the start of this node, for another thread of it. */
  tellThread(deadline: number): ToldDeadline {
    return told(this.#machineTime(deadline), this.#now);
  }

  /** The same for a thread of a connected node. */
  tellPeer(station: Station, home: RemoteHome, deadline: number): ToldDeadline {
    if (!this.#isOfMachine) return UNTOLD;
    const now = this.#now;
    const reading = (home.clock ??= new ClockReading());
    // Once in each ms: it is all the same to those between.
    if (reading.checkedAt !== now) this.#check(station, reading, now);
    const { aheadMs } = reading;
    if (aheadMs === undefined) return UNTOLD;
    return told(this.#machineTime(deadline) + aheadMs + DRIFT_MS, now + aheadMs);
  }

  /** What was told, ms since the start of this node; `undefined` when nothing was. */
  hear(deadline: ToldDeadline): number | undefined {
    const heard = deadlineIn(deadline, this.#now);
    return heard === undefined ? undefined : heard - this.#base;
  }

  /** A clock that is moved by hand says nothing of the time that others have. */
  get #isOfMachine(): boolean {
    return this.#runtime.clock === systemClock;
  }

  get #now(): number {
    return this.#machineTime(this.#runtime.driver.recentNow());
  }

  #readNow(): number {
    return this.#machineTime(this.#runtime.driver.readNow());
  }

  #machineTime(ms: number): number {
    return this.#base + ms;
  }

  /** Whether the time of day has another distance from the steady clock than it had. */
  #wasSet(wallMs: number): boolean {
    const { clock } = this.#runtime;
    if (Math.abs(clock.wallNow() - this.#now - wallMs) <= SET_MS) return false;
    // The last reading of the clock may be from before a long callback.
    return Math.abs(clock.wallNow() - this.#readNow() - wallMs) > SET_MS;
  }

  #check(station: Station, reading: ClockReading, now: number): void {
    reading.checkedAt = now;
    if (this.#wasSet(reading.wallMs)) {
      reading.aheadMs = undefined;
      reading.askedAt = -Infinity;
    }
    if (now - reading.askedAt >= ASKED_EVERY_MS) void this.#ask(station, reading);
  }

  async #ask(station: Station, reading: ClockReading): Promise<void> {
    const asked = this.#readNow();
    const wallMs = this.#runtime.clock.wallNow() - asked;
    Object.assign(reading, { askedAt: asked, wallMs });
    const time = await this.#timeOf(station, reading);
    if (typeof time !== 'number' || !Number.isFinite(time) || this.#wasSet(wallMs)) return;
    // It was read later than `asked`, and earlier than now: it is ahead by `aheadMs` at most, and not by less than this.
    const aheadMs = time - asked;
    const now = this.#readNow();
    const known = reading.aheadMs ?? -Infinity;
    const isWrong = known < time - now || now - reading.readAt > STANDS_MS;
    if (isWrong || aheadMs < known) Object.assign(reading, { aheadMs, readAt: now });
  }

  /** `undefined` when it has not told it. */
  #timeOf(station: Station, reading: ClockReading): Promise<unknown> {
    try {
      return this.#far.questions.askWithin(TIME, station, 'time').catch(() => undefined);
    } catch {
      // Nothing was sent, as inside of a getter of a message: the next call asks.
      reading.askedAt = -Infinity;
      return Promise.resolve(undefined);
    }
  }
}
