import { type ExitReason, reasonOf } from '../error/exit-reason.ts';
import { FarPid } from '../far/far-pid.ts';
import { QUEUE_MAIN } from '../native/layout.ts';
import type { AnyPid } from '../process/pid.ts';
import { LocalPid } from '../process/pid.ts';
import type { ProcessRecord } from '../process/process-record.ts';
import type { NodeProcess } from '../process/peer.ts';
import type { ChildStart } from './child-spec.ts';
import { Deadlines } from './deadlines.ts';

/** What it takes to start a process, to end it and to tell of it. */
export interface ChildProcess {
  readonly rule: {
    readonly name: string;
    /** How long it may take to end, ms; 0: it is killed at once; `Infinity`: as long as it likes. */
    readonly shutdownTimeoutMs: number;
  };
  readonly start: ChildStart;
  /** Kept here, while it lives as far as is known. */
  pid: AnyPid | undefined;
}

/** The children of one supervisor as processes: spawns them, ends them, waits for them. */
export class ChildProcesses<C extends ChildProcess> {
  readonly #supervisor: ProcessRecord;
  readonly #overdue: (child: C) => void;
  readonly #deadlines: Deadlines<C>;
  /** Those that live, as far as is known. */
  readonly #living = new Map<LocalPid, C>();
  /** Who was each before. */
  readonly #former = new WeakMap<C, LocalPid>();

  /** `overdue` is told of a child that was to end, and has not in its time. */
  constructor(supervisor: ProcessRecord, overdue: (child: C) => void) {
    this.#supervisor = supervisor;
    this.#overdue = overdue;
    const { timers } = supervisor.runtime;
    this.#deadlines = new Deadlines(timers, (child, goOn) => this.#missed(child, goOn));
  }

  /** How many live, as far as is known. */
  get count(): number {
    return this.#living.size;
  }

  has(pid: LocalPid): boolean {
    return this.#living.has(pid);
  }

  /** The living child of a pid. */
  find(pid: AnyPid): C | undefined {
    return pid instanceof LocalPid ? this.#living.get(pid) : undefined;
  }

  /**
   * Rejects with what the child's `init` threw, or with what `spawn` refuses. `opened` gets it before its `init`, or
   * when it is up, if it lives on another thread.
   */
  spawn(child: C, opened?: (peer: NodeProcess) => void): Promise<LocalPid> {
    const { spawner, far } = this.#supervisor.runtime;
    const { behaviour, options } = child.start;
    const former = this.#former.get(child);
    const placed = former && far ? far.placement.forSuccessor(options, former) : options;
    return spawner.spawn(this.#supervisor, behaviour, placed, opened);
  }

  /**
   * Starts several, all at once; `opened` hears of each before its `init`. When one does not come up, the
   * others end, and it rejects with that error.
   */
  async spawnAll(
    children: readonly C[],
    opened: (child: C, peer: NodeProcess) => void,
  ): Promise<void> {
    const spawns: Promise<LocalPid>[] = [];
    for (const child of children) {
      spawns.push(
        this.spawn(child, (peer) => {
          this.add(child, peer.pid);
          opened(child, peer);
        }),
      );
      // Further ones would fare no better.
      if (this.#peerOf(child) === undefined && !this.#isUnderWay(child)) break;
    }
    const failed = (await Promise.allSettled(spawns)).find(isRejected);
    if (failed === undefined) return;
    const reason = reasonOf(failed.reason);
    const started = children.filter(({ pid }) => pid !== undefined);
    await Promise.all(started.map((child) => this.#endIn(child, reason)));
    throw failed.reason;
  }

  /** A child came up. */
  add(child: C, pid: LocalPid): void {
    child.pid = pid;
    this.#living.set(pid, child);
    this.#former.set(child, pid);
  }

  /** An exit signal, as from the parent, which trapping does not keep off. The child's time begins. */
  tellToEnd(child: C, reason: ExitReason): void {
    const { runtime, pid } = this.#supervisor;
    this.#deadlines.start(child);
    const peer = this.#peerOf(child);
    if (peer !== undefined) runtime.messaging.signal(peer, { from: pid, reason });
  }

  /** The same behind what waits in its mailbox, by the reason `normal`; it may take the time that needs. */
  dismiss(child: C): void {
    const { runtime, pid } = this.#supervisor;
    const peer = this.#peerOf(child);
    const signal = { from: pid, reason: 'normal' } as const;
    if (peer !== undefined) runtime.messaging.signal(peer, signal, QUEUE_MAIN);
  }

  kill(child: C): void {
    const peer = this.#peerOf(child);
    if (peer !== undefined) this.#supervisor.runtime.lifecycle.kill(peer);
  }

  /** A line in the log of the supervisor. */
  report(text: string, { rule, pid }: Pick<C, 'rule' | 'pid'>): void {
    const { name, shutdownTimeoutMs } = rule;
    const log = this.#supervisor.runtime.logOf(this.#supervisor);
    log.error(text, { child: name, pid, shutdownTimeoutMs });
  }

  /**
   * The exit of a child has come, once. True when it has ended for good; otherwise `goOn` is called when
   * its `terminate` is over, or has taken too long: the next one is not started beside it.
   */
  hasEnded(child: C, goOn: () => void): boolean {
    const pid = child.pid as LocalPid;
    this.#living.delete(pid);
    const termination = this.#supervisor.runtime.lifecycle.terminationOf(pid);
    if (termination === undefined || child.rule.shutdownTimeoutMs === 0) return true;
    this.#awaitTermination(child, termination, goOn);
    return false;
  }

  /** Its end counts now. */
  forget(child: C): void {
    this.#deadlines.cancel(child);
    child.pid = undefined;
  }

  /** Resolves when a child has ended for good, which must not take longer than it may; for when no exit comes to the mailbox. */
  async endOf(child: C): Promise<void> {
    const peer = this.#peerOf(child);
    this.#deadlines.start(child);
    if (peer !== undefined) await this.#endOfPeer(peer);
    await new Promise<void>((goOn) => {
      if (this.hasEnded(child, goOn)) goOn();
    });
    this.forget(child);
  }

  /** The same of all that live. */
  async endOfAll(): Promise<void> {
    await Promise.all([...this.#living.values()].map((child) => this.endOf(child)));
  }

  /** Those that have ended for good are not counted any more; only such as `isHeard`, where exits of the others are to come. */
  prune(isHeard: (child: C) => boolean = () => true): void {
    const { runtime } = this.#supervisor;
    for (const [pid, child] of this.#living) {
      if (!isHeard(child) || runtime.peerOf(pid) !== undefined) continue;
      if (runtime.lifecycle.terminationOf(pid) !== undefined) continue;
      this.#living.delete(pid);
      this.forget(child);
    }
  }

  #endIn(child: C, reason: ExitReason): Promise<void> {
    this.tellToEnd(child, reason);
    return this.endOf(child);
  }

  #peerOf({ pid }: C): NodeProcess | undefined {
    return pid instanceof LocalPid ? this.#supervisor.runtime.peerOf(pid) : undefined;
  }

  /** Whether it may be about to come up on another thread: of that one nothing is known before. */
  #isUnderWay({ pid, start }: C): boolean {
    return (
      pid === undefined &&
      this.#supervisor.runtime.far !== undefined &&
      start.options.thread !== undefined
    );
  }

  #endOfPeer(peer: NodeProcess): Promise<void> {
    return peer instanceof FarPid ? this.#supervisor.runtime.far!.proxies.endOf(peer) : endOf(peer);
  }

  #awaitTermination(child: C, termination: Promise<void>, goOn: () => void): void {
    this.#deadlines.start(child, goOn);
    void termination.then(() => this.#deadlines.meet(child, goOn));
  }

  /** Its time is over: for its end, or for its `terminate`. */
  #missed(child: C, goOn: (() => void) | undefined): void {
    if (goOn === undefined) return this.#overdue(child);
    this.report('the terminate of a child is not over in time; it is left behind', child);
    goOn();
  }
}

/** Resolves when a process has ended. */
function endOf({ more }: ProcessRecord): Promise<void> {
  more.ended ??= new AbortController();
  const { signal } = more.ended;
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function isRejected(result: PromiseSettledResult<unknown>): result is PromiseRejectedResult {
  return result.status === 'rejected';
}
