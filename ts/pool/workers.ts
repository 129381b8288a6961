import { TergoError } from '../error/tergo-error.ts';
import { Losses } from '../log/losses.ts';
import { failure } from '../node/messaging.ts';
import type { Runtime } from '../node/runtime.ts';
import { isStopRefusal } from '../node/spawner.ts';
import type { LocalPid } from '../process/pid.ts';
import type { NodeProcess } from '../process/peer.ts';
import type { ChildStart } from '../supervisor/child-spec.ts';
import { DEAD, INIT, type ProcessRecord, ZOMBIE } from '../process/process-record.ts';
import type { Forwarding } from '../scheduler/forwarding.ts';
import { ChildProcesses } from '../supervisor/child-processes.ts';
import type { LocalPoolSpec } from './pool-spec.ts';
import { type Routing, routingOf } from './routing.ts';
import { type Entry, Seat, type Worker } from './seat.ts';

/** A worker with one of these takes nothing now: it has ended, or its `init` is not over. */
const NOT_READY = DEAD | ZOMBIE | INIT;
/** How long a seat stays empty after a worker that did not come up, ms. */
const REST_MS = 1000;

/** The workers of one pool: starts them, chooses among them, replaces and ends them. */
export class Workers {
  /** Oldest first. */
  readonly seats: Seat[] = [];
  readonly routing: Routing;
  /** What went to a worker. */
  forwarded = 0;
  /** Workers that were put in the place of others. */
  restarts = 0;
  /** How often that failed. */
  failedRestarts = 0;
  readonly #pool: ProcessRecord;
  readonly #forwarding: Forwarding;
  readonly #spec: LocalPoolSpec;
  readonly #processes: ChildProcesses<Worker>;
  #nextNumber = 1;
  /** Why the last worker did not come up. */
  #startError: unknown;
  /** What no worker could take. */
  readonly #losses: Losses;

  constructor(pool: ProcessRecord, spec: LocalPoolSpec) {
    this.#pool = pool;
    this.#forwarding = pool.runtime.forwarding;
    this.#spec = spec;
    this.#losses = new Losses(pool, 'no worker is free; messages are lost');
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

  get runtime(): Runtime {
    return this.#pool.runtime;
  }

  /** What no worker could take. */
  get dropped(): number {
    return this.#losses.count;
  }

  /** Starts as many more, at once. Rejects with the error of one that does not come up, when the others have ended again. */
  async add(count: number): Promise<void> {
    this.#refuseEnded('addWorkers');
    const { driver } = this.#pool.runtime;
    const added = Array.from({ length: count }, () => new Seat(this.#nextNumber++, driver));
    const workers = added.map((seat) => this.#workerFor(seat));
    await this.#processes.spawnAll(workers, ({ seat }, peer) => {
      seat.worker = peer;
    });
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
    for (const seat of this.seats.splice(0, count)) {
      seat.isRemoved = true;
      this.#processes.dismiss(seat.process);
    }
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
    if (!seat.worker.isAlive && !this.#replace(seat))
      return this.#wait(seat, { kind, payload }, mustBeReady);
    if (mustBeReady && (seat.worker.flags & INIT) !== 0) return false;
    if (!this.#forwarding.forward(seat.worker, kind, payload)) return false;
    this.forwarded += 1;
    if (step > 0) this.routing.tookInstead(this.seats, index);
    return true;
  }

  /** Puts a new worker on a seat; false when that failed now, or not long ago. */
  #replace(seat: Seat): boolean {
    if (seat.isResting || seat.isStarting) return false;
    this.#processes.prune();
    const worker = this.#workerFor(seat);
    seat.isStarting = this.#isElsewhere(worker);
    const opened = (peer: NodeProcess): void => {
      seat.worker = peer;
      seat.isStarting = false;
      this.#processes.add(worker, peer.pid);
      for (const { kind, payload } of seat.waiting.splice(0)) this.#deliver(seat, kind, payload);
      // It could not be told before.
      if (seat.isRemoved) this.#processes.dismiss(worker);
    };
    this.#processes.spawn(worker, opened).then(
      () => void (this.restarts += 1),
      (error: unknown) => this.#replaceFailed(seat, error),
    );
    const { isAlive } = seat.worker;
    if (!isAlive && !seat.isStarting) seat.rest(REST_MS);
    return isAlive;
  }

  /** Where the next worker is about to come up on another thread, an entry that can go nowhere else waits for it. */
  #wait(seat: Seat, entry: Entry, mustBeReady: boolean): boolean {
    if (mustBeReady || !seat.isStarting || !this.#hasRoom(seat)) return false;
    seat.waiting.push(entry);
    return true;
  }

  #hasRoom({ waiting }: Seat): boolean {
    const { workerMailboxSize: limit } = this.#spec;
    return limit === 0 || waiting.length < limit;
  }

  /** What has waited for a worker. */
  #deliver(seat: Seat, kind: number, payload: number): void {
    if (!this.#forwarding.isWanted(kind, payload)) return;
    if (this.#forwarding.forward(seat.worker, kind, payload)) this.forwarded += 1;
    else this.#lose(this.seats.indexOf(seat), kind, payload);
  }

  #isElsewhere({ start }: Worker): boolean {
    const { far } = this.#pool.runtime;
    const { thread = 'here' } = start.options;
    return far !== undefined && far.placement.threadFor(thread, start.behaviour) !== far.thread;
  }

  #replaceFailed(seat: Seat, error: unknown): void {
    this.failedRestarts += 1;
    this.#startError = error;
    seat.isStarting = false;
    seat.rest(REST_MS);
    for (const { kind, payload } of seat.waiting.splice(0))
      if (this.#forwarding.isWanted(kind, payload))
        this.#lose(this.seats.indexOf(seat), kind, payload);
    if (!this.#pool.isAlive || isStopRefusal(error)) return;
    const fields = { worker: seat.number, error, againInMs: REST_MS };
    const log = this.#pool.runtime.logOf(this.#pool);
    log.error('a worker could not be replaced; its messages are lost until it can', fields);
  }

  /** A worker that is not started yet. */
  #workerFor(seat: Seat): Worker {
    const { shutdownTimeoutMs } = this.#spec;
    const rule = { name: `worker ${seat.number}`, shutdownTimeoutMs };
    const worker: Worker = { rule, start: this.#placed(seat), pid: undefined, seat };
    seat.process = worker;
    return worker;
  }

  /** Workers that other threads know are spread over all, one after the other, unless the spec says where. */
  #placed(seat: Seat): ChildStart {
    const { start } = this.#spec;
    const { far } = this.#pool.runtime;
    const { thread = this.#isKnown() ? 'spread' : 'here' } = start.options;
    if (far === undefined || thread === 'here') return start;
    const { placement, absences } = far;
    if (seat.thread === undefined || absences.lossOf(seat.thread) !== undefined)
      seat.thread =
        thread === 'spread' ? placement.nextInTurn() : placement.threadFor(thread, start.behaviour);
    return { ...start, options: { ...start.options, thread: seat.thread } };
  }

  #isKnown(): boolean {
    return this.#pool.runtime.far?.behaviours.nameOf(this.#spec.start.behaviour) !== undefined;
  }

  #lose(index: number, kind: number, payload: number): void {
    // A seat that was removed meanwhile has no place any more.
    const bound = this.seats[index] === undefined ? [] : [this.seats[index]];
    const candidates = this.routing.isBound ? bound : this.seats;
    const isFull = candidates.some(({ worker }) => worker.isAlive);
    this.#forwarding.lose(kind, payload, isFull, () =>
      isFull ? this.#allFull() : this.#allGone(),
    );
    this.#losses.add({ size: this.seats.length });
  }

  #allFull(): TergoError {
    const text = `${this.#pool.pid}: no worker has room; try later, add workers or raise workerMailboxSize`;
    return new TergoError('process-mailbox-full', text);
  }

  #allGone(): TergoError {
    const text = `${this.#pool.pid}: no worker is there, and no other one came up`;
    return new TergoError('process-terminated', text, { cause: this.#startError });
  }

  #overdue(worker: Worker): void {
    this.#processes.kill(worker);
    this.#processes.report('a worker did not end in time; it is killed', worker);
  }

  #refuseEnded(method: string): void {
    if ((this.#pool.flags & DEAD) !== 0)
      throw failure('not-allowed', `${this.#pool.pid} has ended, so ${method} cannot be done`);
  }
}
