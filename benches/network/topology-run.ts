import type { Run } from '../suite.ts';
import { connectedNodes, type NodePair, topologies } from './topology.ts';

/**
 * So many operations in each topology, and encrypted between two threads. What is compared with peers whose nodes share an OS process is the faster
 * one of the two ways to do that here.
 */
export async function topologyRun(
  ops: number,
  rateOf: (nodes: NodePair) => Promise<number>,
): Promise<Run> {
  const rates: Record<string, number> = {};
  for (const topology of topologies) {
    await using nodes = await connectedNodes(topology);
    rates[`${topology}_rate`] = await rateOf(nodes);
  }
  await using nodes = await connectedNodes('two_threads', { isEncrypted: true });
  rates['two_threads_tls_rate'] = await rateOf(nodes);
  const best = Math.max(rates['one_thread_rate']!, rates['two_threads_rate']!);
  return { ops, seconds: ops / best, extra: rates };
}
