import type { ExecutionContext } from 'ava';
import {
  Actor,
  noreply,
  Pool,
  poolSpec,
  reply,
  type Answer,
  type AnyPid,
  type EventMeta,
  type ExitReason,
  type LogRecord,
  type MaybePromise,
  type Next,
  type Node,
  type NodeOptions,
  type Pid,
  type PoolOptions,
  type PoolSpec,
  type Request,
  type SpawnOptions,
} from 'tergo';
import { virtualClock, type VirtualClock } from 'tergo/testing';
import { recordLog } from './log-records.ts';
import type { TestRouter } from './routed.ts';
import { quietNode } from './witness.ts';

/** Whoever does what tests tell it to. */
export type Self = Hand | TestPool | TestRouter;
/** Something to do inside of a process. */
export type Task<S> = (self: S) => MaybePromise<Next | void>;
/** Which worker answers; 0: the pool itself. */
export type Who = Request<{ type: 'who'; key?: string | number }, number>;
/** An answer that the test makes inside of the process that takes the call. */
export type Ask = Request<
  { type: 'ask'; answer: (self: Self, request: Ask) => MaybePromise<Answer> },
  unknown
>;
export interface HandProtocol {
  message: number | string | Task<Self>;
  request: Who | Ask;
  event: string;
}

/** What reached somebody: 0 is the pool, workers count from 1 in the order of their starts. */
export interface Got {
  readonly by: number;
  readonly item: unknown;
  readonly from?: AnyPid;
}

/** What all processes of a test share. */
export interface Shared {
  started: number;
  readonly got: Got[];
  readonly ends: string[];
  /** Runs in the `init` of the worker of that number. */
  onInit: (number: number) => MaybePromise<void>;
  onTerminate: (number: number) => MaybePromise<void>;
}

export class Hand extends Actor<HandProtocol> {
  #shared!: Shared;
  number = 0;

  override init(shared: Shared): MaybePromise<void> {
    this.#shared = shared;
    this.number = ++shared.started;
    return shared.onInit(this.number);
  }

  override handleMessage(
    item: number | string | Task<Hand>,
    from: Pid<unknown>,
  ): MaybePromise<Next> {
    if (typeof item === 'function') return nextOf(item(this));
    this.#shared.got.push({ by: this.number, item, from });
    return noreply;
  }

  override handleCall(request: Who | Ask): MaybePromise<Answer> {
    if (request.type === 'ask') return request.answer(this, request);
    return reply(request, this.number);
  }

  override handleEvent(item: string, { name }: EventMeta): Next {
    this.#shared.got.push({ by: this.number, item: `${name}: ${item}` });
    return noreply;
  }

  override terminate(reason: ExitReason): MaybePromise<void> {
    this.#shared.ends.push(`${this.number} ${reason instanceof Error ? reason.message : reason}`);
    return this.#shared.onTerminate(this.number);
  }
}

type SpecOf = (shared: Shared, self: TestPool) => MaybePromise<PoolSpec<HandProtocol>>;

/** A pool that does what tests tell it to. */
export class TestPool extends Pool<HandProtocol> {
  #shared!: Shared;

  override init(shared: Shared, specOf: SpecOf): MaybePromise<PoolSpec<HandProtocol>> {
    this.#shared = shared;
    return specOf(shared, this);
  }

  override handleMessage(
    item: number | string | Task<TestPool>,
    from: Pid<unknown>,
  ): MaybePromise<Next> {
    if (typeof item === 'function') return nextOf(item(this));
    this.#shared.got.push({ by: 0, item, from });
    return noreply;
  }

  override handleCall(request: Who | Ask): MaybePromise<Answer> {
    if (request.type === 'ask') return request.answer(this, request);
    return reply(request, 0);
  }

  override handleEvent(item: string, { name }: EventMeta): Next {
    this.#shared.got.push({ by: 0, item: `${name}: ${item}` });
    return noreply;
  }

  override terminate(reason: ExitReason): void {
    this.#shared.ends.push(`pool ${reason instanceof Error ? reason.message : reason}`);
  }
}

/** A pool from the test's side. */
export interface Pooled extends Shared {
  readonly node: Node;
  readonly clock: VirtualClock;
  readonly log: readonly LogRecord[];
  readonly pid: Pid<HandProtocol>;
  /** Does something inside of the pool; what it throws is the result's rejection, not the pool's end. */
  inside<T>(task: (self: TestPool) => MaybePromise<T>): Promise<T>;
  /** Who answers a call of normal priority. */
  who(key?: string | number): Promise<number>;
  /** The same of several calls, in order. */
  cycle(calls: number): Promise<number[]>;
  /** Ends a worker by `kill`. */
  kill(index: number): Promise<void>;
}

export type HandOptions = Omit<PoolOptions<HandProtocol>, 'size'>;

/** Starts a pool on a node of its own. */
export async function pooled(
  t: ExecutionContext,
  size = 3,
  options: HandOptions = {},
  spawning: PoolSpawning = {},
): Promise<Pooled> {
  const world = await poolWorld(t, spawning.node);
  const specOf: SpecOf = (shared) => poolSpec(Hand, { ...options, size, args: [shared] });
  return await world.spawn(specOf, spawning.options, spawning.shared);
}

export interface PoolSpawning {
  readonly node?: NodeOptions;
  readonly options?: Omit<SpawnOptions<HandProtocol, []>, 'args'>;
  readonly shared?: Partial<Shared>;
}

/** A node on which pools can be spawned, also some that fail. */
export async function poolWorld(t: ExecutionContext, options: NodeOptions = {}) {
  const clock = virtualClock();
  const node = await quietNode(t, { clock, ...options });
  const log = recordLog(node);
  const spawn = async (
    specOf: SpecOf,
    spawning: PoolSpawning['options'] = {},
    parts: Partial<Shared> = {},
  ): Promise<Pooled> => {
    const shared: Shared = Object.assign(
      { started: 0, got: [], ends: [], onInit: () => {}, onTerminate: () => {} },
      parts,
    );
    const pid = await node.spawn(TestPool, { ...spawning, args: [shared, specOf] });
    const who = (key?: string | number): Promise<number> =>
      node.call(pid, key === undefined ? { type: 'who' } : { type: 'who', key });
    const inside = <T>(task: (self: TestPool) => MaybePromise<T>): Promise<T> =>
      insidePool(node, pid, task);
    const cycle = async (calls: number): Promise<number[]> => {
      const answers: number[] = [];
      for (let i = 0; i < calls; i++) answers.push(await who());
      return answers;
    };
    const kill = async (index: number): Promise<void> => {
      const { workers } = await inside((self) => self.statistics());
      node.kill(workers[index]!.pid);
    };
    return Object.assign(shared, { node, clock, log, pid, inside, who, cycle, kill });
  };
  return { node, clock, log, spawn };
}

function insidePool<T>(
  node: Node,
  pid: Pid<HandProtocol>,
  task: (self: TestPool) => MaybePromise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const run = async (self: Self): Promise<void> => {
      try {
        resolve(await task(self as TestPool));
      } catch (error) {
        reject(error);
      }
    };
    const sent = node.send(pid, run, { priority: 'high' });
    if (sent !== 'ok') reject(new Error(`${pid} could not be told: ${sent}`));
  });
}

function nextOf(result: MaybePromise<Next | void>): MaybePromise<Next> {
  return result instanceof Promise ? result.then((next) => next ?? noreply) : (result ?? noreply);
}

/** Numbers from 1 to `count`, `times` over. */
export function rounds(count: number, times = 1, from = 1): number[] {
  return Array.from({ length: count * times }, (_, i) => (i % count) + from);
}

/** Sorted by value. */
export function ascending(numbers: readonly number[]): number[] {
  return numbers.toSorted((a, b) => a - b);
}
