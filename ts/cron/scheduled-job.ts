import type { LocalAction } from './cron-action.ts';
import type { CronFallback, CronJob, CronJobInfo } from './cron-job.ts';
import type { CronRun } from './cron-run.ts';
import { parseSpec } from './cron-spec.ts';
import { localTimeZone, Timetable } from './timetable.ts';

/** Up to how many missed runs are counted: each costs some 50 µs. */
const MISSED_MAX = 100;
/** An interval job is held back by a clock set back by less than this, lest the minute runs twice. */
const MINUTE_MS = 60_000;

/** What is due of a job. */
export interface Due {
  readonly timeMs: number;
  readonly missed: number;
}

/** A job: when it runs, and what came of its runs. Reads no clock. */
export class ScheduledJob {
  readonly name: string;
  readonly action: LocalAction;
  readonly fallback: CronFallback | undefined;
  readonly timetable: Timetable;
  readonly #spec: string;
  readonly #timeZone: string;
  #isEnabled = false;
  #next: number | undefined;
  /** Up to which time it is settled what runs. */
  #settledUntil: number;
  #isRunning = false;
  #last: CronRun | undefined;
  #lastError: Error | undefined;
  #runs = 0;
  #failed = 0;
  #skipped = 0;
  #missed = 0;

  /** A job that was checked; only the spec is read here. Throws `incorrect`. It is disabled. */
  constructor(job: CronJob, nowMs: number) {
    this.name = job.name;
    this.action = job.action as LocalAction;
    this.fallback = job.fallback && { to: job.fallback.to, tag: job.fallback.tag };
    this.#spec = job.spec;
    this.#timeZone = job.timeZone ?? localTimeZone();
    this.timetable = new Timetable(parseSpec(job.spec), this.#timeZone);
    this.#settledUntil = nowMs;
  }

  /** When it runs next; `undefined` while it is disabled. */
  get next(): number | undefined {
    return this.#next;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** What it did not run for while it was disabled is not made up for. */
  enable(nowMs: number): void {
    if (this.#isEnabled) return;
    this.#isEnabled = true;
    this.#settledUntil = Math.max(this.#settledUntil, nowMs);
    this.#next = this.timetable.next(this.#settledUntil);
  }

  disable(): void {
    this.#isEnabled = false;
    this.#next = undefined;
  }

  /** The one run that is due, if one is; then the next is later than now. */
  take(nowMs: number): Due | undefined {
    const first = this.#next;
    if (first === undefined || first > nowMs) return undefined;
    const timeMs = this.timetable.latest(nowMs) ?? first;
    const missed = this.#countFrom(first, timeMs);
    this.#missed += missed;
    this.#settledUntil = timeMs;
    this.#next = this.timetable.next(nowMs);
    return { timeMs, missed };
  }

  /**
   * The clock was set back. A correction by hours begins anew. Otherwise an interval job goes by the new
   * time, and fixed times that have run do not run again. Source: Vixie cron, cron(8).
   */
  rewind(nowMs: number, isCorrection: boolean): void {
    const aheadMs = this.#settledUntil - nowMs;
    const isHeldBack = !isCorrection && (!this.timetable.isInterval || aheadMs < MINUTE_MS);
    if (aheadMs <= 0 || isHeldBack) return;
    this.#settledUntil = nowMs;
    if (this.#isEnabled) this.#next = this.timetable.next(nowMs);
  }

  begin(run: CronRun): void {
    this.#isRunning = true;
    this.#runs += 1;
    this.#last = run;
  }

  skip(): void {
    this.#skipped += 1;
  }

  /** The run is over; with what it failed, if it did. */
  finish(error: Error | undefined): void {
    this.#isRunning = false;
    this.#lastError = error;
    if (error !== undefined) this.#failed += 1;
  }

  info(): CronJobInfo {
    return {
      name: this.name,
      spec: this.#spec,
      timeZone: this.#timeZone,
      action: this.action.description,
      fallback: this.fallback,
      isEnabled: this.#isEnabled,
      isRunning: this.#isRunning,
      nextMs: this.#next,
      lastMs: this.#last?.timeMs,
      lastError: this.#lastError,
      runs: this.#runs,
      failed: this.#failed,
      skipped: this.#skipped,
      missed: this.#missed,
    };
  }

  /** How many times there are from one to before another. */
  #countFrom(first: number, end: number): number {
    let count = 0;
    let time: number | undefined = first;
    while (time !== undefined && time < end && count < MISSED_MAX) {
      count += 1;
      time = this.timetable.next(time);
    }
    return count;
  }
}
