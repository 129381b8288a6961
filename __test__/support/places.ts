import type { ExecutionContext } from 'ava';
import {
  Actor,
  noreply,
  reply,
  startNode,
  type Answer,
  type ExitReason,
  type FallbackMessage,
  type MaybePromise,
  type Next,
  type Node,
  type Pid,
  type Priority,
  type ProcessName,
  type ProcessInfo,
  type AnyPid,
} from 'tergo';
import {
  FarWitness,
  type FarOptions,
  type FarWitnessProtocol,
  type Line,
  scribe,
} from './far-witness.ts';
import { turnstile } from './turnstile.ts';
import { turn, waitFor } from './wait-for.ts';
import {
  gone,
  hasEnded,
  quietNode,
  spawnWitness,
  type Handle,
  type Notice,
  type Witness,
  type WitnessProtocol,
} from './witness.ts';

/** Where the two parties of a test live: the same test runs in each of these. */
export interface Place {
  /** Comes after the title of the test; nothing on a node with one thread. */
  readonly title: string;
  /** The thread of the one that acts. */
  readonly self: number;
  /** The thread of the one that is acted on. */
  readonly other: number;
  readonly isThreaded: boolean;
}

export const places: readonly Place[] = [
  { title: '', self: 0, other: 0, isThreaded: false },
  { title: ', from thread 0 to 1', self: 0, other: 1, isThreaded: true },
  { title: ', from thread 1 to 0', self: 1, other: 0, isThreaded: true },
  { title: ', from thread 1 to 2', self: 1, other: 2, isThreaded: true },
];

/** Modules whose behaviours tests spawn on other threads. */
export const behaviors: readonly URL[] = [
  'far-clerk',
  'far-witness',
  'far-server',
  'far-tended',
  'far-waiter',
  'far-worker',
  'far-hand',
  'far-listener',
  'far-router',
  'far-sender',
].map((name) => new URL(`./${name}.ts`, import.meta.url));

/** Books of witnesses by their labels. */
const books = new Map<string, Notice[]>();
let lastLabel = 0;

/** Writes down what witnesses of other threads hear. */
class Scribe extends Actor<{ message: Line; request: { type: 'flush' } }> {
  override handleMessage([label, notice]: Line): Next {
    books.get(label)?.push(notice);
    return noreply;
  }

  override handleCall(request: { type: 'flush' }): Answer {
    return reply(request, undefined as never);
  }
}

/** A node for this place of its own, stopped with the test. */
export async function placedNode(t: ExecutionContext, place: Place): Promise<Node> {
  if (!place.isThreaded) return await quietNode(t);
  await turnstile(t);
  const node = await startNode('quiet@localhost', {
    ...{ threads: 3, behaviors, log: { disableConsole: true } },
  });
  t.teardown(() => node.stopForce());
  await node.spawn(Scribe, { name: scribe });
  return node;
}

let lastName = 0;

/** A name that no other test of the file takes. */
export function freshName(what: string): string {
  return `${what} ${++lastName}`;
}

let shared: Promise<Node> | undefined;

/** The same; one with threads is shared by all tests of a file, so what they count is not theirs alone. */
export async function sharedPlace(t: ExecutionContext, place: Place): Promise<Node> {
  if (!place.isThreaded) return await quietNode(t);
  shared ??= startShared();
  return await shared;
}

async function startShared(): Promise<Node> {
  const log = { disableConsole: true };
  const node = await startNode('quiet@localhost', { threads: 3, behaviors, log });
  await node.spawn(Scribe, { name: scribe });
  return node;
}

/** The same with nobody on it: for `test.serial`, as one with threads serves one test after the other. */
export async function emptiedPlace(
  t: ExecutionContext,
  place: { readonly isThreaded: boolean },
): Promise<Node> {
  if (!place.isThreaded) return await quietNode(t);
  emptied ??= startNode('crowd@localhost', {
    threads: 3,
    behaviors,
    log: { disableConsole: true },
  });
  const node = await emptied;
  for (const pid of node.processList()) if (!hasEnded(node, pid)) node.kill(pid);
  await waitFor('an empty node', () => node.info().processes === 0);
  return node;
}

let emptied: Promise<Node> | undefined;

/** Stops what was shared; for `test.after.always`. */
export async function closeShared(): Promise<void> {
  for (const node of [shared, emptied]) await (await node)?.stopForce();
}

interface WitnessOptions {
  readonly trapExit?: boolean;
  readonly name?: string;
  readonly mailboxSize?: number;
  readonly priority?: Priority;
  readonly fallback?: {
    readonly to: ProcessName<{ message: FallbackMessage }>;
    readonly tag: string;
  };
}

/** A book in which the scribe writes under its label. */
export interface Book {
  readonly label: string;
  /** Grows while the test runs. */
  readonly seen: Notice[];
}

export function newBook(): Book {
  const [label, seen]: [string, Notice[]] = [String(++lastLabel), []];
  books.set(label, seen);
  return { label, seen };
}

/** A witness on a thread. One of another thread does what tasks call, each method there; the rest of a task runs here. */
export async function witnessOn(
  node: Node,
  thread: number,
  { trapExit = false, ...rest }: WitnessOptions = {},
): Promise<Handle> {
  if (thread === 0) return await hereWitness(node, { trapExit, ...rest });
  return await farWitness(node, { ...rest, thread }, trapExit, (options) =>
    node.spawn(FarWitness, options),
  );
}

/** A child of a witness on the thread of the other. */
export async function childOn(
  node: Node,
  { other, isThreaded }: Place,
  parent: Handle,
  { trapExit = false, ...rest }: WitnessOptions & { readonly linkParent?: boolean } = {},
): Promise<Handle> {
  if (!isThreaded)
    return await parent.run((self) => spawnWitness(node, { ...rest, trapExit, parent: self }));
  return await farWitness(node, { ...rest, thread: other }, trapExit, (options) =>
    parent.run((self) => self.spawnFar(options)),
  );
}

async function farWitness(
  node: Node,
  rest: Omit<FarOptions, 'args'>,
  trapExit: boolean,
  spawn: (options: FarOptions) => Promise<Pid<FarWitnessProtocol>>,
): Promise<Handle> {
  const { label, seen } = newBook();
  const args: [string, boolean] = [label, trapExit];
  const far = await spawn({ ...rest, logLevel: 'disabled', args });
  const pid = far as Pid<unknown> as Pid<WitnessProtocol>;
  const run = async <T>(task: (self: Witness) => MaybePromise<T>): Promise<T> => {
    const value = await task(selfOf(node, far));
    return (Array.isArray(value) ? await Promise.all(value) : value) as T;
  };
  return {
    ...{ pid, seen, run },
    heard: async () => {
      await settled(node);
      return seen.slice();
    },
    crash: (reason) => void node.send(far, { type: 'crash', reason }),
    stop: () => void node.send(far, { type: 'stop' }),
  };
}

async function hereWitness(node: Node, options: WitnessOptions): Promise<Handle> {
  const witness = await spawnWitness(node, { ...options, logLevel: 'disabled' });
  const heard = async (): Promise<readonly Notice[]> => {
    await settled(node);
    return await witness.heard();
  };
  return node.info().threads.length === 1 ? witness : { ...witness, heard };
}

/** What a process of another thread looks like from here: its methods are promises. */
function selfOf(node: Node, pid: Pid<FarWitnessProtocol>): Witness {
  const order = async (op: string, args: unknown[]): Promise<unknown> => {
    const answer = await node.call(pid, { type: 'do', op, args });
    const [how, value] = answer as readonly ['done' | 'failed', unknown];
    if (how === 'failed') throw value;
    return value;
  };
  const handler: ProxyHandler<object> = {
    get: (_target, key) => {
      if (key === 'pid') return pid;
      if (key === 'then' || typeof key === 'symbol') return undefined;
      return (...args: unknown[]) => order(key, args);
    },
  };
  return new Proxy({}, handler) as Witness;
}

/** So many times everything that threads have sent each other is taken before a test looks. */
const ROUNDS = 12;

/**
 * Resolves when what was under way between the threads has arrived, and what came of that, some steps on: each
 * round asks every thread, behind all that it was sent before.
 */
export async function settled(node: Node): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    await node.fetchProcessListShortInfo();
    if (node.whereis(scribe) !== undefined) await node.call(scribe, { type: 'flush' });
    await turn();
  }
}

/** The end of a witness, and the last line of its book. */
export async function witnessGone(node: Node, witness: Handle): Promise<void> {
  await gone(node, witness);
  await waitFor('its last notice', () => witness.seen.at(-1)?.on === 'terminate');
}

/** What is known of a process on whichever thread. */
export async function infoOf(node: Node, pid: AnyPid): Promise<ProcessInfo> {
  return await node.fetchProcessInfo(pid);
}

/** The very reason on one thread, its like from another one. */
export function isReason(
  t: ExecutionContext,
  place: { readonly isThreaded: boolean },
  actual: ExitReason | undefined,
  expected: ExitReason,
): void {
  if (!place.isThreaded) t.is(actual, expected);
  else t.deepEqual(actual, expected);
}
