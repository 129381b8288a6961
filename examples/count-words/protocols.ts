// The contract: what the processes say to each other, and the names they go by. No code of theirs.
import { eventName, processName, spawnName } from 'tergo';
import type { EventName, ProcessId, ProcessName, Request, RestartInfo, SpawnName } from 'tergo';
import type { Batch } from './batches.ts';

/** How often each word occurs, in lower case. */
export type WordCounts = ReadonlyMap<string, number>;

/** Reads and counts a batch: answered, with whether it holds text, when the aggregator has what is in it. */
export type Count = Request<
  {
    type: 'count';
    batch: Batch;
    /** Whoever gets this one crashes at the first text, on purpose. */
    isUnlucky: boolean;
  },
  boolean
>;

export interface CounterProtocol {
  request: Count;
}
export const countersName: ProcessName<CounterProtocol> = processName('counters');
/** By which other nodes lend their pool: with so many workers, who tell that aggregator. */
export const countersSpawn: SpawnName<
  CounterProtocol,
  [workers: number, aggregator: ProcessId<AggregatorProtocol>]
> = spawnName('counters');

export interface ReaderProtocol {
  /** One batch more may be given to a pool: 0 is that of this node. */
  message: { type: 'go'; pool: number };
}
export const readerName: ProcessName<ReaderProtocol> = processName('reader');

export interface CountedFile {
  readonly bytes: number;
  /** False: binary, too large or unreadable. */
  readonly isText: boolean;
}

/** Comes from whoever has counted a batch. */
export interface Counted {
  readonly type: 'counted';
  /** The number of the batch. */
  readonly batch: number;
  readonly files: readonly CountedFile[];
  readonly counts: WordCounts;
}

/** A worker has crashed with this batch in hand, or was lost with its thread or node. */
export interface Crashed {
  readonly type: 'crashed' | 'lost' | 'lost with a node';
  /** The number of the batch. */
  readonly batch: number;
}

/** A thread was ended, with all of its workers. */
export interface ThreadEnded {
  readonly type: 'thread-ended';
  readonly thread: number;
}

/** The OS process of a node was killed, with all of its workers. */
export interface NodeEnded {
  readonly type: 'node-ended';
  readonly node: string;
  readonly osProcess: number;
}

/** What all of it came to. */
export interface Totals {
  readonly files: number;
  readonly skipped: number;
  readonly bytes: number;
  readonly words: number;
  readonly counts: WordCounts;
  /** With what in hand workers have crashed. */
  readonly crashes: readonly Batch[];
  /** Which thread was ended, and how many files waited there. */
  readonly endedThread: number | undefined;
  readonly lost: number;
  /** Which node was killed, and how many files waited there. */
  readonly endedNode: NodeEnded | undefined;
  readonly lostWithNode: number;
}

/** What is still to be counted, and whether somebody asks for the first time. */
export interface Missing {
  readonly batches: readonly Batch[];
  readonly isFirst: boolean;
}

export type AggregatorRequest =
  Request<{ type: 'totals' }, Totals> | Request<{ type: 'missing' }, Missing>;

export interface AggregatorProtocol {
  message: Counted | Crashed | ThreadEnded | NodeEnded;
  request: AggregatorRequest;
}
export const aggregatorName: ProcessName<AggregatorProtocol> = processName('aggregator');

/** How far it is; the last one has `done === of`. */
export interface Progress {
  readonly done: number;
  readonly of: number;
  readonly words: number;
}
export const progressEvent: EventName<Progress> = eventName('progress');

export interface ReporterProtocol {
  /** Prints a line. */
  message: { type: 'report' };
  event: Progress;
}
export const reporterName: ProcessName<ReporterProtocol> = processName('reporter');

export interface SupervisorProtocol {
  /** The restarts so far. */
  request: Request<{ type: 'restarts' }, readonly RestartInfo[]>;
}
export const supervisorName: ProcessName<SupervisorProtocol> = processName('supervisor');
