import { ForwardingProcess, checkInit } from '../actor/forwarding-process.ts';
import type { Answer, MaybePromise, Next } from '../actor/outcome.ts';
import { checkInteger } from '../error/check.ts';
import { failure } from '../node/messaging.ts';
import type { Envelope } from '../process/envelope.ts';
import type { LocalPid } from '../process/pid.ts';
import { aftermath, context, handOn, initialise, supervises } from '../process/process-context.ts';
import { describePool, statisticsOf } from './inspection.ts';
import { checkPoolSpec, type LocalPoolSpec, MAX_SIZE, type PoolSpec } from './pool-spec.ts';
import type { PoolStatistics } from './pool-statistics.ts';
import { Workers } from './workers.ts';

/**
 * Spreads what comes to it over workers of one class. Its pid accepts what a worker accepts: spawn it, name
 * it, call it, supervise it like any other process.
 *
 * - Messages, calls and events of normal priority go to a worker, which sees the original sender; a call is
 *   answered by the worker directly, with the timeout and the signal that the caller gave it. What comes by
 *   a name or alias of the pool reaches a worker like what comes by pid.
 * - What comes at high or max priority is for the pool itself: `handleMessage`, `handleCall`, `handleEvent`. So are
 *   exits, down messages, responses and inspections. A message that the pool sends to itself needs such a priority, too.
 * - `init` returns the spec. The spawn resolves when all workers are up; when one does not come up, the others end and
 *   the spawn rejects with that error.
 * - Order holds between one sender and one worker. With `consistentHash` it holds for every key.
 * - A worker that has ended is replaced when something is to go to it the next time. What waited in its
 *   mailbox is lost; calls reject with `process-terminated`. While the new one starts, other workers take
 *   its turn; with `consistentHash` what is for it waits in its mailbox. When it does not come up, that is
 *   logged and counted, and the next attempt is a second away.
 * - What finds the mailbox of a worker full goes to the next one. What no worker can take is lost, counted and logged once a second; a
 *   call is rejected with `process-mailbox-full`. With `consistentHash` nothing goes to another worker than its own.
 * - When the pool ends, its workers follow by their links. It counts as over when their `terminate` is.
 *
 * Source: Ergo `act.Pool`.
 *
 * @example
 * class Resizers extends Pool<ResizerProtocol> {
 *   override init(size: number): PoolSpec<ResizerProtocol> {
 *     return poolSpec(Resizer, { size, args: ['/tmp'] });
 *   }
 * }
 */
export abstract class Pool<P> extends ForwardingProcess<P> {
  #spec: LocalPoolSpec | undefined;
  #workers: Workers | undefined;

  constructor() {
    super();
    checkInit(this);
  }

  /** Gives the spec. The spawn rejects with `incorrect`, naming the key, when it is none. */
  abstract override init(...args: never[]): MaybePromise<PoolSpec<P>>;

  /**
   * Starts `count` more workers, all at once; resolves with the new size when they are up. When one does not
   * come up it rejects with that error and the pool is as before. Await it in a callback: the pool hands on
   * nothing until that is over. Rejects with `incorrect`, with `not-allowed` before `init` has returned
   * the spec or when the pool has ended.
   *
   * @example
   * const size = await this.addWorkers(2);
   */
  async addWorkers(count: number): Promise<number> {
    checkInteger('count', count, 1, MAX_SIZE);
    const workers = this.#running;
    await workers.add(count);
    return workers.seats.length;
  }

  /**
   * Takes the `count` oldest workers out of the pool; resolves with the new size. Each ends with the reason
   * `normal` when it has done what waits for it, so that nothing is lost. Rejects with `pool-empty` when none
   * would be left; otherwise like `addWorkers`.
   */
  async removeWorkers(count: number): Promise<number> {
    checkInteger('count', count, 1, MAX_SIZE);
    const workers = this.#running;
    workers.remove(count);
    return workers.seats.length;
  }

  /** What the pool has done so far; the same as text by `inspect`. Throws `not-allowed` before `init` has returned the spec. */
  statistics(): PoolStatistics {
    return statisticsOf(this.#spec!, this.#running);
  }

  /** Calls the callback that an entry is for that is for the pool itself. Override it only to see those; then call `super.receive`. */
  override receive(envelope: Envelope): MaybePromise<Next | Answer | object> {
    if (envelope.kind !== 'inspect') return super.receive(envelope);
    const { items, from } = envelope;
    return { ...describePool(this.statistics(), items), ...this.handleInspect?.(items, from) };
  }

  /** @internal */
  override async [initialise](args: readonly unknown[]): Promise<void> {
    this.#spec = checkPoolSpec(await this.init(...(args as never[])));
    const workers = new Workers(this[context], this.#spec);
    this.#workers = workers;
    await workers.add(this.#spec.size);
  }

  /** @internal */
  override [handOn](kind: number, payload: number): void {
    this.#workers!.handOn(kind, payload);
  }

  /** @internal */
  override [supervises](pid: LocalPid): boolean {
    return this.#workers?.has(pid) === true;
  }

  /** @internal */
  override [aftermath](): Promise<void> | undefined {
    return this.#workers?.aftermath();
  }

  get #running(): Workers {
    if (this.#workers === undefined)
      throw failure('not-allowed', 'a pool has no workers before its init has returned the spec');
    return this.#workers;
  }
}
