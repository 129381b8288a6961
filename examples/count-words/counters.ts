import { Pool, poolSpec, type PoolSpec } from 'tergo';
import type { CounterProtocol } from './protocols.ts';
import { Worker } from './worker.ts';

/**
 * Hands each file to the worker that has the fewest, and replaces one that crashes. Its workers are spread over the
 * threads of the node.
 */
export class Counters extends Pool<CounterProtocol> {
  override init(size: number): PoolSpec<CounterProtocol> {
    return poolSpec(Worker, { size, route: 'least-loaded' });
  }
}
