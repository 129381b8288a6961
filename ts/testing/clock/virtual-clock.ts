import { checkOptions } from '../../error/check.ts';
import { incorrect, TergoError } from '../../error/tergo-error.ts';
import type { Clock, ClockMember } from '../../scheduler/clock.ts';
import { rest, RESTLESS_MS } from './rest.ts';

/** How a virtual clock starts. */
export interface VirtualClockOptions {
  /** The time of day at the start, ms since 1970 or a `Date`; 2026-01-01T00:00:00Z by default. */
  readonly startAt?: number | Date;
}

/**
 * A clock that stands still until a test moves it. Give it to one node or several: their timers, delayed
 * sends, timeouts (of calls, of `init`, of a stop), uptimes, log records, events, and whatever else they
 * do by the clock go by it. What the program itself asks of Node.js (`setTimeout`, `Date.now`,
 * `AbortSignal.timeout`) does not. It keeps no handle open: a node that lives by it does not keep the OS
 * process alive.
 *
 * @example
 * const clock = virtualClock({ startAt: Date.UTC(2026, 2, 29) });
 * await using node = await startNode('test@localhost', { clock });
 * node.sendAfter(counter, { type: 'add', by: 1 }, 60_000);
 * await clock.advance(60_000); // the message has been handled
 */
export interface VirtualClock extends Clock {
  /**
   * Moves the time on by `ms`, 0 or more. On the way everything that becomes due runs at its own time and
   * in order, together with all that follows from it at once; then the promise resolves. Calls that
   * overlap are done one after the other. What a callback awaits from outside (a file, a socket) is not
   * waited for. Rejects with `incorrect` for a bad time, `timeout` when the nodes do not come to rest for
   * 10 s of the machine's time.
   */
  advance(ms: number): Promise<void>;
  /** `advance` until the time of day is `wallTime`; rejects with `incorrect` when that is past. */
  advanceTo(wallTime: number | Date): Promise<void>;
  /**
   * Sets the time of day without moving the time on, as when somebody sets the machine's clock, or the
   * machine slept. Throws `incorrect`.
   */
  setWallNow(wallTime: number | Date): void;
  /**
   * Resolves when the nodes have done what can be done without time moving on. Rejects with `timeout`
   * like `advance`.
   */
  settle(): Promise<void>;
}

interface Alarm {
  readonly dueAt: number;
  readonly wake: () => void;
}

/** Makes a clock that stands still. Throws `incorrect` for bad options. */
export function virtualClock(options: VirtualClockOptions = {}): VirtualClock {
  checkOptions('options', options, ['startAt']);
  return new SteppedClock(wallTimeOf('options.startAt', options.startAt ?? Date.UTC(2026, 0, 1)));
}

class SteppedClock implements VirtualClock {
  /** In the order in which they were set. */
  readonly #alarms = new Set<Alarm>();
  readonly #members = new Set<ClockMember>();
  #now = 0;
  #wallAtZero: number;
  #tail: Promise<void> = Promise.resolve();

  constructor(startAt: number) {
    this.#wallAtZero = startAt;
  }

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return this.#wallAtZero + this.#now;
  }

  alarm(delayMs: number, wake: () => void): () => void {
    const alarm = { dueAt: this.#now + delayMs, wake };
    this.#alarms.add(alarm);
    return () => void this.#alarms.delete(alarm);
  }

  join(member: ClockMember): () => void {
    this.#members.add(member);
    return () => void this.#members.delete(member);
  }

  async advance(ms: number): Promise<void> {
    if (!Number.isFinite(ms) || ms < 0) throw incorrect('ms', 'a number of ms, 0 or more', ms);
    return this.#next(() => this.#moveTo(this.#now + ms));
  }

  async advanceTo(wallTime: number | Date): Promise<void> {
    const wall = wallTimeOf('wallTime', wallTime);
    return this.#next(() => {
      if (wall < this.wallNow())
        throw incorrect('wallTime', `${new Date(this.wallNow()).toISOString()} or later`, wallTime);
      return this.#moveTo(wall - this.#wallAtZero);
    });
  }

  setWallNow(wallTime: number | Date): void {
    this.#wallAtZero = wallTimeOf('wallTime', wallTime) - this.#now;
  }

  async settle(): Promise<void> {
    if (await rest(this.#members)) return;
    const text = `the nodes have not come to rest for ${RESTLESS_MS} ms: do processes send to each other without end?`;
    throw new TergoError('timeout', text);
  }

  async #moveTo(time: number): Promise<void> {
    for (;;) {
      await this.settle();
      const alarm = this.#firstUntil(time);
      if (alarm === undefined) break;
      this.#alarms.delete(alarm);
      this.#now = Math.max(this.#now, alarm.dueAt);
      alarm.wake();
    }
    this.#now = Math.max(this.#now, time);
  }

  #firstUntil(time: number): Alarm | undefined {
    let first: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.dueAt <= time && (first === undefined || alarm.dueAt < first.dueAt)) first = alarm;
    }
    return first;
  }

  /** After what was asked for before. */
  #next(move: () => Promise<void>): Promise<void> {
    const moved = this.#tail.then(move);
    this.#tail = moved.catch(() => undefined);
    return moved;
  }
}

function wallTimeOf(argument: string, time: number | Date): number {
  const ms = time instanceof Date ? time.getTime() : time;
  if (typeof ms === 'number' && Math.abs(ms) <= 8.64e15) return ms;
  throw incorrect(argument, 'a Date or ms since 1970', time);
}
