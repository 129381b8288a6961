import { type ExitReason, reasonOf } from '../error/exit-reason.ts';
import { TergoError } from '../error/tergo-error.ts';
import type { Log } from '../log/log.ts';
import { KIND_SIGNAL, QUEUE_MAIN } from '../native/layout.ts';
import { failure } from '../node/messaging.ts';
import type { LocalPid } from '../process/pid.ts';
import { DEAD, INIT, type ProcessRecord, ZOMBIE } from '../process/process-record.ts';
import type { Forwarding } from '../scheduler/forwarding.ts';
import { kindAndQueue } from '../scheduler/outbox.ts';
import { type ChildProcess, ChildProcesses } from '../supervisor/child-processes.ts';
import type { LocalPoolSpec } from './pool-spec.ts';
import { type Routing, routingOf } from './routing.ts';
import { Seat } from './seat.ts';

/** A worker with one of these takes nothing now: it has ended, or its `init` is not over. */
const NOT_READY = DEAD | ZOMBIE | INIT;
/** How long a seat stays empty after a worker that did not come up, ms. */
const REST_MS = 1000;
/** How often losses are logged at most, ms. */
const REPORT_EVERY_MS = 1000;

/** The workers of one pool: starts them, chooses among them, replaces and ends them. */
export class Workers {
  /** Oldest first. */
  readonly seats: Seat[] = [];
  readonly routing: Routing;
  /** What went to a worker. */
  forwarded = 0;
  /** What no worker could take. */
  dropped = 0;
  /** Workers that were put in the place of others. */
  restarts = 0;
  /** How often that failed. */
  failedRestarts = 0;
  readonly #pool: ProcessRecord;
  readonly #forwarding: Forwarding;
  readonly #spec: LocalPoolSpec;
  readonly #processes: ChildProcesses<ChildProcess>;
  #nextNumber = 1;
  /** Why the last worker did not come up. */
  #startError: unknown;
  /** When losses were logged last, and how many there were until then. */
  #reportedAt = -Infinity;
  #reported = 0;

  constructor(pool: ProcessRecord, spec: LocalPoolSpec) {
    this.#pool = pool;
    this.#forwarding = pool.runtime.forwarding;
    this.#spec = spec;
    this.routing = routingOf(spec.route, pool.runtime);
    this.#processes = new ChildProcesses(pool, (worker) => this.#overdue(worker));
  }

  /** An entry of the pool's mailbox goes to a worker. */
  handOn(kind: number, payload: number): void {
    const { seats, routing } = this;
    const index = routing.choose(seats, kind, payload);
    const { worker } = seats[index]!;
    if ((worker.flags & NOT_READY) === 0 && this.#forwarding.forward(worker, kind, payload)) {
      this.forwarded += 1;
      return;
    }
    this.#handOnOtherwise(index, kind, payload);
  }

  /** Starts as many more, at once. Rejects with the error of one that does not come up, when the others have ended again. */
  async add(count: number): Promise<void> {
    this.#refuseEnded('addWorkers');
    const added: Seat[] = [];
    const starts: Promise<LocalPid>[] = [];
    for (let i = 0; i < count; i++) {
      const seat = new Seat(this.#nextNumber++, this.#pool.runtime.driver);
      added.push(seat);
      starts.push(this.#start(seat));
      // Further ones would fare no better.
      if (seat.worker?.isAlive !== true) break;
    }
    const [failed] = (await Promise.allSettled(starts)).filter(isRejected);
    if (failed !== undefined) {
      await this.#undo(added, reasonOf(failed.reason));
      throw failed.reason;
    }
    this.#refuseEnded('addWorkers');
    this.seats.push(...added);
    this.routing.changed(this.seats, 0);
  }

  /** The oldest are to end when they have done what waits for them. Throws `pool-empty` when none would be left. */
  remove(count: number): void {
    this.#refuseEnded('removeWorkers');
    if (count >= this.seats.length) {
      const text = `${count} of ${this.seats.length} workers cannot be removed: one must be left`;
      throw new TergoError('pool-empty', text);
    }
    for (const { worker } of this.seats.splice(0, count)) this.#dismiss(worker);
    this.routing.changed(this.seats, count);
    this.#processes.prune();
  }

  /** Whether a process is a worker that lives, as far as is known; removed ones that are not over included. */
  has(pid: LocalPid): boolean {
    return this.#processes.has(pid);
  }

  /** The pool has ended: resolves when its workers have followed by their links, each within its time. */
  aftermath(): Promise<void> | undefined {
    return this.#processes.count === 0 ? undefined : this.#processes.endOfAll();
  }

  /** The worker that was chosen cannot take it, so perhaps the next can. */
  #handOnOtherwise(first: number, kind: number, payload: number): void {
    const { seats, routing } = this;
    const tries = routing.isBound ? 1 : seats.length;
    for (let step = 0; step < tries; step++) {
      if (this.#offer((first + step) % seats.length, step, kind, payload, !routing.isBound)) return;
    }
    // Whoever starts takes it later.
    for (let step = 0; step < tries && !routing.isBound; step++) {
      if (this.#offer((first + step) % seats.length, step, kind, payload, false)) return;
    }
    this.#lose(first, kind, payload);
  }

  #offer(
    index: number,
    step: number,
    kind: number,
    payload: number,
    mustBeReady: boolean,
  ): boolean {
    const seat = this.seats[index]!;
    if (!seat.worker.isAlive && !this.#replace(seat)) return false;
    if (mustBeReady && (seat.worker.flags & INIT) !== 0) return false;
    if (!this.#forwarding.forward(seat.worker, kind, payload)) return false;
    this.forwarded += 1;
    if (step > 0) this.routing.tookInstead(this.seats, index);
    return true;
  }

  /** Puts a new worker on a seat; false when that failed now, or not long ago. */
  #replace(seat: Seat): boolean {
    if (seat.isResting) return false;
    this.#processes.prune();
    this.#start(seat).then(
      () => void (this.restarts += 1),
      (error: unknown) => this.#replaceFailed(seat, error),
    );
    const { isAlive } = seat.worker;
    if (!isAlive) seat.rest(REST_MS);
    return isAlive;
  }

  #replaceFailed(seat: Seat, error: unknown): void {
    this.failedRestarts += 1;
    this.#startError = error;
    seat.rest(REST_MS);
    // Neither is a fault of the worker.
    if (!this.#pool.isAlive || TergoError.is(error, 'node-terminated')) return;
    const fields = { worker: seat.number, error, againInMs: REST_MS };
    this.#log.error('a worker could not be replaced; its messages are lost until it can', fields);
  }

  /** Rejects with what `init` of the worker threw. */
  #start(seat: Seat): Promise<LocalPid> {
    const { start, shutdownTimeoutMs } = this.#spec;
    const rule = { name: `worker ${seat.number}`, shutdownTimeoutMs };
    const worker: ChildProcess = { rule, start, pid: undefined };
    return this.#processes.spawn(worker, (record) => {
      seat.take(record, worker);
      this.#processes.add(worker, record.pid);
    });
  }

  /** Those that came up beside one that did not. */
  async #undo(seats: readonly Seat[], reason: ExitReason): Promise<void> {
    const ended = seats.flatMap(({ process }) => {
      if (process?.pid === undefined) return [];
      this.#processes.tellToEnd(process, reason);
      return [this.#processes.endOf(process)];
    });
    await Promise.all(ended);
  }

  /** In the main queue, behind what waits: a removed worker loses nothing. */
  #dismiss(worker: ProcessRecord): void {
    if (!worker.isAlive) return;
    const signal = { from: this.#pool.pid, reason: 'normal' };
    const bits = kindAndQueue(KIND_SIGNAL, QUEUE_MAIN);
    this.#pool.runtime.messaging.post(this.#pool, worker, bits, signal);
  }

  #lose(index: number, kind: number, payload: number): void {
    this.dropped += 1;
    const { counters } = this.#pool.runtime;
    const candidates = this.routing.isBound ? [this.seats[index]!] : this.seats;
    const isFull = candidates.some(({ worker }) => worker.isAlive);
    if (isFull) counters.mailboxFull += 1;
    else counters.dropped += 1;
    this.#forwarding.refuse(kind, payload, () => (isFull ? this.#allFull() : this.#allGone()));
    this.#reportLosses();
  }

  #allFull(): TergoError {
    const text = `${this.#pool.pid}: no worker has room; try later, add workers or raise workerMailboxSize`;
    return new TergoError('process-mailbox-full', text);
  }

  #allGone(): TergoError {
    const text = `${this.#pool.pid}: no worker is there, and no other one came up`;
    return new TergoError('process-terminated', text, { cause: this.#startError });
  }

  #reportLosses(): void {
    const { now } = this.#pool.runtime.driver;
    if (now - this.#reportedAt < REPORT_EVERY_MS) return;
    const messages = this.dropped - this.#reported;
    this.#reportedAt = now;
    this.#reported = this.dropped;
    this.#log.warning('no worker is free; messages are lost', { messages, size: this.seats.length });
  }

  #overdue(worker: ChildProcess): void {
    this.#processes.kill(worker);
    this.#processes.report('a worker did not end in time; it is killed', worker);
  }

  #refuseEnded(method: string): void {
    if ((this.#pool.flags & DEAD) !== 0)
      throw failure('not-allowed', `${this.#pool.pid} has ended, so ${method} cannot be done`);
  }

  get #log(): Log {
    return this.#pool.runtime.logOf(this.#pool);
  }
}

function isRejected(result: PromiseSettledResult<unknown>): result is PromiseRejectedResult {
  return result.status === 'rejected';
}
