import type { Runtime } from '../node/runtime.ts';
import { systemClock } from '../scheduler/clock.ts';
import { deadlineIn, told, type ToldDeadline, UNTOLD } from './call-deadline.ts';
import type { Far } from './far.ts';
import type { RemoteHome } from './remote-home.ts';
import type { Station } from './station.ts';

/** How often a peer is asked for its time while it is called, ms. */
const ASKED_EVERY_MS = 60_000;
/** A finer reading stands no longer than this, ms: clocks drift apart. */
const STANDS_MS = 5 * 60_000;
/** So much clocks may drift apart meanwhile, ms. */
export const DRIFT_MS = 100;

/** What is known of the clock of one peer. */
interface Reading {
  /** How far it is ahead of that of this machine at most, ms; `undefined`: not known. */
  aheadMs: number | undefined;
  /** When that was found. */
  readAt: number;
  /** When it was asked last. */
  askedAt: number;
}

/**
 * By which clocks nodes tell each other when calls are over: by the steady one of the receiver's machine, which all threads of a node have in
 * common. A peer is asked for its time when it is called, and told a deadline that is never too early, and too late
 * by the time to the peer and back at most.
 */
export class PeerClocks {
  readonly #runtime: Runtime;
  readonly #far: Far;
  readonly #readings = new WeakMap<RemoteHome, Reading>();
  /** The time of the machine when the node started. */
  readonly #base: number;

  constructor(runtime: Runtime, far: Far) {
    this.#runtime = runtime;
    this.#far = far;
    this.#base = Number(process.hrtime.bigint() / 1_000_000n) - runtime.driver.readNow();
    far.questions.onPeer(
      'time',
      () => true,
      () => (this.#isOfMachine ? this.#machineTime(runtime.driver.readNow()) : undefined),
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
    const reading = this.#readings.get(home) ?? {
      aheadMs: undefined,
      readAt: 0,
      askedAt: -Infinity,
    };
    this.#readings.set(home, reading);
    if (now - reading.askedAt >= ASKED_EVERY_MS) void this.#ask(station, reading);
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

  #machineTime(ms: number): number {
    return this.#base + ms;
  }

  async #ask(station: Station, reading: Reading): Promise<void> {
    const { driver } = this.#runtime;
    const asked = this.#machineTime(driver.readNow());
    reading.askedAt = asked;
    const time = await this.#far.questions.ask(station, 'time').catch(() => undefined);
    if (typeof time !== 'number' || !Number.isFinite(time)) return;
    // It was read later than `asked`: it is ahead by this much at most.
    const aheadMs = time - asked;
    const now = this.#machineTime(driver.readNow());
    const isFiner = reading.aheadMs === undefined || aheadMs < reading.aheadMs;
    if (isFiner || now - reading.readAt > STANDS_MS)
      Object.assign(reading, { aheadMs, readAt: now });
  }
}
