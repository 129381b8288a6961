import { checkDelay } from '../error/check.ts';
import { TergoError } from '../error/tergo-error.ts';
import type { AnyPid } from '../process/pid.ts';
import { type ProcessRecord, RUNNING } from '../process/process-record.ts';
import type { Runtime } from './runtime.ts';
import type { StopReport } from './stop-report.ts';

/** How often the processes that keep a node from stopping are told, ms. Source: Ergo 3.2. */
const REPORT_EVERY_MS = 5000;

/** Stops a node: asks every process to end, waits, kills the rest, lets go of every handle. */
export class Shutdown {
  readonly #runtime: Runtime;
  readonly #timeoutMs: number;
  #stopping: Promise<StopReport> | undefined;
  #onEmpty: (() => void) | undefined;
  #onStopped: () => void = () => {};
  /** Resolves when the node has stopped. */
  readonly stopped: Promise<void>;

  constructor(runtime: Runtime, timeoutMs: number) {
    this.#runtime = runtime;
    this.#timeoutMs = timeoutMs;
    this.stopped = new Promise((resolve) => {
      this.#onStopped = resolve;
    });
  }

  get isStopping(): boolean {
    return this.#stopping !== undefined;
  }

  /** Idempotent: every call gets the report of the first. */
  stop(timeoutMs: number = this.#timeoutMs): Promise<StopReport> {
    this.#stopping ??= this.#stop(timeoutMs);
    return this.#stopping;
  }

  /** Kills everything at once; a stop that is under way ends with it. */
  force(): Promise<StopReport> {
    if (this.#stopping === undefined) return this.stop(0);
    this.#killAll();
    return this.#stopping;
  }

  /** Resolves when the node has stopped; rejects with `timeout` after `timeoutMs`. */
  async wait(timeoutMs?: number): Promise<void> {
    if (timeoutMs === undefined || this.#runtime.isStopped) return this.stopped;
    checkDelay('timeoutMs', timeoutMs, 0);
    const { timers } = this.#runtime;
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = timers.start(timeoutMs, () => {
      reject(new TergoError('timeout', `the node still runs after ${timeoutMs} ms`));
    });
    await Promise.race([this.stopped, promise]);
    timers.cancel(timer);
  }

  /** A process has ended, or its `terminate` is over. */
  onEnd(): void {
    if (this.#isEmpty()) this.#onEmpty?.();
  }

  /** The processes that have not ended, the core left out. */
  living(): ProcessRecord[] {
    return this.#runtime.processes().filter((record) => record !== this.#runtime.core);
  }

  async #stop(timeoutMs: number): Promise<StopReport> {
    // Later, so that `#stopping` is set when the first process hears of it.
    await Promise.resolve();
    this.#askAll();
    const killed = (await this.#emptied(timeoutMs)) ? [] : await this.#killRest();
    this.#runtime.close();
    this.#onStopped();
    return { killed };
  }

  /** As if from the parent, so that trapping does not help. */
  #askAll(): void {
    const { messaging } = this.#runtime;
    for (const record of this.living()) {
      messaging.signal(record, { from: record.parent, reason: 'shutdown' });
    }
  }

  async #killRest(): Promise<readonly AnyPid[]> {
    const rest = this.living();
    const killed = rest.map(({ pid }) => pid);
    if (killed.length > 0)
      this.#runtime.log.error('processes did not end in time and are killed', this.#fields(rest));
    this.#killAll();
    // A callback on the stack returns before anything else can run; the promise of a `terminate` may never settle.
    if (rest.some(({ flags }) => (flags & RUNNING) !== 0)) await this.#emptied(REPORT_EVERY_MS);
    return killed;
  }

  #killAll(): void {
    for (const record of this.living()) this.#runtime.lifecycle.kill(record);
  }

  /** True when no process is left; false when the time is over. */
  #emptied(timeoutMs: number): Promise<boolean> {
    if (this.#isEmpty()) return Promise.resolve(true);
    if (timeoutMs === 0) return Promise.resolve(false);
    return new Promise((resolve) => {
      const { timers } = this.#runtime;
      const report = timers.repeat(REPORT_EVERY_MS, () => this.#report());
      const done = (isEmpty: boolean): void => {
        this.#onEmpty = undefined;
        timers.cancel(report);
        timers.cancel(limit);
        resolve(isEmpty);
      };
      const limit = timers.start(timeoutMs, () => done(false));
      this.#onEmpty = () => done(true);
    });
  }

  #report(): void {
    const rest = this.living();
    const { terminating } = this.#runtime.lifecycle;
    this.#runtime.log.warning('the node waits for processes to end', {
      ...this.#fields(rest),
      terminating,
    });
  }

  #fields(rest: readonly ProcessRecord[]): { readonly running: readonly string[]; readonly count: number } {
    const running = rest.slice(0, 20).map((record) => {
      const name = record.name === undefined ? '' : ` '${record.name}'`;
      return `${record.pid}${name} ${record.behavior} ${this.#runtime.inspector.state(record)}`;
    });
    return { running, count: rest.length };
  }

  #isEmpty(): boolean {
    // The core process is one of them.
    return this.#runtime.counters.processes === 1 && this.#runtime.lifecycle.terminating === 0;
  }
}
