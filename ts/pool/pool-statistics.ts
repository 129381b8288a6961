import type { AnyPid } from '../process/pid.ts';
import type { PoolRouteName } from './pool-route.ts';

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
