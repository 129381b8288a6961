/** One run of a job: what its action is given. Plain data. */
export interface CronRun {
  /** The name of the node. */
  readonly node: string;
  /** The name of the job. */
  readonly job: string;
  /** The time of the schedule that this run is for, ms since 1970; that of the call for a `runJob`. */
  readonly timeMs: number;
  /**
   * How many runs before this one were missed because the machine slept, the thread was blocked or the
   * clock was set forwards; this run makes up for all of them. Counted up to 100.
   */
  readonly missed: number;
  /** Whether its time had come or somebody called `runJob`. */
  readonly via: 'schedule' | 'run-job';
}

/**
 * What became of a run: `skipped` means that the run before is not over; after `failed` the error is the
 * `lastError` of the job.
 */
export type CronResult = 'done' | 'failed' | 'skipped';

/** What the fallback process of a job gets when a run failed. Source: Ergo `gen.MessageCronFallback`. */
export interface CronFailure {
  readonly type: 'cron-failure';
  /** The name of the job. */
  readonly job: string;
  /** The tag of the job's `fallback`. */
  readonly tag: string;
  /** The time of the run, ms since 1970. */
  readonly timeMs: number;
  /** What the action failed with. */
  readonly error: Error;
}
