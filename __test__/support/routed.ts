import type { ExecutionContext } from 'ava';
import {
  discard,
  noreply,
  reply,
  route,
  Router,
  type Answer,
  type EventMeta,
  type ExitReason,
  type MaybePromise,
  type Next,
  type NodeOptions,
  type Pid,
  type Route,
  type Routed,
  type RouteFailure,
  type RouterSpec,
  type SpawnOptions,
} from 'tergo';
import { virtualClock, type VirtualClock } from 'tergo/testing';
import type { LogRecord, Node } from 'tergo';
import { recordLog } from './log-records.ts';
import { Hand, type Ask, type HandProtocol, type Shared, type Task, type Who } from './pooled.ts';
import { quietNode } from './witness.ts';

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
export interface RoutedWorld extends Shared {
  readonly node: Node;
  readonly clock: VirtualClock;
  readonly log: readonly LogRecord[];
  readonly pid: Pid<HandProtocol>;
  readonly self: TestRouter;
  /** Does something inside of the router; what it throws is the result's rejection, not the router's end. */
  inside<T>(task: (self: TestRouter) => MaybePromise<T>): Promise<T>;
  /** Who answers a call by a route. */
  who(key?: string): Promise<number>;
  /** An owned route to the next worker. */
  owned(name: string, mailboxSize?: number): Route<HandProtocol>;
}

export interface RouterSpawning {
  readonly node?: NodeOptions;
  readonly options?: Omit<SpawnOptions<HandProtocol, []>, 'args'>;
  readonly shared?: Partial<Shared>;
}

/** Starts a router on a node of its own; by default with the owned routes a and b. */
export async function routed(
  t: ExecutionContext,
  specOf: SpecOf = (shared) => ({ routes: ['a', 'b'].map((name) => handRoute(shared, name)) }),
  spawning: RouterSpawning = {},
): Promise<RoutedWorld> {
  const clock = virtualClock();
  const node = await quietNode(t, { clock, ...spawning.node });
  const log = recordLog(node);
  const shared: Shared = Object.assign(
    { started: 0, got: [], ends: [], onInit: () => {}, onTerminate: () => {} },
    spawning.shared,
  );
  const pid = await node.spawn(TestRouter, { ...spawning.options, args: [shared, specOf] });
  const inside = <T>(task: (self: TestRouter) => MaybePromise<T>): Promise<T> =>
    insideRouter(node, pid, task);
  const self = await inside((one) => one);
  const who = (key?: string): Promise<number> =>
    node.call(pid, key === undefined ? { type: 'who' } : { type: 'who', key });
  const owned = (name: string, mailboxSize = 0): Route<HandProtocol> =>
    handRoute(shared, name, mailboxSize);
  return Object.assign(shared, { node, clock, log, pid, self, inside, who, owned });
}

/** An owned route to a worker. */
export function handRoute(shared: Shared, name: string, mailboxSize = 0): Route<HandProtocol> {
  return route(name, Hand, { args: [shared], mailboxSize, shutdownTimeoutMs: 300 });
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
