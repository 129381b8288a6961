import type { ExecutionContext } from 'ava';
import {
  discard,
  noreply,
  reply,
  route,
  Router,
  type Answer,
  type AnyPid,
  type EventMeta,
  type ExitReason,
  type MaybePromise,
  type Next,
  type Node,
  type NodeOptions,
  type Pid,
  type Route,
  type Routed,
  type RouteFailure,
  type RouterSpec,
  type SpawnOptions,
} from 'tergo';
import type { ChildPlace } from './child-places.ts';
import { FarWorker, type OverseerProtocol } from './far-worker.ts';
import { release } from './overseer.ts';
import {
  Hand,
  workerWorld,
  type Ask,
  type HandProtocol,
  type Shared,
  type Task,
  type Who,
  type World,
} from './pooled.ts';

/** What a test router decides by: text before a colon, or the key of a call. `-` is to be discarded, nothing is nothing. */
function routeOf(text: string | number | undefined): Routed {
  const name = String(text ?? '').split(':')[0];
  if (name === '-') return discard;
  if (name === 'throw') throw new Error('cannot decide');
  return name === '' ? undefined : name;
}

type SpecOf = (shared: Shared, self: TestRouter) => MaybePromise<RouterSpec<HandProtocol>>;

/** A router that does what tests tell it to. */
export class TestRouter extends Router<HandProtocol> {
  #shared!: Shared;
  readonly failures: RouteFailure[] = [];

  override init(shared: Shared, specOf: SpecOf): MaybePromise<RouterSpec<HandProtocol>> {
    this.#shared = shared;
    return specOf(shared, this);
  }

  override routeMessage(item: number | string | Task<never>): Routed {
    return typeof item === 'function' ? 'a' : routeOf(item);
  }

  override routeCall(request: Who | Ask): Routed {
    return request.type === 'who' ? routeOf(request.key) : 'a';
  }

  override routeEvent(item: string, { name }: EventMeta): Routed {
    return name === 'news' ? routeOf(item) : discard;
  }

  override handleMessage(item: number | string | Task<TestRouter>): MaybePromise<Next> {
    if (typeof item === 'string' || typeof item === 'number') {
      this.#shared.got.push({ by: 0, item });
      return noreply;
    }
    const result = item(this as never);
    return result instanceof Promise ? result.then((next) => next ?? noreply) : (result ?? noreply);
  }

  override handleCall(request: Who | Ask): Answer {
    return reply(request as Who, 0);
  }

  override handleRouteFailed(failure: RouteFailure): Next {
    this.failures.push(failure);
    return noreply;
  }

  override terminate(reason: ExitReason): void {
    this.#shared.ends.push(`router ${reason instanceof Error ? reason.message : reason}`);
  }
}

/** A router from the test's side. */
export interface RoutedWorld extends Shared, World {
  readonly pid: Pid<HandProtocol>;
  readonly self: TestRouter;
  /** Does something inside of the router; what it throws is the result's rejection, not the router's end. */
  inside<T>(task: (self: TestRouter) => MaybePromise<T>): Promise<T>;
  /** Who answers a call by a route. */
  who(key?: string): Promise<number>;
  /** Lets the worker of that number go on that was told to hold; all by default. */
  release(number?: number): void;
  /** The process at the end of a route. */
  pidOf(name: string): Promise<AnyPid>;
  /** An owned route to the next worker. */
  owned(name: string, mailboxSize?: number): Route<HandProtocol>;
}

export interface RouterSpawning {
  readonly node?: NodeOptions;
  readonly options?: Omit<SpawnOptions<HandProtocol, []>, 'args'>;
  readonly shared?: Partial<Shared>;
  /** Where the processes of owned routes live, if not on the thread of the router. */
  readonly place?: ChildPlace | undefined;
}

/** Starts a router on a node of its own; by default with the owned routes a and b. */
export async function routed(
  t: ExecutionContext,
  specOf?: SpecOf,
  spawning: RouterSpawning = {},
): Promise<RoutedWorld> {
  const { place } = spawning;
  const { share, ...world } = await workerWorld(t, spawning.node, place);
  const { node } = world;
  const shared = await share(spawning.shared);
  const owned = (name: string, mailboxSize = 0): Route<HandProtocol> =>
    handRoute(shared, name, mailboxSize, place);
  const spec: SpecOf = specOf ?? (() => ({ routes: ['a', 'b'].map((name) => owned(name)) }));
  const pid = await node.spawn(TestRouter, { ...spawning.options, args: [shared, spec] });
  const inside = <T>(task: (self: TestRouter) => MaybePromise<T>): Promise<T> =>
    insideRouter(node, pid, task);
  const self = await inside((one) => one);
  const who = (key?: string): Promise<number> =>
    node.call(pid, key === undefined ? { type: 'who' } : { type: 'who', key });
  const pidOf = async (name: string): Promise<AnyPid> => {
    const routes = await inside((one) => one.routes());
    return routes.find((info) => info.name === name)!.pid!;
  };
  const letGo = (number?: number): void => release(shared, number);
  return Object.assign(shared, world, { pid, self, inside, who, owned, pidOf, release: letGo });
}

/** An owned route to a worker. */
export function handRoute(
  shared: Shared,
  name: string,
  mailboxSize = 0,
  place?: ChildPlace,
): Route<HandProtocol> {
  const options = { mailboxSize, shutdownTimeoutMs: 300 };
  if (place?.isThreaded !== true) return route(name, Hand, { ...options, args: [shared] });
  const where = { thread: place.threadOf(name), logLevel: 'disabled' } as const;
  const args: [Pid<OverseerProtocol>] = [shared.overseer!];
  return route(name, FarWorker, { ...options, ...where, args });
}

function insideRouter<T>(
  node: Node,
  pid: Pid<HandProtocol>,
  task: (self: TestRouter) => MaybePromise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const run = async (self: unknown): Promise<void> => {
      try {
        resolve(await task(self as TestRouter));
      } catch (error) {
        reject(error);
      }
    };
    const sent = node.send(pid, run, { priority: 'high' });
    if (sent !== 'ok') reject(new Error(`${pid} could not be told: ${sent}`));
  });
}
