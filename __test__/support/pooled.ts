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
import type { ChildPlace } from './child-places.ts';
import { deedOf, FarWorker, type OverseerProtocol } from './far-worker.ts';
import { recordLog } from './log-records.ts';
import { gateOf, release, spawnOverseer } from './overseer.ts';
import { emptiedPlace, freshName, settled } from './places.ts';
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
  /** Who has this for those of other threads. */
  overseer?: Pid<OverseerProtocol>;
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
    const deed = deedOf(item);
    if (deed === 'crash') throw new Error('broken');
    if (deed === 'hold') return gateOf(this.#shared, this.number).promise.then(() => noreply);
    if (deed === 'trap') this.trapExit = true;
    else this.#shared.got.push({ by: this.number, item, from });
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

/** What a test of workers has beside them. */
export interface World {
  readonly node: Node;
  readonly clock: VirtualClock;
  readonly log: readonly LogRecord[];
  /** Resolves when everybody is at rest. */
  settle(): Promise<void>;
  /** How many processes there are, without those of the test. */
  population(): number;
}

/** A pool from the test's side. */
export interface Pooled extends Shared, World {
  readonly pid: Pid<HandProtocol>;
  /** Lets the worker of that number go on that was told to hold; all by default. */
  release(number?: number): void;
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
  const { place } = spawning;
  const world = await poolWorld(t, spawning.node, place);
  const specOf: SpecOf = (shared) => handPool(shared, { ...options, size }, place);
  return await world.spawn(specOf, spawning.options, spawning.shared);
}

export interface PoolSpawning {
  readonly node?: NodeOptions;
  readonly options?: Omit<SpawnOptions<HandProtocol, []>, 'args'>;
  readonly shared?: Partial<Shared>;
  /** Where the workers live, if not on the thread of the pool. */
  readonly place?: ChildPlace | undefined;
}

/** A spec of a pool of hands. */
export function handPool(
  shared: Shared,
  options: PoolOptions<HandProtocol>,
  place?: ChildPlace,
): PoolSpec<HandProtocol> {
  if (place?.isThreaded !== true) return poolSpec(Hand, { ...options, args: [shared] });
  const where = { thread: place.threadOf(''), logLevel: 'disabled' } as const;
  const args: [Pid<OverseerProtocol>] = [shared.overseer!];
  return poolSpec(FarWorker, { ...options, ...where, args });
}

/** A node with a clock that stands still, and what workers share; for a place with threads one whose clocks go. */
export async function workerWorld(
  t: ExecutionContext,
  options: NodeOptions = {},
  place?: ChildPlace,
): Promise<World & { share(parts?: Partial<Shared>): Promise<Shared> }> {
  const clock = virtualClock();
  const isThreaded = place?.isThreaded === true;
  const node = isThreaded
    ? await emptiedPlace(t, place)
    : await quietNode(t, { clock, ...options });
  const name = freshName('records');
  const log = recordLog(node, name);
  const all: Shared[] = [];
  const share = async (parts: Partial<Shared> = {}): Promise<Shared> => {
    const shared: Shared = Object.assign(
      { started: 0, got: [], ends: [], onInit: () => {}, onTerminate: () => {} },
      parts,
    );
    all.push(shared);
    if (isThreaded) shared.overseer = await spawnOverseer(node, shared);
    return shared;
  };
  const settle = async (): Promise<void> => {
    for (let before = -1, now = 0; before !== now;) {
      before = now;
      await settled(node);
      for (const { overseer } of all) await node.call(overseer!, { type: 'flush' });
      now = all.reduce((sum, one) => sum + one.started + one.got.length + one.ends.length, 1);
    }
  };
  if (isThreaded) t.teardown(() => void node.removeLogger(name));
  return {
    ...{ node, clock, log, share },
    settle: isThreaded ? settle : () => clock.settle(),
    population: () => node.info().processes - (isThreaded ? all.length : 0),
  };
}

/** A node on which pools can be spawned, also some that fail. */
export async function poolWorld(
  t: ExecutionContext,
  options: NodeOptions = {},
  place?: ChildPlace,
) {
  const { share, ...world } = await workerWorld(t, options, place);
  const { node } = world;
  const spawn = async (
    specOf: SpecOf,
    spawning: PoolSpawning['options'] = {},
    parts: Partial<Shared> = {},
  ): Promise<Pooled> => {
    const shared = await share(parts);
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
    const letGo = (number?: number): void => release(shared, number);
    const own = { pid, inside, who, cycle, kill, release: letGo };
    return Object.assign(shared, world, own);
  };
  return { ...world, spawn };
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
