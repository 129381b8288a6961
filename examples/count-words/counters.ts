import { Pool, poolSpec, type PoolSpec } from 'tergo';
import type { CounterProtocol } from './protocols.ts';
import { Worker } from './worker.ts';

/** Hands each file to one of its workers, and replaces a worker that crashes. */
export class Counters extends Pool<CounterProtocol> {
  override init(size: number): PoolSpec<CounterProtocol> {
    return poolSpec(Worker, { size });
  }
}
