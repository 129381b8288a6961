import type { ExecutionContext } from 'ava';
import { type NetworkOptions, type Node, type NodeOptions, startNode } from 'tergo';
import { puppets } from '../threads/stage.ts';
import { waitFor } from '../support/wait-for.ts';

/** Shared by the nodes of a test run. */
export const COOKIE = 'a secret of the tests, and of nobody else';

/** Two nodes, of which each knows the way to the other. */
export interface Pair {
  readonly a: Node;
  /** Has two threads. */
  readonly b: Node;
}

/** Where the receiving process lives on node b. */
export const receivers: readonly { readonly title: string; readonly thread: number }[] = [
  { title: 'on thread 0', thread: 0 },
  { title: 'on thread 1', thread: 1 },
];

/** A network on a port of its own, without a registrar. */
export function networkOf(options: NetworkOptions = {}): NetworkOptions {
  return { cookie: COOKIE, registrar: false, acceptors: [{ port: 0 }], ...options };
}

/** A node with a network that prints nothing. */
export function networkNode(
  name: string,
  network: NetworkOptions = {},
  options: NodeOptions = {},
): Promise<Node> {
  const quiet = { log: { disableConsole: true }, behaviors: [puppets] };
  return startNode(name, { ...quiet, ...options, network: networkOf(network) });
}

/** Tells `from` where `to` listens. */
export function showWay(from: Node, to: Node): void {
  const [acceptor] = to.network.acceptors();
  if (acceptor === undefined) throw new Error(`${to.name} does not listen`);
  from.network.addRoute(`^${to.name}$`, { host: acceptor.host, port: acceptor.port });
}

/** Starts the two, not connected yet. */
export async function startPair(network: NetworkOptions = {}): Promise<Pair> {
  const a = await networkNode('a@localhost', network);
  const b = await networkNode('b@localhost', network, { threads: 2 });
  showWay(a, b);
  showWay(b, a);
  return { a, b };
}

/** The same, stopped with the test. */
export async function pair(t: ExecutionContext, network: NetworkOptions = {}): Promise<Pair> {
  const { a, b } = await startPair(network);
  t.teardown(async () => {
    await a.stopForce();
    await b.stopForce();
  });
  return { a, b };
}

let shared: Promise<Pair> | undefined;

/** Two connected nodes for all tests of a file. */
export function sharedPair(): Promise<Pair> {
  shared ??= startPair().then(async (nodes) => {
    await nodes.a.network.connect('b@localhost');
    return nodes;
  });
  return shared;
}

/** Stops them. */
export async function closeSharedPair(): Promise<void> {
  const nodes = await shared;
  await nodes?.a.stopForce();
  await nodes?.b.stopForce();
}

/** Ends the connection, and waits until both have heard of it. */
export async function part({ a, b }: Pair): Promise<void> {
  await a.network.node(b.name)?.disconnect();
  await waitFor('the end of the connection', () => b.network.nodes().length === 0);
}
