import { type ExitReason, isAbnormal, reasonOf } from '../error/exit-reason.ts';
import { OP_EXIT } from '../native/layout.ts';
import {
  DEAD,
  HALTED,
  INIT,
  type ProcessRecord,
  RUNNING,
  SUPERVISED,
  TERMINATING,
  ZOMBIE,
} from '../process/process-record.ts';
import { FarPid } from '../far/far-pid.ts';
import type { NodeProcess } from '../process/peer.ts';
import type { LocalPid } from '../process/pid.ts';
import { aftermath, supervises } from '../process/process-context.ts';
import type { AnyProcess } from '../process/process.ts';
import type { Exit } from '../relation/ended.ts';
import { SharedValue } from '../scheduler/slab.ts';
import type { Runtime } from './runtime.ts';

/** Ends processes: in one order, once each, whatever the reason. */
export class Lifecycle {
  readonly #runtime: Runtime;
  /** Ended processes whose `terminate`, or whose children, are not over; each resolves when they are. */
  readonly #terminating = new Map<LocalPid, Promise<void>>();
  /** Those of them whose children follow. */
  readonly #followed = new Set<LocalPid>();
  /** Children whose parent had ended before they were linked to it. */
  readonly #orphans = new WeakSet<ProcessRecord>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** How many ended processes are not over. */
  get terminating(): number {
    return this.#terminating.size;
  }

  /**
   * Resolves when the `terminate` callback of an ended process is over, and when the children that it left
   * have followed, if it was a supervisor; `undefined` when there is nothing to wait for.
   */
  terminationOf(pid: LocalPid): Promise<void> | undefined {
    return this.#terminating.get(pid);
  }

  /** A process of another thread has ended, and its `terminate` there is not over before `promise` has resolved. */
  holdFar(pid: LocalPid, promise: Promise<void>): void {
    this.#hold(pid, promise);
  }

  /** A callback threw or its promise rejected: that error is the reason of the end. */
  crash(record: ProcessRecord, error: unknown): void {
    this.end(record, reasonOf(error));
  }

  /**
   * The end of a process: it leaves the table, its links and monitors fire, its name, aliases and
   * events are free, its calls settle; then its `terminate` runs. `exit` is what it died of, if it
   * died of somebody else's end.
   */
  end(record: ProcessRecord, why: ExitReason, exit?: Exit): void {
    if ((record.flags & DEAD) !== 0) return;
    // Whatever the callback of a zombie comes to.
    const reason = (record.flags & ZOMBIE) !== 0 ? 'kill' : why;
    const wasInit = (record.flags & INIT) !== 0;
    this.#leave(record, reason);
    // While it still has its name.
    if (!wasInit) this.#report(record, reason, exit);
    this.#releaseAddresses(record);
    const { driver } = this.#runtime;
    const payload = driver.slab.put(new SharedValue(reason), undefined);
    driver.outbox.write(OP_EXIT, record.pid.slot, record.generation, payload);
    this.#runtime.dispatcher.overtakeCurrent();
    this.#settleCalls(record, reason);
    if (record.extra !== undefined && record.extra.gauge >= 0) this.#runtime.gauges.release(record);
    record.extra?.ended?.abort(reason);
    if (wasInit) this.#runtime.spawner.abandoned(record);
    else this.#terminate(record, reason, exit);
    // Whoever failed to construct has no instance.
    const rest = (record.instance as AnyProcess | undefined)?.[aftermath]?.();
    if (rest !== undefined) this.#awaitFollowers(record, rest);
    record.application?.left(record.pid, reason, this.#terminating.get(record.pid));
    if (this.#runtime.far !== undefined) this.#runtime.far.left(record, reason);
    this.#runtime.shutdown.onEnd();
  }

  /** Ends a process at once, unless its callback runs: then it is a zombie until that returns. */
  kill(record: NodeProcess): void {
    if (record instanceof FarPid) return this.#runtime.far!.messages.kill(record);
    if ((record.flags & RUNNING) === 0) {
      // In a getter of a message nobody elsewhere could be told of the end.
      this.#runtime.far?.refuseNested();
      return this.end(record, 'kill');
    }
    record.flags |= ZOMBIE;
    record.attention |= HALTED;
    this.#runtime.far?.hide(record.pid);
  }

  /** A child is to end with its parent elsewhere, which has ended before the link stood: why it did was told where it lived. */
  orphan(record: ProcessRecord, reason: Error): void {
    if (!record.isAlive) return;
    this.#orphans.add(record);
    this.#runtime.messaging.signal(record, { from: record.parent, reason });
  }

  /** A callback has blocked the thread for at least that long; told once for each process. */
  blocked(record: ProcessRecord | undefined, ms: number): void {
    this.#runtime.counters.blocked += 1;
    if (record === undefined) {
      this.#runtime.log.warning('code outside of callbacks blocked the thread', { atLeastMs: ms });
      return;
    }
    const { more } = record;
    if (more.blockReported) return;
    more.blockReported = true;
    this.#runtime
      .logOf(record)
      .warning('a callback blocked the thread; split its work or make it asynchronous', {
        atLeastMs: ms,
      });
  }

  #leave(record: ProcessRecord, reason: ExitReason): void {
    const { records, counters, hub } = this.#runtime;
    const logger = record.extra?.logger;
    if (logger !== undefined) hub.remove(logger.name);
    record.flags = (record.flags | DEAD) & ~(INIT | ZOMBIE);
    record.attention |= HALTED;
    record.reason = reason;
    records[record.pid.slot] = undefined;
    counters.processes -= 1;
    counters.terminated += 1;
  }

  #releaseAddresses(record: ProcessRecord): void {
    const { extra } = record;
    if (extra === undefined) return;
    if (extra.name !== undefined) this.#runtime.names.forget(extra.name);
    for (const alias of extra.aliases) alias.alive = false;
    this.#runtime.counters.aliases -= extra.aliases.length;
    for (const event of extra.events) this.#runtime.events.forget(event);
  }

  #settleCalls(record: ProcessRecord, reason: ExitReason): void {
    const { calls } = this.#runtime;
    if (record.calls !== undefined) calls.rejectAllOf(record);
    const { current } = record;
    record.current = undefined;
    if (current !== undefined && !current.isHeld) calls.rejectEnded(current);
    const held = record.extra?.held;
    // After an orderly end somebody else may still answer what was handed on; after a crash nobody will.
    if (held === undefined || !isAbnormal(reason)) return;
    for (const call of [...held]) calls.rejectEnded(call);
  }

  #report(record: ProcessRecord, reason: ExitReason, exit: Exit | undefined): void {
    if (!(reason instanceof Error)) return;
    const log = this.#runtime.logOf(record);
    if (exit === undefined) log.error('process crashed', { error: reason });
    else if (this.#isToldBySupervisor(record, exit))
      log.debug('process ended by its supervisor', { error: reason });
    else if (this.#isOrphan(record, exit))
      log.debug('process ended, as its parent had before', { error: reason });
    else log.error('process ended by an exit', { kind: exit.kind, error: reason });
  }

  /** Its supervisor stops it because of another's crash, or has left it behind; that is logged where it happened. */
  #isToldBySupervisor({ pid, parent, flags }: ProcessRecord, exit: Exit): boolean {
    if (exit.kind !== 'pid' || exit.pid !== parent) return false;
    if ((flags & SUPERVISED) !== 0) return true;
    if (this.#followed.has(parent)) return true;
    return this.#runtime.recordOf(parent)?.instance[supervises]?.(pid) === true;
  }

  #isOrphan(record: ProcessRecord, exit: Exit): boolean {
    return exit.kind === 'pid' && exit.pid === record.parent && this.#orphans.has(record);
  }

  #terminate(record: ProcessRecord, reason: ExitReason, exit: Exit | undefined): void {
    const { instance } = record;
    if (instance.terminate === undefined) return;
    record.flags |= TERMINATING;
    const before = this.#runtime.dispatcher.enter(record);
    try {
      const result = instance.terminate(reason, exit) as unknown;
      if (result instanceof Promise) return this.#awaitTerminate(record, result);
    } catch (error) {
      this.#terminateFailed(record, error);
    } finally {
      this.#runtime.dispatcher.leave(record, before);
    }
    record.flags &= ~TERMINATING;
  }

  #awaitTerminate(record: ProcessRecord, promise: Promise<unknown>): void {
    const failed = (error: unknown): void => this.#terminateFailed(record, error);
    const done = (): void => {
      record.flags &= ~TERMINATING;
    };
    this.#hold(record.pid, promise.then(undefined, failed).then(done));
  }

  #awaitFollowers(record: ProcessRecord, rest: Promise<void>): void {
    const { pid } = record;
    this.#followed.add(pid);
    this.#hold(
      pid,
      rest.then(() => void this.#followed.delete(pid)),
    );
  }

  /** The process is not over before `promise` has resolved. */
  #hold(pid: LocalPid, promise: Promise<void>): void {
    const held = Promise.all([this.#terminating.get(pid), promise]).then(() => {
      if (this.#terminating.get(pid) === held) this.#terminating.delete(pid);
      this.#runtime.shutdown.onEnd();
    });
    this.#terminating.set(pid, held);
  }

  #terminateFailed(record: ProcessRecord, error: unknown): void {
    this.#runtime.logOf(record).error('terminate failed', { error: reasonOf(error) });
  }
}
