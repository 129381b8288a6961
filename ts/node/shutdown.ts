import { checkDelay } from '../error/check.ts';
import { TergoError } from '../error/tergo-error.ts';
import type { LogFields } from '../log/log-record.ts';
import type { AnyPid } from '../process/pid.ts';
import { supervises } from '../process/process-context.ts';
import { FarPid } from '../far/far-pid.ts';
import type { NodeProcess } from '../process/peer.ts';
import { type ProcessRecord, SUPERVISED } from '../process/process-record.ts';
import { MAX_ALARM_MS, systemClock } from '../scheduler/clock.ts';
import { failure } from './messaging.ts';
import type { Runtime } from './runtime.ts';
import type { StopReport } from './stop-report.ts';

/** How often the processes that keep a node from stopping are told, ms. Source: Ergo 3.2. */
const REPORT_EVERY_MS = 5000;
/** What loggers get at least to write what waits, ms: even a forced stop should lose no record. */
const LOGGERS_MS = 1000;

/** Stops a node: asks every process to end, waits, kills the rest, lets go of every handle. */
export class Shutdown {
  readonly #runtime: Runtime;
  readonly #timeoutMs: number;
  #stopping: Promise<StopReport> | undefined;
  /** Set while a stop waits: what to do when no process is left, and when nobody wants to wait any more. */
  #onEmpty: (() => void) | undefined;
  #giveUp: (() => void) | undefined;
  #isForced = false;
  /** What applications had to kill. */
  readonly #killed: AnyPid[] = [];
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

  /** Idempotent: every call gets the report of the first. From whichever thread, the whole node stops. */
  stop(timeoutMs: number = this.#timeoutMs): Promise<StopReport> {
    const { far } = this.#runtime;
    if (far !== undefined && far.thread > 0) return far.nodeWide.stop(timeoutMs);
    this.#stopping ??= this.#stop(timeoutMs);
    return this.#stopping;
  }

  /** Ends the processes of this thread only, for the thread that stops the node; resolves with those that had to be killed. */
  async drain(timeoutMs: number, isForced: boolean): Promise<readonly AnyPid[]> {
    this.#isForced = isForced;
    this.#waitForNoThread();
    const rest = Promise.resolve().then(() => this.#endOwn(timeoutMs, Promise.resolve()));
    this.#stopping ??= rest.then((killed) => ({ killed }));
    return rest;
  }

  /** Kills everything at once; a stop that is under way ends with it. */
  force(): Promise<StopReport> {
    const { far } = this.#runtime;
    if (far !== undefined && far.thread > 0) return far.nodeWide.stop(0);
    this.#isForced = true;
    this.#runtime.workers?.giveUp();
    this.#giveUp?.();
    return this.stop(0);
  }

  /** The core is gone: nothing can be asked to end any more. */
  abandon(): void {
    this.#stopping ??= Promise.resolve({ killed: this.living().map(({ pid }) => pid) });
    this.#giveUp?.();
    this.#waitForNoThread();
    this.#runtime.close();
    void this.#endLoggers(LOGGERS_MS).then(this.#onStopped);
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

  /** A process has ended, or its `terminate` is over, or an application. */
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
    this.#waitForNoThread();
    const { driver, cron } = this.#runtime;
    const until = driver.readNow() + timeoutMs;
    cron.close();
    const applications = this.#stopApplications();
    const own = this.#endOwn(timeoutMs, applications);
    const elsewhere = this.#endElsewhere(Promise.race([applications, own]), until);
    const rest = [...(await own), ...(await elsewhere)];
    const restMs = until - driver.readNow();
    await this.#runtime.network?.close();
    await this.#runtime.workers?.close();
    this.#runtime.close();
    await this.#endLoggers(this.#isForced ? LOGGERS_MS : Math.max(restMs, LOGGERS_MS));
    this.#onStopped();
    return { killed: [...new Set([...this.#killed, ...rest])] };
  }

  /** What is to be spawned on a thread that has ended is refused now, as other spawns are. */
  #waitForNoThread(): void {
    this.#runtime.far?.absences.allLost(failure('node-terminated', 'spawn'));
  }

  /** The processes of this thread: those that had to be killed. */
  async #endOwn(timeoutMs: number, applications: Promise<void>): Promise<readonly AnyPid[]> {
    void this.#askAll(applications);
    return (await this.#emptied(timeoutMs)) ? [] : this.#killRest();
  }

  /** Those of the other threads, once the applications are over, which end their processes everywhere. */
  async #endElsewhere(before: Promise<unknown>, until: number): Promise<readonly AnyPid[]> {
    await before;
    const { workers, driver } = this.#runtime;
    const leftMs = this.#isForced ? 0 : Math.max(0, until - driver.readNow());
    return workers === undefined ? [] : workers.stop(leftMs, this.#isForced);
  }

  /** As if from the parent, so that trapping does not help. The children of a supervisor are left to it: it knows their order. */
  ask(peer: NodeProcess): void {
    const { messaging, core } = this.#runtime;
    // Of one on another thread neither parent nor supervisor is known here.
    if (peer instanceof FarPid) messaging.signal(peer, { from: core.pid, reason: 'shutdown' });
    else if (!this.#isSupervised(peer))
      messaging.signal(peer, { from: peer.parent, reason: 'shutdown' });
  }

  /** Last started first. */
  async #stopApplications(): Promise<void> {
    const { applications } = this.#runtime;
    if (applications.areRunning && !this.#isForced)
      await applications.stopAll((pids) => this.#killed.push(...pids));
  }

  /** Everybody, after the applications. */
  async #askAll(applications: Promise<void>): Promise<void> {
    await applications;
    if (this.#runtime.isStopped || this.#isForced) return;
    for (const record of this.living()) this.ask(record);
  }

  #isSupervised({ pid, parent, flags }: ProcessRecord): boolean {
    if (parent instanceof FarPid) return (flags & SUPERVISED) !== 0 && parent.isAlive;
    return this.#runtime.recordOf(parent)?.instance[supervises]?.(pid) === true;
  }

  /** No callback is on the stack here, so that all end at once. What a `terminate` still does is not waited for. */
  #killRest(): readonly AnyPid[] {
    const rest = this.living();
    const fields = this.#fields(rest);
    const isLate = rest.length + this.#runtime.lifecycle.terminating > 0 && !this.#isForced;
    this.#runtime.applications.stopAllAtOnce();
    for (const record of this.living()) this.#runtime.lifecycle.kill(record);
    if (isLate)
      this.#runtime.log.error('processes did not end in time; those left are killed', fields);
    return rest.map(({ pid }) => pid);
  }

  /** True when no process is left; false when the time is over. */
  #emptied(timeoutMs: number): Promise<boolean> {
    if (this.#isEmpty()) return Promise.resolve(true);
    if (timeoutMs === 0 || this.#isForced) return Promise.resolve(false);
    return new Promise((resolve) => {
      const { timers } = this.#runtime;
      const report = timers.repeat(REPORT_EVERY_MS, () => this.#report());
      const done = (isEmpty: boolean): void => {
        this.#onEmpty = undefined;
        this.#giveUp = undefined;
        timers.cancel(report);
        timers.cancel(limit);
        resolve(isEmpty);
      };
      const limit = timers.start(timeoutMs, () => done(false));
      this.#onEmpty = () => done(true);
      this.#giveUp = () => done(false);
    });
  }

  /** By the machine's clock: what loggers wait for goes by no other. */
  async #endLoggers(limitMs: number): Promise<void> {
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const cancel = systemClock.alarm(Math.min(limitMs, MAX_ALARM_MS), resolve);
    this.#giveUp = resolve;
    await this.#runtime.hub.close(over);
    this.#giveUp = undefined;
    cancel();
  }

  #report(): void {
    this.#runtime.log.warning('the node waits for processes to end', this.#fields(this.living()));
  }

  #fields(rest: readonly ProcessRecord[]): LogFields {
    const running = rest.slice(0, 20).map((record) => {
      const name = record.name === undefined ? '' : ` '${record.name}'`;
      return `${record.pid}${name} ${record.behaviour} ${this.#runtime.inspector.state(record)}`;
    });
    const { lifecycle, applications } = this.#runtime;
    const { terminating } = lifecycle;
    return { running, count: rest.length, terminating, applications: applications.names() };
  }

  #isEmpty(): boolean {
    const { counters, lifecycle, applications } = this.#runtime;
    // The core process is one of them.
    return counters.processes === 1 && lifecycle.terminating === 0 && !applications.areRunning;
  }
}
