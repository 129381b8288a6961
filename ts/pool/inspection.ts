import { pick } from '../actor/inspection.ts';
import { FarPid } from '../far/far-pid.ts';
import { QUEUE_MAIN } from '../native/layout.ts';
import type { NodeProcess } from '../process/peer.ts';
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
    workers: seats.map(({ worker }) => workerStatistics(worker, workers)),
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

/** Of one on another thread it is only known what waits if its mailbox is bounded. */
function workerStatistics(worker: NodeProcess, { runtime }: Workers): WorkerStatistics {
  const { pid, isAlive } = worker;
  if (!isAlive) return { pid, isAlive, waiting: 0 };
  if (!(worker instanceof FarPid))
    return { pid, isAlive, waiting: runtime.inspector.shortInfo(worker).mailbox };
  const { isBounded } = worker.presence;
  return { pid, isAlive, waiting: isBounded ? runtime.waitingOf(worker, QUEUE_MAIN) : 0 };
}
