import { checkBoolean, checkName, checkOptions } from '../error/check.ts';
import { incorrect } from '../error/tergo-error.ts';
import type { Accepts } from '../protocol/protocol.ts';
import { type CronAction, isAction } from './cron-action.ts';
import type { CronFailure } from './cron-run.ts';
import { checkTimeZone } from './timetable.ts';

/** What is to happen when: the argument of `addJob`. Source: Ergo `gen.CronJob`. */
export interface CronJob {
  /** Its name, one of its kind on the node. */
  readonly name: string;
  /**
   * When: `minute hour day month weekday`, weekdays from 1 (Monday) to 7 (Sunday), or `@hourly` (1 past),
   * `@daily` (3:10), `@weekly` (Monday 5:30), `@monthly` (the first, 4:20).
   */
  readonly spec: string;
  /** The time zone that the spec is about, such as `Europe/Vienna`; that of the machine by default. */
  readonly timeZone?: string;
  /** What: made by `cronSend`, `cronSpawn` or `cronRun`. */
  readonly action: CronAction;
  /** Who is told when a run fails; nobody by default, it is only logged. */
  readonly fallback?: CronFallback;
  /** Whether it is enabled from the start; true by default. */
  readonly isEnabled?: boolean;
}

/** Who is told of runs that failed. */
export interface CronFallback {
  /** Who gets the `CronFailure`: best a name, which outlives its process. */
  readonly to: Accepts<{ message: CronFailure }>;
  /** Comes back in it. */
  readonly tag: string;
}

/** All about a job. Source: Ergo `gen.CronJobInfo`. */
export interface CronJobInfo {
  readonly name: string;
  readonly spec: string;
  readonly timeZone: string;
  /** What it does, for people. */
  readonly action: string;
  readonly fallback: CronFallback | undefined;
  readonly isEnabled: boolean;
  /** Whether a run is not over. */
  readonly isRunning: boolean;
  /** When it runs next, ms since 1970; `undefined` while it is disabled. */
  readonly nextMs: number | undefined;
  /** The `timeMs` of the last run that began. */
  readonly lastMs: number | undefined;
  /** What the last run that is over failed with; `undefined` if it was done. */
  readonly lastError: Error | undefined;
  /** Runs that began. */
  readonly runs: number;
  /** Runs that failed. */
  readonly failed: number;
  /** Runs that did not begin because the one before was not over. */
  readonly skipped: number;
  /** Runs that another one made up for; see `CronRun`. */
  readonly missed: number;
}

/** A time at which jobs run. */
export interface CronTime {
  /** Ms since 1970. */
  readonly timeMs: number;
  /** Their names, in the order in which they were added. */
  readonly jobs: readonly string[];
}

/** All about the jobs of a node. Source: Ergo `gen.CronInfo`. */
export interface CronInfo {
  /** The next time at which jobs run; `undefined` when none is enabled. */
  readonly next: CronTime | undefined;
  /** In the order in which they were added. */
  readonly jobs: readonly CronJobInfo[];
}

/** A period to look at. */
export interface CronPeriod {
  /** Its begin, itself included: ms since 1970 or a `Date`; now by default. */
  readonly since?: number | Date;
  /** How long it is, ms, over 0; its end is not included. */
  readonly periodMs: number;
}

/** Throws `incorrect`, naming the key, unless this is a job. The spec is read elsewhere. @internal */
export function checkJob(job: CronJob): void {
  if (job === undefined) throw incorrect('job', 'an object', job);
  checkOptions('job', job, ['name', 'spec', 'timeZone', 'action', 'fallback', 'isEnabled']);
  checkName('job.name', job.name);
  if (job.timeZone !== undefined) checkTimeZone('job.timeZone', job.timeZone);
  if (!isAction(job.action))
    throw incorrect('job.action', 'made by cronSend, cronSpawn or cronRun', job.action);
  if (job.fallback !== undefined) checkFallback(job.fallback);
  if (job.isEnabled !== undefined) checkBoolean('job.isEnabled', job.isEnabled);
}

function checkFallback(fallback: CronFallback): void {
  checkOptions('job.fallback', fallback, ['to', 'tag']);
  if (typeof fallback.to !== 'object' || fallback.to === null)
    checkName('job.fallback.to', fallback.to);
  if (typeof fallback.tag !== 'string')
    throw incorrect('job.fallback.tag', 'a string', fallback.tag);
}
