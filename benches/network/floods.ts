import { Source } from '../threads/flood.ts';
import { median, stopwatch, verify, type Suite } from '../suite.ts';
import type { CargoName } from '../threads/cargo.ts';
import { sinkSpawn } from './spawn-names.ts';
import { topologyRun } from './topology-run.ts';
import type { NodePair } from './topology.ts';

const ROUNDS = 5;
const WITHIN = { timeoutMs: 120_000 };

/** So many actors of one node, each of which floods one of the other node. */
export interface Work {
  readonly pairs: number;
  /** Of each pair. */
  readonly messages: number;
  readonly cargo: CargoName;
}

/** The suite for that work, in all topologies, and encrypted between two threads. */
export function floodSuite(work: Work): Suite {
  return {
    unit: 'messages',
    warmUps: 0,
    runs: 1,
    run: () => topologyRun(work.pairs * work.messages, (nodes) => rateOf(nodes, work)),
  };
}

/** Messages per second, the median of some rounds after one that warms up. */
async function rateOf(nodes: NodePair, work: Work): Promise<number> {
  const rates: number[] = [];
  const { node, peer } = nodes;
  const numbers = Array.from({ length: work.pairs }, (_, number) => number);
  const sinks = await Promise.all(numbers.map(() => peer.spawn(sinkSpawn)));
  const sources = await Promise.all(numbers.map(() => node.spawn(Source)));
  for (let round = 0; round <= ROUNDS; round++) {
    const { cargo, messages } = work;
    const flood = { cargo, messages };
    const seconds = stopwatch();
    const counts = sinks.map((sink) => node.call(sink, { type: 'expect', flood }, WITHIN));
    sources.forEach((source, index) =>
      node.send(source, { type: 'go', sink: sinks[index]!, flood }),
    );
    const right = await Promise.all(counts);
    verify(
      right.every((count) => count === messages),
      `of ${messages} messages only ${right.join(', ')} were right and in their turn`,
    );
    if (round > 0) rates.push((work.pairs * messages) / seconds());
  }
  return Math.round(median(rates));
}
