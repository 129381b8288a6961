import { isDeepStrictEqual } from 'node:util';
import {
  noreply,
  startNode,
  stop,
  type Answer,
  type AnyPid,
  type Down,
  type EventMeta,
  type Exit,
  type ExitReason,
  type MaybePromise,
  type Next,
  type Node,
  type NodeInfo,
  type NodeOptions,
  type Pid,
  type Request,
  type Response,
  type SpawnOptions,
} from 'tergo';
import type { ExecutionContext } from 'ava';
import { Doer } from './doer.ts';
import { FarWitness, type FarOptions, type FarWitnessProtocol } from './far-witness.ts';
import { turn, waitFor } from './wait-for.ts';

/** What reached a witness, in the order in which it came. */
export type Notice =
  | { readonly on: 'message'; readonly message: unknown; readonly from: AnyPid }
  | { readonly on: 'exit'; readonly ended: Exit }
  | { readonly on: 'down'; readonly ended: Down }
  | { readonly on: 'event'; readonly message: unknown; readonly meta: EventMeta }
  | { readonly on: 'response'; readonly response: Response }
  | { readonly on: 'event-start' | 'event-stop'; readonly event: string }
  | { readonly on: 'terminate'; readonly reason: ExitReason; readonly exit: Exit | undefined };

/** Something to do inside the process. */
export type Task = (self: Witness) => MaybePromise<Next | void>;
/** A call whose answer the test makes inside the process. */
export type Ask = Request<
  { type: 'ask'; answer: (self: Witness, request: Ask) => MaybePromise<Answer> },
  unknown
>;
export type WitnessProtocol = { message: Task; request: Ask; event: unknown };

/** A process that does what tests tell it to and writes down what it hears. */
export class Witness extends Doer<WitnessProtocol> {
  #seen: Notice[] = [];

  override init(seen: Notice[] = [], trapExit = false): void {
    this.#seen = seen;
    this.trapExit = trapExit;
  }

  /** A witness of another thread, its child. */
  spawnFar(options: FarOptions): Promise<Pid<FarWitnessProtocol>> {
    return this.spawn(FarWitness, options);
  }

  override handleMessage(task: Task, from: Pid<unknown>): MaybePromise<Next> {
    if (typeof task !== 'function') {
      this.#seen.push({ on: 'message', message: task, from });
      return noreply;
    }
    const result = task(this);
    return result instanceof Promise ? result.then(nextOf) : nextOf(result);
  }

  override handleCall(request: Ask): MaybePromise<Answer> {
    return request.answer(this, request);
  }

  override handleResponse(response: Response): Next {
    this.#seen.push({ on: 'response', response });
    return noreply;
  }

  override handleEvent(message: unknown, meta: EventMeta): Next {
    this.#seen.push({ on: 'event', message, meta });
    return noreply;
  }

  override handleExit(ended: Exit): Next {
    this.#seen.push({ on: 'exit', ended });
    return noreply;
  }

  override handleDown(ended: Down): Next {
    this.#seen.push({ on: 'down', ended });
    return noreply;
  }

  override handleEventStart(event: string): Next {
    this.#seen.push({ on: 'event-start', event });
    return noreply;
  }

  override handleEventStop(event: string): Next {
    this.#seen.push({ on: 'event-stop', event });
    return noreply;
  }

  override terminate(reason: ExitReason, exit?: Exit): void {
    this.#seen.push({ on: 'terminate', reason, exit });
  }
}

/** A witness from the test's side. */
export interface Handle {
  readonly pid: Pid<WitnessProtocol>;
  /** Grows while the test runs. */
  readonly seen: Notice[];
  /** Does something inside the process; what it throws is the result's rejection, not the process's end. */
  run<T>(task: (self: Witness) => MaybePromise<T>): Promise<T>;
  /** What it has heard once everything that was under way to it is taken. */
  heard(): Promise<readonly Notice[]>;
  /** Ends it by an exception in a callback. */
  crash(reason: Error): void;
  /** Ends it by what a callback returns. */
  stop(): void;
}

type Options = Omit<SpawnOptions<WitnessProtocol, []>, 'args'> & {
  readonly trapExit?: boolean;
  /** Who spawns it; the node by default. */
  readonly parent?: Witness;
};

/** Spawns a witness. */
export async function spawnWitness(node: Node, options: Options = {}): Promise<Handle> {
  const { trapExit = false, parent, ...rest } = options;
  const seen: Notice[] = [];
  const args: [Notice[], boolean] = [seen, trapExit];
  const pid = await (parent ?? node).spawn(Witness, { ...rest, args });
  const run = <T>(task: (self: Witness) => MaybePromise<T>): Promise<T> => inside(node, pid, task);
  return {
    ...{ pid, seen, run },
    heard: () => run(() => seen.slice()),
    crash: (reason) =>
      void node.send(pid, () => {
        throw reason;
      }),
    stop: () => void node.send(pid, () => stop('normal')),
  };
}

/** A node that prints nothing and stops with the test. */
export async function quietNode(
  t: ExecutionContext,
  options: NodeOptions = {},
  name = 'quiet@localhost',
): Promise<Node> {
  const node = await startNode(name, { log: { disableConsole: true }, ...options });
  t.teardown(() => node.stopForce());
  return node;
}

/** Resolves when a process has ended. */
export async function gone(node: Node, { pid }: { readonly pid: AnyPid }): Promise<void> {
  await waitFor(`the end of ${pid}`, () => hasEnded(node, pid));
}

/** Whether a process has ended, on whichever thread it lives. */
export function hasEnded(node: Node, pid: AnyPid): boolean {
  return 'thread' in pid
    ? !node.processList().includes(pid)
    : node.processState(pid) === 'terminated';
}

/** The reason in a notice of an end: the very value, where `deepEqual` takes one error for its like. */
export function reasonOf(notice: Notice | undefined): ExitReason | undefined {
  if (notice === undefined) return undefined;
  if (notice.on === 'terminate') return notice.reason;
  return 'ended' in notice ? notice.ended.reason : undefined;
}

/** What a node holds for the living, once it is at rest; equal before and after means that nothing leaked. */
export async function holdings(node: Node): Promise<Partial<NodeInfo>> {
  let before = held(node);
  for (let calm = 0; calm < 3;) {
    await turn();
    const now = held(node);
    calm = isDeepStrictEqual(now, before) ? calm + 1 : 0;
    before = now;
  }
  return before;
}

/** Resolves when a node holds what it held before; rejects with the difference. */
export async function holdsAgain(node: Node, before: Partial<NodeInfo>): Promise<void> {
  try {
    await waitFor('the node to be as before', () => isDeepStrictEqual(held(node), before));
  } catch {
    throw new Error(
      `the node holds ${JSON.stringify(held(node))}, but held ${JSON.stringify(before)}`,
    );
  }
}

function held(node: Node): Partial<NodeInfo> {
  const { processes, registeredNames, registeredAliases, registeredEvents } = node.info();
  const { links, monitors, pendingCalls, pendingTimers, slabEntries } = node.info();
  return {
    ...{ processes, registeredNames, registeredAliases, registeredEvents },
    ...{ links, monitors, pendingCalls, pendingTimers, slabEntries },
  };
}

function inside<T>(
  node: Node,
  pid: Pid<WitnessProtocol>,
  task: (self: Witness) => MaybePromise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const sent = node.send(pid, async (self) => {
      try {
        resolve(await task(self));
      } catch (error) {
        reject(error);
      }
    });
    if (sent !== 'ok') reject(new Error(`${pid} could not be told: ${sent}`));
  });
}

function nextOf(result: Next | void): Next {
  return result ?? noreply;
}

/** Makes a process wait for a promise that never settles; resolves when it does. */
export async function hang({ pid, run }: Handle): Promise<AnyPid> {
  const { promise, resolve } = Promise.withResolvers<void>();
  void run(() => {
    resolve();
    return new Promise<never>(() => undefined);
  });
  await promise;
  return pid;
}
