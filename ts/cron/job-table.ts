import { checkName } from '../error/check.ts';
import { reasonOf } from '../error/exit-reason.ts';
import { TergoError } from '../error/tergo-error.ts';
import { tellError } from '../far/portable-error.ts';
import { failure } from '../node/messaging.ts';
import type { Runtime } from '../node/runtime.ts';
import { checkJob, type CronInfo, type CronJob, type CronJobInfo } from './cron-job.ts';
import type { CronPeriod, CronTime } from './cron-job.ts';
import type { CronFailure, CronResult, CronRun } from './cron-run.ts';
import { checkPeriod, earliest, preview } from './preview.ts';
import { ScheduledJob } from './scheduled-job.ts';

/** How long the wall clock goes unwatched at the most while a job is enabled, ms. */
const WATCH_MS = 60_000;
/** A clock that is set back by more is corrected. Source: Vixie cron, cron(8). */
const CORRECTION_MS = 3 * 60 * 60 * 1000;
const NO_TIMER = -1;

/** The jobs of a node. Runs them when their time has come. */
export class JobTable {
  readonly #runtime: Runtime;
  readonly #jobs = new Map<string, ScheduledJob>();
  #timer = NO_TIMER;
  #isClosed = false;
  /** The time of day when it was looked at last. */
  #seenMs = 0;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  get size(): number {
    return this.#jobs.size;
  }

  /** Throws `taken`, `incorrect`. */
  add(job: CronJob): void {
    checkJob(job);
    if (this.#jobs.has(job.name))
      throw new TergoError('taken', `there is a cron job '${job.name}' already; remove it first`);
    const scheduled = new ScheduledJob(job, this.#look());
    scheduled.action.check(this.#runtime);
    if (scheduled.fallback !== undefined) this.#runtime.messaging.resolve(scheduled.fallback.to);
    this.#jobs.set(job.name, scheduled);
    if (job.isEnabled !== false) scheduled.enable(this.#seenMs);
    this.#arm();
  }

  /** Throws `cron-job-unknown`, like all that name a job. */
  remove(name: string): void {
    this.#find(name).disable();
    this.#jobs.delete(name);
    this.#arm();
  }

  enable(name: string): void {
    this.#find(name).enable(this.#look());
    this.#arm();
  }

  disable(name: string): void {
    this.#find(name).disable();
    this.#arm();
  }

  /** Out of turn; the schedule stays as it is. */
  async runNow(name: string): Promise<CronResult> {
    const job = this.#find(name);
    const timeMs = Math.floor(this.#runtime.clock.wallNow());
    return this.#run(job, { ...this.#about(job), timeMs, missed: 0, via: 'run-job' });
  }

  /** Does what the job does. Rejects when that fails. */
  async perform(job: ScheduledJob, run: CronRun): Promise<void> {
    await job.action.perform(this.#runtime, run);
  }

  info(): CronInfo {
    const jobs = [...this.#jobs.values()];
    const timeMs = earliest(jobs.map(({ next }) => next));
    const names = jobs.filter(({ next }) => next === timeMs).map(({ name }) => name);
    const next = names.length === 0 ? undefined : { timeMs, jobs: names };
    return { next, jobs: jobs.map((job) => job.info()) };
  }

  jobInfo(name: string): CronJobInfo {
    return this.#find(name).info();
  }

  schedule(period: CronPeriod): readonly CronTime[] {
    return preview([...this.#jobs.values()], this.#check(period));
  }

  jobSchedule(name: string, period: CronPeriod): readonly number[] {
    return preview([this.#find(name)], this.#check(period)).map(({ timeMs }) => timeMs);
  }

  /** Nothing runs from now on. What runs is not waited for. */
  close(): void {
    this.#isClosed = true;
    this.#arm();
  }

  #find(name: string): ScheduledJob {
    checkName('name', name);
    const job = this.#jobs.get(name);
    if (job !== undefined) return job;
    throw new TergoError('cron-job-unknown', `there is no cron job '${name}'`);
  }

  #check(period: CronPeriod): readonly [number, number] {
    return checkPeriod(period, this.#runtime.clock.wallNow());
  }

  /** The time of day; sees to it that a clock that was set back is made allowance for. */
  #look(): number {
    const now = this.#runtime.clock.wallNow();
    const backMs = this.#seenMs - now;
    this.#seenMs = now;
    if (backMs > 0) for (const job of this.#jobs.values()) job.rewind(now, backMs > CORRECTION_MS);
    return now;
  }

  /** Sets the timer for the next run, or for the next look at the clock if that is sooner. */
  #arm(): void {
    const { timers, clock } = this.#runtime;
    if (this.#timer !== NO_TIMER) timers.cancel(this.#timer);
    this.#timer = NO_TIMER;
    const next = earliest([...this.#jobs.values()].map((job) => job.next));
    if (next === Infinity || this.#isClosed) return;
    const delayMs = Math.min(Math.max(next - clock.wallNow(), 0), WATCH_MS);
    this.#timer = timers.start(delayMs, () => this.#wake());
  }

  #wake(): void {
    this.#timer = NO_TIMER;
    const now = this.#look();
    const due: { readonly job: ScheduledJob; readonly run: CronRun }[] = [];
    for (const job of this.#jobs.values()) {
      const taken = job.take(now);
      if (taken !== undefined)
        due.push({ job, run: { ...this.#about(job), ...taken, via: 'schedule' } });
    }
    // Before anything runs: whatever that does, the timer lives.
    this.#arm();
    due.sort((a, b) => a.run.timeMs - b.run.timeMs);
    for (const { job, run } of due) {
      // One that ran before it may have taken it away, or stopped the node.
      if (job.next !== undefined && !this.#isClosed) void this.#run(job, run);
    }
  }

  #about({ name }: ScheduledJob): Pick<CronRun, 'node' | 'job'> {
    return { node: this.#runtime.home.node, job: name };
  }

  /** Never rejects. */
  async #run(job: ScheduledJob, run: CronRun): Promise<CronResult> {
    const { log } = this.#runtime;
    const { timeMs, missed } = run;
    if (missed > 0)
      log.warning('runs of a cron job were missed; one makes up for them', {
        job: job.name,
        missed,
      });
    if (job.isRunning) {
      job.skip();
      log.warning('a cron job is skipped: its last run is not over', { job: job.name, timeMs });
      return 'skipped';
    }
    job.begin(run);
    try {
      await this.perform(job, run);
      job.finish(undefined);
      return 'done';
    } catch (thrown) {
      this.#failed(job, run, reasonOf(thrown));
      return 'failed';
    }
  }

  #failed(job: ScheduledJob, { timeMs }: CronRun, error: Error): void {
    const { log, messaging, core } = this.#runtime;
    job.finish(error);
    log.error('a cron job failed', { job: job.name, timeMs, error });
    if (job.fallback === undefined) return;
    const { to, tag } = job.fallback;
    // Elsewhere not every error can be told as it is: the fallback hears of it all the same.
    const result = tellError(error, (told) => {
      const about = { job: job.name, tag, timeMs, error: told as Error };
      return messaging.send(core, to, { type: 'cron-failure', ...about } satisfies CronFailure);
    });
    if (result !== 'ok')
      log.error('the fallback of a cron job was not told', {
        job: job.name,
        error: failure(result, to),
      });
  }
}
