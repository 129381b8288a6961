import { failure } from '../node/messaging.ts';
import type { Runtime } from '../node/runtime.ts';
import type { CronInfo, CronJob, CronJobInfo, CronPeriod, CronTime } from './cron-job.ts';
import type { CronResult } from './cron-run.ts';
import type { JobTable } from './job-table.ts';

/**
 * The jobs of a node: what happens at which time of the day. They belong to the node; the end of the
 * process that added one does not remove it. Every method throws `node-terminated` when the node has
 * stopped; what would begin something does so once it stops. Source: Ergo `gen.Cron`.
 *
 * A run that is due while the machine sleeps or the thread is blocked takes place afterwards, one for all
 * that were missed. While a run is not over the next ones are skipped. A run that fails is logged, kept in
 * `jobInfo` and told to the job's fallback.
 *
 * @example
 * node.cron.addJob({ name: 'nightly', spec: '10 3 * * *', timeZone: 'Europe/Vienna', action: cronSend(counterName, { type: 'reset' }) });
 */
export class Cron {
  readonly #runtime: Runtime;

  /** @internal */
  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /**
   * Adds a job, enabled unless it says otherwise. It runs from the next time of its spec on that is later
   * than now. Throws `taken` for a name that a job has already, `incorrect` naming the key or the field of
   * the spec.
   */
  addJob(job: CronJob): void {
    this.#starting.add(job);
  }

  /** Removes a job. A run that is not over goes on. Throws `cron-job-unknown`. */
  removeJob(name: string): void {
    this.#jobs.remove(name);
  }

  /**
   * Lets a job run again, from its next time on: nothing is made up for. Without effect if it is enabled.
   * Throws `cron-job-unknown`.
   */
  enableJob(name: string): void {
    this.#starting.enable(name);
  }

  /** Lets a job rest until `enableJob`. A run that is not over goes on. Throws `cron-job-unknown`. */
  disableJob(name: string): void {
    this.#jobs.disable(name);
  }

  /**
   * Runs a job now, out of turn, enabled or not; its schedule stays as it is. Resolves when the run is
   * over: a failure is a result and treated like that of any run. Rejects with `cron-job-unknown`,
   * `node-terminated`.
   *
   * @example
   * if ((await node.cron.runJob('nightly')) === 'failed') console.log(node.cron.jobInfo('nightly').lastError);
   */
  async runJob(name: string): Promise<CronResult> {
    return this.#starting.runNow(name);
  }

  /** All jobs, and which of them run next. */
  info(): CronInfo {
    return this.#jobs.info();
  }

  /** All about one job. Throws `cron-job-unknown`. */
  jobInfo(name: string): CronJobInfo {
    return this.#jobs.jobInfo(name);
  }

  /**
   * When jobs would run within a period, disabled ones as well, by time, earliest first. Ends with the
   * time at which 1000 runs are listed. Throws `incorrect`.
   *
   * @example
   * for (const { timeMs, jobs } of node.cron.schedule({ periodMs: 86_400_000 })) console.log(new Date(timeMs), jobs);
   */
  schedule(period: CronPeriod): readonly CronTime[] {
    return this.#jobs.schedule(period);
  }

  /**
   * When one job would run within a period, disabled or not: ms since 1970, earliest first, the first 1000
   * at the most. Throws `cron-job-unknown`, `incorrect`.
   */
  jobSchedule(name: string, period: CronPeriod): readonly number[] {
    return this.#jobs.jobSchedule(name, period);
  }

  get #jobs(): JobTable {
    if (this.#runtime.isStopped) throw failure('node-terminated', this.#runtime.home.node);
    return this.#runtime.cron;
  }

  /** For what a node that is stopping does not begin any more. */
  get #starting(): JobTable {
    const { shutdown, home } = this.#runtime;
    if (shutdown.isStopping) throw failure('node-terminated', home.node);
    return this.#jobs;
  }
}
