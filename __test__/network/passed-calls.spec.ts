import test from 'ava';
import type { Node, Pid } from 'tergo';
import { waitFor } from '../support/wait-for.ts';
import { networkNode, showWay } from './cluster.ts';
import { Passer, type PasserProtocol } from './passer.ts';

type Stop = Pid<PasserProtocol>;
const THREADS = [0, 1];
const HOPS = 3;

test('calls that are handed on over nodes and threads are answered by the last one, also by threads that were started anew', async (t) => {
  const options = { threads: THREADS.length, behaviors: [new URL('./passer.ts', import.meta.url)] };
  const nodes = await Promise.all(
    ['a@localhost', 'b@localhost'].map((name) => networkNode(name, {}, options)),
  );
  t.teardown(() => Promise.all(nodes.map((node) => node.stopForce())));
  const [a, b] = nodes as [Node, Node];
  showWay(a, b);
  showWay(b, a);
  await a.network.connect(b.name);
  for (const restarts of [0, 1]) {
    const stops: Stop[] = [];
    for (const node of nodes)
      for (const thread of THREADS) stops.push(await node.spawn(Passer, { thread }));
    let tag = 0;
    const calls = routesOver(stops, HOPS).flatMap((route) =>
      nodes.map((node) => arrives(node, route, (tag += 1))),
    );
    t.deepEqual(
      (await Promise.all(calls)).filter((wrong) => wrong !== undefined),
      [],
    );
    for (const [index, node] of nodes.entries()) {
      node.send(stops[2 * index + 1]!, { type: 'end thread' });
      await waitFor('the thread to be back', () => {
        const { isUp, restarts: count } = node.info().threads[1]!;
        return isUp && count > restarts;
      });
    }
  }
});

/** What is wrong with the answer to a call of a node that goes over these. */
async function arrives(
  node: Node,
  route: readonly Stop[],
  tag: number,
): Promise<string | undefined> {
  const [first, ...to] = route;
  const told = `${node.name}: ${route.join(' ')}`;
  try {
    const [by, seen] = await node.call(first!, { type: 'pass', to, tag }, { timeoutMs: 30_000 });
    return by === String(route.at(-1)) && seen === tag ? undefined : `${told}: answered by ${by}`;
  } catch (error) {
    return `${told}: ${String(error)}`;
  }
}

/** All ways over at most so many. */
function routesOver(stops: readonly Stop[], most: number): Stop[][] {
  if (most === 0) return [];
  const onward = [[], ...routesOver(stops, most - 1)];
  return stops.flatMap((stop) => onward.map((route) => [stop, ...route]));
}
