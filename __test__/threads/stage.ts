import type { ExecutionContext } from 'ava';
import {
  startNode,
  type AnyPid,
  type Node,
  type NodeOptions,
  type Pid,
  type SpawnOptions,
} from 'tergo';
import { turnstile } from '../support/turnstile.ts';
import { waitFor } from '../support/wait-for.ts';
import {
  type Command,
  type Notice,
  Puppet,
  type PuppetOptions,
  type PuppetProtocol,
} from './puppet.ts';

/** Where the two parties of a test live. */
export interface Places {
  readonly title: string;
  readonly one: number;
  readonly other: number;
}

/** On one thread, as a node without further threads has it, and apart in every direction. */
export const everyPlaces: readonly Places[] = [
  { title: 'on one thread', one: 0, other: 0 },
  { title: 'from thread 0 to 1', one: 0, other: 1 },
  { title: 'from thread 1 to 0', one: 1, other: 0 },
  { title: 'from thread 1 to 2', one: 1, other: 2 },
];

export const puppets: URL = new URL('./puppet.ts', import.meta.url);

/** A node with three threads that knows puppets, and prints nothing; stopped with the test. */
export async function threadNode(t: ExecutionContext, options: NodeOptions = {}): Promise<Node> {
  await turnstile(t);
  const node = await startNode('threads@localhost', {
    ...{ threads: 3, behaviors: [puppets], log: { disableConsole: true } },
    ...options,
  });
  t.teardown(() => node.stopForce());
  return node;
}

let shared: Promise<Node> | undefined;

/** The same node for all tests of a file; ends with the process of the file. */
export function sharedNode(): Promise<Node> {
  shared ??= startNode('threads@localhost', {
    ...{ threads: 3, behaviors: [puppets], log: { disableConsole: true } },
  });
  return shared;
}

/** Stops it. */
export async function closeSharedNode(): Promise<void> {
  await (await shared)?.stopForce();
}

/** A busy machine is no fault of what is tested. */
const PATIENCE_MS = 60_000;

/** A puppet from the test's side. */
export class Handle {
  readonly node: Node;
  readonly pid: Pid<PuppetProtocol>;

  constructor(node: Node, pid: Pid<PuppetProtocol>) {
    this.node = node;
    this.pid = pid;
  }

  /** Does something inside the process; what that throws is the rejection. */
  async do<T = unknown>(op: string, ...args: readonly unknown[]): Promise<T> {
    const asked = { type: 'do', op, args } as never;
    const answer = await this.node.call(this.pid, asked, { timeoutMs: PATIENCE_MS });
    const [how, value] = answer as readonly ['done' | 'failed', unknown];
    if (how === 'failed') throw value;
    return value as T;
  }

  tell(command: Command): void {
    const told = this.node.send(this.pid, command);
    if (told !== 'ok') throw new Error(`${this.pid} could not be told: ${told}`);
  }

  seen(): Promise<readonly Notice[]> {
    return this.do('seen');
  }

  /** What it has heard once there are so many notices. */
  async hears(count: number): Promise<readonly Notice[]> {
    return await waitFor(`${count} notices at ${this.pid}`, async () => {
      const seen = await this.seen();
      return seen.length >= count && seen;
    });
  }

  /** The messages it got, once there are so many. */
  async messages(count: number): Promise<readonly unknown[]> {
    const seen = await this.hears(count);
    return seen.map((notice) => ('message' in notice ? notice.message : notice));
  }

  /** It takes nothing from now on, until `open` is called. */
  async shut(): Promise<{ open(): Promise<void> }> {
    const gate = await puppet(this.node, 0);
    this.tell({ type: 'wait for', whom: gate.pid });
    await waitFor('the gate', async () => (await gate.do('keptCaller')) !== undefined);
    return { open: async () => void (await gate.do('answerKept', 'open')) };
  }

  async gone(): Promise<void> {
    await gone(this.node, this.pid);
  }
}

export async function gone(node: Node, pid: AnyPid): Promise<void> {
  await waitFor(`the end of ${pid}`, () => !node.processList().includes(pid));
}

export type Options = Omit<SpawnOptions<PuppetProtocol, []>, 'args'> & PuppetOptions;

/** Spawns a puppet on a thread. */
export async function puppet(node: Node, thread: number, options: Options = {}): Promise<Handle> {
  const { trapExit = false, splitHandle = false, fails, ...rest } = options;
  const own: PuppetOptions = fails === undefined ? { trapExit, splitHandle } : { fails };
  const args: [PuppetOptions] = [own];
  return new Handle(node, await node.spawn(Puppet, { ...rest, thread, args }));
}

let lastNumber = 0;

/** A name that no other test takes. */
export function fresh(what: string): string {
  lastNumber += 1;
  return `${what} ${lastNumber}`;
}
