// The contract: what the processes say to each other, and the names they go by. No code of theirs.
import { eventName, processName } from 'tergo';
import type { EventName, ProcessName, Request, RestartInfo } from 'tergo';

/** How often each word occurs, in lower case. */
export type WordCounts = ReadonlyMap<string, number>;

/** Counts one file: answered when what is in it is on its way to the aggregator. */
export type Count = Request<
  {
    type: 'count';
    path: string;
    bytes: number;
    /** `undefined`: no text (binary, too large or unreadable). */
    text: string | undefined;
    /** Whoever gets this one crashes, on purpose. */
    isUnlucky: boolean;
  },
  undefined
>;

export interface CounterProtocol {
  request: Count;
}
export const countersName: ProcessName<CounterProtocol> = processName('counters');

export interface ReaderProtocol {
  /** One file more may be given to the pool. */
  message: 'go';
}
export const readerName: ProcessName<ReaderProtocol> = processName('reader');

/** Comes from whoever finished a file. `words` is `undefined` for one without text. */
export interface Counted {
  readonly type: 'counted';
  readonly path: string;
  readonly bytes: number;
  readonly words: WordCounts | undefined;
}

/** A worker has crashed with this file in hand. */
export interface Crashed {
  readonly type: 'crashed';
  readonly path: string;
}

/** What all of it came to. */
export interface Totals {
  readonly files: number;
  readonly skipped: number;
  readonly bytes: number;
  readonly words: number;
  readonly counts: WordCounts;
  /** With which files workers have crashed. */
  readonly crashes: readonly string[];
}

/** What is still to be counted, and whether somebody asks for the first time. */
export interface Missing {
  readonly paths: readonly string[];
  readonly isFirst: boolean;
}

export type AggregatorRequest =
  Request<{ type: 'totals' }, Totals> | Request<{ type: 'missing' }, Missing>;

export interface AggregatorProtocol {
  message: Counted | Crashed;
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
