import type { Far } from '../far/far.ts';
import type { Runtime } from '../node/runtime.ts';
import type { LocalPid } from '../process/pid.ts';
import type { ThreadActivity } from './thread-statistics.ts';

const { setInterval, clearInterval } = globalThis;
/** How often the threads are looked at, and for how long one must not have turned its event loop to count as one that hangs, ms. */
const EVERY_MS = 1000;
/** What a loop that waits may show of work, ms, ends below that. */
const WORKS_FROM_MS = 10;

interface Seen {
  readonly turns: number;
  readonly since: number;
  /** For how long it had worked without turning when it was looked at last, ms. */
  workedMs: number;
  /** How long the hang was when it was last told, ms; 0: it was not. */
  toldMs: number;
}

/**
 * Looks from thread 0 for threads whose event loop does not turn, and tells: after a second, then whenever the time has doubled.
 * Of its own hang it tells when that is over; while it lasts the watchdog's thread does.
 */
export class HangWatch {
  readonly #runtime: Runtime;
  readonly #far: Far;
  readonly #seen: (Seen | undefined)[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** When it looked last, ms since the node's start. */
  #lookedAt = 0;

  constructor(runtime: Runtime, far: Far) {
    this.#runtime = runtime;
    this.#far = far;
  }

  start(): void {
    this.#lookedAt = this.#runtime.driver.readNow();
    this.#timer = setInterval(() => this.#look(), EVERY_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** A thread has ended; another one may take its number. */
  forget(thread: number): void {
    this.#seen[thread] = undefined;
    this.#far.statistics.forget(thread);
  }

  #look(): void {
    const { others, statistics } = this.#far;
    const own = statistics.activity(this.#far.thread);
    if (own !== undefined) this.#lookBack(own);
    for (const thread of others) this.#lookAt(thread, statistics.activity(thread));
  }

  #lookAt(thread: number, activity: ThreadActivity | undefined): void {
    if (activity === undefined || activity.unturnedMs === 0)
      return void (this.#seen[thread] = undefined);
    const { turns, unturnedMs } = activity;
    const now = this.#runtime.driver.readNow();
    const seen = this.#seen[thread];
    const workedMs = unturnedMs ?? WORKS_FROM_MS;
    const beginning = { turns, since: now, workedMs, toldMs: 0 };
    // A single look may meet one that was held up together with all others.
    if (seen?.turns !== turns) return void (this.#seen[thread] = beginning);
    const ms = Math.floor(unturnedMs ?? now - seen.since);
    const before = seen.workedMs;
    seen.workedMs = ms;
    // libuv takes for work what a loop had waited when a signal came, as after a stop of the whole program: that does not go on.
    if (before < WORKS_FROM_MS || ms - before < EVERY_MS / 2) return;
    if (ms < EVERY_MS || ms < 2 * seen.toldMs) return;
    seen.toldMs = ms;
    this.#tell(thread, activity, ms);
  }

  #tell(thread: number, activity: ThreadActivity, atLeastMs: number): void {
    const text = activity.isRunning
      ? 'a scheduler thread hangs in a callback; none of its other processes can run'
      : 'a scheduler thread hangs outside of callbacks, as after an await or in a timer; none of its processes can run';
    this.#runtime.log.error(text, { thread, ...this.#whoOf(thread, activity), atLeastMs });
  }

  /** This look comes late when its own thread has hung. It also does when the system has stopped all threads, which is no hang. */
  #lookBack(activity: ThreadActivity): void {
    const now = this.#runtime.driver.readNow();
    const lateMs = now - this.#lookedAt - EVERY_MS;
    this.#lookedAt = now;
    const atLeastMs = Math.floor(Math.min(lateMs, activity.longestMs ?? Infinity));
    if (atLeastMs < EVERY_MS) return;
    const { thread } = this.#far;
    const text = 'a scheduler thread has hung; none of its processes could run';
    this.#runtime.log.error(text, { thread, ...this.#whoOf(thread, activity), atLeastMs });
  }

  /** The process whose callback runs; else the one whose callback ran last, which is mostly the one that goes on. */
  #whoOf(
    thread: number,
    { slot, isRunning }: ThreadActivity,
  ): { readonly pid?: LocalPid; readonly lastPid?: LocalPid } {
    if (slot === undefined) return {};
    const identity = this.#far.presence.slot(thread, slot)?.identity;
    if (identity === undefined) return {};
    const pid = this.#far.pids.at({ thread, slot, ...identity });
    return isRunning ? { pid } : { lastPid: pid };
  }
}
