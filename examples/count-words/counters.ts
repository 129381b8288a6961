import { Pool, poolSpec, type PoolSpec, type ProcessId } from 'tergo';
import type { AggregatorProtocol, CounterProtocol } from './protocols.ts';
import { Worker } from './worker.ts';

/**
 * Hands each batch to the worker that has the fewest, and replaces one that crashes. Its workers are spread over the
 * threads of the node; who adds up may be on another one.
 */
export class Counters extends Pool<CounterProtocol> {
  override init(
    size: number,
    aggregator: ProcessId<AggregatorProtocol>,
  ): PoolSpec<CounterProtocol> {
    return poolSpec(Worker, { size, route: 'least-loaded', args: [aggregator] });
  }
}
