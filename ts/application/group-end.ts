import type { ExitReason } from '../error/exit-reason.ts';
import { TergoError } from '../error/tergo-error.ts';
import type { Runtime } from '../node/runtime.ts';
import type { AnyPid, LocalPid } from '../process/pid.ts';
import { FarPid } from '../far/far-pid.ts';
import type { NodeProcess } from '../process/peer.ts';
import type { ChildRule } from '../supervisor/child.ts';
import type { ApplicationRun } from './application-run.ts';

/** Ends the processes of one run: its members one by one, last one first; then whoever is left; at last by force. */
export class GroupEnd {
  readonly reason: ExitReason;
  readonly #run: ApplicationRun;
  readonly #runtime: Runtime;
  readonly #killed: AnyPid[] = [];
  readonly #done: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #late: PromiseWithResolvers<void> = Promise.withResolvers();
  /** The member that was asked to end, and the timer of its time. */
  #asked: { readonly pid: LocalPid; readonly timer: number } | undefined;
  #isAsking = false;
  #hasAskedRest = false;
  #limitTimer = -1;
  #limitAt = Infinity;

  constructor(run: ApplicationRun, reason: ExitReason) {
    this.#run = run;
    this.#runtime = run.record.runtime;
    this.reason = reason;
  }

  /** The reason as an error, for a start that it breaks. */
  get cause(): Error {
    const { reason } = this;
    return reason instanceof Error ? reason : stoppedError(reason);
  }

  /** Whether nobody is asked any more. */
  get isForced(): boolean {
    return this.#limitAt === -Infinity;
  }

  /** All must be over in so many ms, 0: at once; the shortest of several counts. */
  limit(timeoutMs: number): void {
    if (timeoutMs === 0) return this.#force();
    const { timers, driver } = this.#runtime;
    const at = driver.readNow() + timeoutMs;
    if (at >= this.#limitAt) return;
    this.#limitAt = at;
    timers.cancel(this.#limitTimer);
    this.#limitTimer = timers.start(timeoutMs, () => this.#expire());
  }

  /** Does what may take half of the time: what is left is for the processes. `late` resolves when it is to be left behind. */
  async inHalfTime(work: (late: Promise<void>) => Promise<void>): Promise<void> {
    const { timers, driver } = this.#runtime;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = timers.start(Math.max(0, this.#limitAt - driver.readNow()) / 2, resolve);
    await work(Promise.race([promise, this.#late.promise]));
    timers.cancel(timer);
  }

  /** Resolves when no process is left, with those that had to be killed. */
  async end(): Promise<readonly AnyPid[]> {
    this.#isAsking = !this.isForced;
    if (this.#isAsking) this.#next();
    await this.#done.promise;
    this.#runtime.timers.cancel(this.#limitTimer);
    return this.#killed;
  }

  /** A process of the run has ended for good. */
  isOver(pid: LocalPid): void {
    if (this.#asked?.pid === pid) this.#forget();
    if (this.#isAsking && this.#asked === undefined) this.#next();
  }

  /** A process came up on another thread meanwhile. */
  askLate(pid: LocalPid): void {
    const record = this.#runtime.peerOf(pid);
    if (record === undefined) return;
    if (this.isForced) this.#kill(record);
    else this.#runtime.shutdown.ask(record);
  }

  #next(): void {
    const last = [...this.#run.members].at(-1);
    if (last !== undefined) {
      const [pid, { rule }] = last;
      return this.#ask(pid, rule);
    }
    if (this.#run.size === 0) return this.#done.resolve();
    this.#askRest();
  }

  #ask(pid: LocalPid, rule: ChildRule): void {
    const { messaging, core } = this.#runtime;
    const record = this.#runtime.peerOf(pid);
    // On another thread it may have ended already, of which we will hear.
    if (record === undefined) return this.#await(pid, rule);
    if (rule.shutdownTimeoutMs === 0) return this.#killUnasked(record);
    this.#await(pid, rule);
    messaging.signal(record, { from: core.pid, reason: 'shutdown' });
  }

  /** Nor is its `terminate` waited for. */
  #killUnasked(record: NodeProcess): void {
    const asked = { pid: record.pid, timer: -1 };
    this.#asked = asked;
    this.#kill(record);
    const isZombie = record instanceof FarPid || this.#runtime.recordOf(record.pid) !== undefined;
    if (this.#asked !== asked || isZombie) return;
    this.#asked = undefined;
    this.#next();
  }

  #await(pid: LocalPid, rule: ChildRule): void {
    const { shutdownTimeoutMs } = rule;
    const overdue = (): void => this.#overdue(pid, rule);
    const timer = Number.isFinite(shutdownTimeoutMs)
      ? this.#runtime.timers.start(shutdownTimeoutMs, overdue)
      : -1;
    this.#asked = { pid, timer };
  }

  /** A member that lives is killed, and has its time anew for its `terminate`; what hangs in that holds up no other. */
  #overdue(pid: LocalPid, rule: ChildRule): void {
    const record = this.#runtime.peerOf(pid);
    const { log } = this.#run.record;
    const fields = { member: rule.name, pid, shutdownTimeoutMs: rule.shutdownTimeoutMs };
    this.#asked = undefined;
    if (record?.isAlive === true) {
      log.error('a member did not end in time; it is killed', fields);
      this.#await(pid, rule);
      return this.#kill(record);
    }
    log.error('the terminate of a member is not over in time; it is left behind', fields);
    this.#next();
  }

  #forget(): void {
    this.#runtime.timers.cancel(this.#asked!.timer);
    this.#asked = undefined;
  }

  /** Those that members have spawned and left behind. */
  #askRest(): void {
    if (this.#hasAskedRest) return;
    this.#hasAskedRest = true;
    const { shutdown } = this.#runtime;
    for (const record of this.#rest()) shutdown.ask(record);
  }

  #expire(): void {
    const rest = this.#rest();
    const running = rest.slice(0, 20).map(describe);
    const fields = { running, count: rest.length, terminating: this.#run.size - rest.length };
    this.#run.record.log.error('processes did not end in time; those left are killed', fields);
    this.#force();
  }

  /** What a `terminate` still does, and a callback that blocks, is not waited for. */
  #force(): void {
    if (this.isForced) return;
    this.#limitAt = -Infinity;
    this.#isAsking = false;
    this.#late.resolve();
    for (const record of this.#rest()) this.#kill(record);
    this.#done.resolve();
  }

  #kill(record: NodeProcess): void {
    this.#killed.push(record.pid);
    this.#runtime.lifecycle.kill(record);
  }

  #rest(): NodeProcess[] {
    const own = this.#runtime.processes().filter(({ application }) => application === this.#run);
    return [...own, ...[...this.#run.far.keys()].flatMap((pid) => this.#runtime.peerOf(pid) ?? [])];
  }
}

function describe(peer: NodeProcess): string {
  return peer instanceof FarPid
    ? `${peer} on thread ${peer.thread}`
    : `${peer.pid} ${peer.behaviour}`;
}

/** Why a start fails that was stopped for `reason`. */
export function stoppedError(reason: ExitReason): TergoError {
  return new TergoError('application-stopping', `it was stopped while it started (${reason})`);
}
