import { pick } from '../actor/inspection.ts';
import type { ProcessRecord } from '../process/process-record.ts';
import type { AnyPid } from '../process/pid.ts';
import type { LocalPoolSpec } from './pool-spec.ts';
import type { PoolRouteName } from './routing.ts';
import type { Workers } from './workers.ts';

/** What a pool has done so far. Source: the inspection of Ergo's `act.Pool`. */
export interface PoolStatistics {
  /** How many workers it has. */
  readonly size: number;
  /** The name of their class. */
  readonly behaviour: string;
  /** The most messages in each queue of a worker's mailbox; 0: no limit. */
  readonly workerMailboxSize: number;
  readonly route: PoolRouteName;
  /** Messages, calls and events that went to a worker. */
  readonly forwarded: number;
  /** Those that no worker could take: messages and events were lost, calls rejected. */
  readonly dropped: number;
  /** How often a worker that had ended was replaced. */
  readonly restarts: number;
  /** How often the one that was to replace it did not come up. */
  readonly failedRestarts: number;
  /** The workers, oldest place first. */
  readonly workers: readonly WorkerStatistics[];
}

/** One worker of a pool. */
export interface WorkerStatistics {
  readonly pid: AnyPid;
  /** False when it has ended; the next message for it brings another one. */
  readonly isAlive: boolean;
  /** Messages waiting in its mailbox. */
  readonly waiting: number;
}

/** The statistics of a pool. @internal */
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

/** What a pool answers to an inspection; of `items` only those, without any all. @internal */
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
