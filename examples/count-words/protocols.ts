// The contract: what the processes say to each other, and the names they go by. No code of theirs.
import { eventName, processName, type EventName, type ProcessName, type Request } from 'tergo';

/** How often each word occurs, in lower case. */
export type WordCounts = ReadonlyMap<string, number>;

/** One file on its way to a worker. */
export interface FileTask {
  readonly path: string;
  readonly bytes: number;
  /** `undefined`: no text (binary, too large or unreadable). */
  readonly text: string | undefined;
  /** Whoever gets this one crashes, on purpose. */
  readonly isUnlucky: boolean;
}

export type ReaderRequest =
  /** The next file, or `undefined` when all are given out. */
  | Request<{ type: 'next' }, FileTask | undefined>
  /** A worker has died: somebody else gets the file that it had. Answers with the path. */
  | Request<{ type: 'give-back'; workerId: number }, string | undefined>;

export interface ReaderProtocol {
  request: ReaderRequest;
}
export const readerName: ProcessName<ReaderProtocol> = processName('reader');

/** Comes exactly once from whoever finished a file. `words` is `undefined` for one without text. */
export interface Counted {
  readonly type: 'counted';
  readonly path: string;
  readonly bytes: number;
  readonly words: WordCounts | undefined;
}

/** What all of it came to. */
export interface Totals {
  readonly files: number;
  readonly skipped: number;
  readonly bytes: number;
  readonly words: number;
  readonly counts: WordCounts;
}

export interface AggregatorProtocol {
  message: Counted;
  request: Request<{ type: 'totals' }, Totals>;
}
export const aggregatorName: ProcessName<AggregatorProtocol> = processName('aggregator');

/** How far it is; the last one has `done === of`. */
export interface Progress {
  readonly done: number;
  readonly of: number;
  readonly words: number;
}
export const progressEvent: EventName<Progress> = eventName('progress');

export interface ForemanProtocol {
  /** Answers when the last worker has gone home: with the files on which one crashed. */
  request: Request<{ type: 'closing-time' }, readonly string[]>;
}
