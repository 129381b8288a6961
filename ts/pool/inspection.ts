import { pick } from '../actor/inspection.ts';
import type { ProcessRecord } from '../process/process-record.ts';
import type { LocalPoolSpec } from './pool-spec.ts';
import type { PoolStatistics, WorkerStatistics } from './pool-statistics.ts';
import type { Workers } from './workers.ts';

/** The statistics of a pool. */
export function statisticsOf(spec: LocalPoolSpec, workers: Workers): PoolStatistics {
  const { routing, seats, forwarded, dropped, restarts, failedRestarts } = workers;
  return {
    size: seats.length,
    behaviour: spec.start.behaviour.name,
    workerMailboxSize: spec.workerMailboxSize,
    route: routing.name,
    ...{ forwarded, dropped, restarts, failedRestarts },
    workers: seats.map(({ worker }) => workerStatistics(worker)),
  };
}

/** What a pool answers to an inspection; of `items` only those, without any all. */
export function describePool(
  statistics: PoolStatistics,
  items: readonly string[],
): Record<string, string> {
  const { workers, ...rest } = statistics;
  const plain = workers.map((worker) => ({ ...worker, pid: worker.pid.toString() }));
  const known = Object.entries(rest).map(([key, value]) => [key, () => value] as const);
  return pick({ ...Object.fromEntries(known), workers: () => JSON.stringify(plain) }, items);
}

function workerStatistics(worker: ProcessRecord): WorkerStatistics {
  const { pid, isAlive, runtime } = worker;
  return { pid, isAlive, waiting: isAlive ? runtime.inspector.shortInfo(worker).mailbox : 0 };
}
