import type { MaybePromise } from '../actor/outcome.ts';
import type { Environment } from '../env/environment.ts';
import { type ExitReason, isAbnormal, reasonOf, reasonText } from '../error/exit-reason.ts';
import { TergoError } from '../error/tergo-error.ts';
import type { LogLevel } from '../log/log-level.ts';
import type { Parent } from '../node/spawner.ts';
import type { StopReport } from '../node/stop-report.ts';
import { FarPid } from '../far/far-pid.ts';
import type { Joining, LocalMembership } from './membership.ts';
import type { LocalPid } from '../process/pid.ts';
import { membership } from '../process/process-context.ts';
import type { LocalChildSpec } from '../supervisor/child-spec.ts';
import type { ApplicationRecord, Starter } from './application-record.ts';
import type { ApplicationMode } from './application-spec.ts';
import { GroupEnd } from './group-end.ts';

let lastNumber = 0;

/** One run of an application, from its start until everything that belongs to it is over. */
export class ApplicationRun implements LocalMembership {
  readonly record: ApplicationRecord;
  readonly mode: ApplicationMode;
  readonly env: Environment;
  /** The other node that has started it; `undefined`: this one. */
  readonly starter: Starter | undefined;
  /** When it began, ms since the node's start. */
  readonly startedAt: number;
  phase: 'starting' | 'running' | 'stopping' = 'starting';
  /** Its processes that are not over. */
  size = 0;
  /** In the order of their starts; without those that have ended. */
  readonly members: Map<LocalPid, LocalChildSpec> = new Map();
  /** Its processes on other threads. */
  readonly far: Map<LocalPid, Joining> = new Map();
  readonly number: number = ++lastNumber;
  readonly #onOver: (reason: ExitReason) => void;
  /** Whether `init` has come to its end. */
  #isInitialised = false;
  #end: { readonly group: GroupEnd; readonly over: Promise<StopReport> } | undefined;
  /** Set while `terminate` runs: lets the end go on without it. */
  #leaveTerminate: (() => void) | undefined;
  /** The member that is about to be spawned. */
  #next: LocalChildSpec | undefined;
  /** Resolves, or rejects, when the start is over; for a second one who wants it to run. */
  #started: Promise<void> | undefined;
  /** Lets the start go on, by its failure, when the run has to end. */
  readonly #broken: PromiseWithResolvers<never> = Promise.withResolvers();

  constructor(
    record: ApplicationRecord,
    { mode, env, starter }: Pick<ApplicationRun, 'mode' | 'env' | 'starter'>,
    onOver: (reason: ExitReason) => void,
  ) {
    this.record = record;
    this.mode = mode;
    this.env = env;
    this.starter = starter;
    this.#onOver = onOver;
    this.startedAt = record.runtime.driver.readNow();
    record.runtime.far?.applications.begun(this);
    // Nobody need be listening when it breaks.
    this.#broken.promise.catch(() => undefined);
  }

  get name(): string {
    return this.record.name;
  }

  get logLevel(): LogLevel {
    return this.record.logLevel;
  }

  get ownLogLevel(): LogLevel | undefined {
    return this.record.ownLogLevel;
  }

  /** Whether nothing may be spawned in it any more. */
  get isStopping(): boolean {
    return this.phase === 'stopping';
  }

  memberAt(name: string): LocalPid | undefined {
    for (const [pid, member] of this.members) if (member.name === name) return pid;
    return undefined;
  }

  /** Rejects with `application-failed`, when it is over again. Every call gets the same. */
  start(): Promise<void> {
    this.#started ??= this.#start();
    return this.#started;
  }

  /** Ends it for `reason`; resolves when all is over. Later calls get what the first one gets; a shorter time counts. */
  stop(
    reason: ExitReason,
    timeoutMs: number = this.record.spec.stopTimeoutMs,
  ): Promise<StopReport> {
    this.#end ??= this.#stop(reason);
    this.#end.group.limit(timeoutMs);
    if (timeoutMs === 0) this.#leaveTerminate?.();
    return this.#end.over;
  }

  joined({ pid }: Joining): void {
    this.size += 1;
    if (this.#next !== undefined) this.members.set(pid, this.#next);
    this.#next = undefined;
  }

  /** A process of this run begins on another thread. */
  joinedFar(process: Joining): void {
    const { pid } = process;
    this.size += 1;
    this.far.set(pid, process);
    // Spawned before its thread heard that nothing may be.
    if (this.isStopping) this.#end?.group.askLate(pid);
  }

  /** A thread has ended, and what belonged to this run there. */
  threadEnded(thread: number, reason: Error): void {
    for (const pid of [...this.far.keys()])
      if (pid instanceof FarPid && pid.thread === thread) this.left(pid, reason, undefined);
  }

  left(pid: LocalPid, reason: ExitReason, pending: Promise<void> | undefined): void {
    if (pid instanceof FarPid && !this.far.delete(pid)) return;
    if (this.members.delete(pid)) this.#memberEnded(reason);
    if (pending === undefined) this.#isOver(pid);
    else void pending.then(() => this.#isOver(pid));
  }

  #isOver(pid: LocalPid): void {
    this.size -= 1;
    this.#end?.group.isOver(pid);
  }

  #memberEnded(reason: ExitReason): void {
    if (this.isStopping) return;
    const isFatal = this.mode === 'permanent' || (this.mode === 'transient' && isAbnormal(reason));
    if (isFatal) void this.stop(reason);
    // While it starts, the next member may be on its way.
    else if (this.members.size === 0 && this.phase === 'running') void this.stop('normal');
  }

  async #start(): Promise<void> {
    const { application, spec } = this.record;
    try {
      await this.#callback('init', spec.initTimeoutMs, () => application.init?.(this.mode));
      for (const member of spec.group) await this.#startMember(member);
      await this.#callback('start', spec.startTimeoutMs, () => application.start?.(this.mode));
    } catch (error) {
      return this.#fail(reasonOf(error));
    }
    this.phase = 'running';
    this.record.log.info('application started', { mode: this.mode });
    if (this.members.size === 0 && spec.group.length > 0) void this.stop('normal');
  }

  async #fail(error: Error): Promise<never> {
    await this.stop(error);
    throw startError(this.name, error);
  }

  async #startMember(member: LocalChildSpec): Promise<void> {
    const { spawner } = this.record.runtime;
    this.#next = member;
    const options = { ...member.start.options, [membership]: this };
    // One on another thread joined before it is known which member it is.
    const spawned = spawner.spawn(this.#parent, member.start.behaviour, options, ({ pid }) => {
      if (pid instanceof FarPid && this.far.has(pid)) this.members.set(pid, member);
    });
    this.#next = undefined;
    await Promise.race([spawned, this.#broken.promise]);
    this.#checkUnbroken();
  }

  /** Who has started it: this node, or another one. */
  get #parent(): Parent {
    if (this.starter === undefined) return this.record.runtime.core;
    const { pid } = this.starter;
    return { pid, leader: pid, application: undefined, flags: 0, extra: undefined };
  }

  #checkUnbroken(): void {
    if (this.#end !== undefined) throw this.#end.group.cause;
  }

  #stop(reason: ExitReason): { readonly group: GroupEnd; readonly over: Promise<StopReport> } {
    const wasRunning = this.phase === 'running';
    this.phase = 'stopping';
    this.record.runtime.far?.applications.changed(this);
    const group = new GroupEnd(this, reason);
    this.#broken.reject(group.cause);
    return { group, over: this.#wind(group, wasRunning) };
  }

  async #wind(group: GroupEnd, wasRunning: boolean): Promise<StopReport> {
    const { application, log } = this.record;
    const { reason } = group;
    // Later, so that `#end` is set when the first process hears of it.
    await Promise.resolve();
    if (wasRunning && !group.isForced)
      await group.inHalfTime((late) =>
        this.#lastWord('stop', () => application.stop?.(reason), late),
      );
    const killed = await group.end();
    if (this.#isInitialised) await this.#terminate(reason);
    this.record.runtime.far?.applications.ended(this);
    this.#onOver(reason);
    const fields = { reason, killed: killed.length };
    if (reason instanceof Error || reason === 'kill') log.error('application ended', fields);
    else log.info('application ended', fields);
    return { killed };
  }

  /** A callback of the start, within its time and only until the run breaks. */
  async #callback(
    name: 'init' | 'start',
    timeoutMs: number,
    call: () => MaybePromise<void> | undefined,
  ): Promise<void> {
    this.#checkUnbroken();
    const { promise, reject } = Promise.withResolvers<never>();
    const { timers } = this.record.runtime;
    const text = `${name} of application '${this.name}' took over ${timeoutMs} ms; raise ${name}TimeoutMs`;
    const late = (): void => reject(new TergoError('timeout', text));
    const timer = timeoutMs === 0 ? -1 : timers.start(timeoutMs, late);
    try {
      await Promise.race([call(), promise, this.#broken.promise]);
      if (name === 'init') this.#isInitialised = true;
    } finally {
      timers.cancel(timer);
    }
    this.#checkUnbroken();
  }

  /** It has as much time for itself as the processes had; a stop by force, and a node that has stopped, do not wait. */
  async #terminate(reason: ExitReason): Promise<void> {
    const { application, runtime, spec } = this.record;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#leaveTerminate = resolve;
    const isAwaited = !runtime.isStopped && spec.stopTimeoutMs > 0;
    const timer = isAwaited ? runtime.timers.start(spec.stopTimeoutMs, resolve) : -1;
    if (!isAwaited) resolve();
    await this.#lastWord('terminate', () => application.terminate?.(reason), promise);
    runtime.timers.cancel(timer);
  }

  /** A callback of the end, until `late` resolves; then it is left behind. */
  async #lastWord(
    name: 'stop' | 'terminate',
    call: () => MaybePromise<void> | undefined,
    late: Promise<void>,
  ): Promise<void> {
    const { log } = this.record;
    const failed = (error: unknown): void =>
      log.error(`${name} failed`, { error: reasonOf(error) });
    try {
      const result = call();
      if (!(result instanceof Promise)) return;
      let isOver = false;
      const over = result.then(undefined, failed).then(() => {
        isOver = true;
      });
      await Promise.race([over, late]);
      if (!isOver) log.error(`${name} is not over in time; it is left behind`);
    } catch (error) {
      failed(error);
    }
  }
}

/** What a start rejects with. */
export function startError(name: string, cause: Error): TergoError {
  const text = `application '${name}' did not start: ${reasonText(cause)}`;
  return new TergoError('application-failed', text, { cause });
}
