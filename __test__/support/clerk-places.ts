import type { Behaviour, Node, Pid, SpawnOptions } from 'tergo';
import type { Doer } from './doer.ts';
import { FarClerk, type ClerkProtocol, type GateProtocol, type Matter } from './far-clerk.ts';
import { spawnScript } from './improvise.ts';

/** Whoever takes orders, from the test's side. */
export interface Member {
  readonly pid: Pid<unknown>;
  /** One of its methods; what that throws is the rejection. */
  do<T>(op: string, ...args: readonly unknown[]): Promise<T>;
}

/** A clerk from the test's side. */
export interface Clerk extends Member {
  /** The requests and messages it has taken. */
  taken(): Promise<readonly unknown[]>;
}

/** What a process waits for until the test opens it. */
export interface Gate {
  /** That one waits until the gate is open, as a message or a request to a clerk. */
  wait(matter?: Matter): Matter;
  /** Resolves when somebody waits. */
  readonly entered: Promise<void>;
  readonly open: () => void;
}

export type ClerkOptions = Omit<SpawnOptions<ClerkProtocol, []>, 'args' | 'thread'> & {
  readonly args?: [farewell: unknown];
};

/** Spawns a clerk on a thread. */
export async function clerkOn(
  node: Node,
  thread: number,
  options: ClerkOptions = {},
): Promise<Clerk> {
  const clerk = await memberOn(node, FarClerk, thread, options);
  const taken = async () => (await node.call(clerk.pid, { type: 'taken' })) as readonly unknown[];
  return { ...clerk, taken };
}

/** Spawns one that takes orders. */
export async function memberOn<Protocol extends object, Args extends unknown[]>(
  node: Node,
  behaviour: Behaviour<Protocol, Args> & (new (...args: never) => Doer<Protocol>),
  thread: number,
  options: Partial<SpawnOptions<Protocol, Args>> = {},
): Promise<Member> {
  const spawning = { logLevel: 'disabled', ...options, thread };
  const pid: Pid<unknown> = await node.spawn(
    behaviour as Behaviour<unknown, []>,
    spawning as never,
  );
  return { pid, do: async (op, ...args) => (await ordered(node, pid, op, args)) as never };
}

async function ordered(
  node: Node,
  pid: Pid<unknown>,
  op: string,
  args: readonly unknown[],
): Promise<unknown> {
  const answer = await node.call(pid, { type: 'do', op, args });
  const [how, value] = answer as readonly ['done' | 'failed', unknown];
  if (how === 'failed') throw value;
  return value;
}

/** A gate on thread 0, closed. */
export async function closedGate(node: Node): Promise<Gate> {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
  const gate = await spawnScript(node, { handleCall: () => (enter(), opened) });
  const wait = (matter?: Matter): Matter => ({
    ...{ type: 'wait', gate: gate as Pid<unknown> as Pid<GateProtocol> },
    ...(matter === undefined ? {} : { matter }),
  });
  return { wait, entered, open };
}

/** A clerk that takes nothing before `open` is called. */
export async function gatedOn(
  node: Node,
  thread: number,
  options: ClerkOptions = {},
): Promise<Clerk & Pick<Gate, 'open'>> {
  const gate = await closedGate(node);
  const clerk = await clerkOn(node, thread, options);
  node.send(clerk.pid, gate.wait());
  await gate.entered;
  return { ...clerk, open: gate.open };
}
