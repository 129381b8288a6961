import { startNode, type Node } from 'tergo';
import { benchNetwork } from './peer-node.ts';
import { subscribe } from './subscriber.ts';

/** Some of the nodes that have subscribers. */
export interface SubscriberNodes {
  /** Their numbers. */
  readonly numbers: readonly number[];
  /** Subscribers on each. */
  readonly each: number;
  /** Where `bench_a` listens. */
  readonly port: number;
}

/** Starts them, connected and subscribed; `onRound` is told when all of them have had one more event. */
export async function startSubscribers(
  { numbers, each, port }: SubscriberNodes,
  onRound: () => void,
): Promise<readonly Node[]> {
  const nodes: Node[] = [];
  for (const number of numbers) {
    const network = benchNetwork({});
    const log = { level: 'error' } as const;
    const node = await startNode(`bench_c${number}@localhost`, { network, log });
    await node.network.connect('bench_a@localhost', { route: { host: '127.0.0.1', port } });
    nodes.push(node);
  }
  await subscribe(nodes, each, onRound);
  return nodes;
}
