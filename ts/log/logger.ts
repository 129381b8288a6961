import type { WrittenLevel } from './log-level.ts';
import type { LogRecord } from './log-record.ts';

/**
 * Where log records go. A logger that fails (throws, or a promise of it rejects) is told of once to the
 * other loggers, or on the console if there are none, and asked again with the next record. What it logs itself
 * while one of its methods runs does not come back to it.
 *
 * @example
 * node.addLogger('alarm', { log: (record) => sendMail(record) }, { levels: ['error'] });
 */
export interface Logger {
  /**
   * Takes one record; called in the order of writing. While a promise that it returned is pending, the
   * records that follow wait in a queue of `LoggerOptions.queueSize`.
   */
  log(record: LogRecord): void | Promise<void>;
  /**
   * If there, it is called instead of `log`, with everything that waits, 1,000 records at most: for a logger
   * that writes many as easily as one.
   */
  logAll?(records: readonly LogRecord[]): void | Promise<void>;
  /**
   * The OS process ends now, in order or not: writes what is left, synchronously. `records` are those that
   * waited; what the logger holds itself goes before them. Without it they are lost.
   */
  flush?(records: readonly LogRecord[]): void;
  /**
   * Called once when the node has stopped or the logger was removed, after its last record. `node.stop`
   * waits for it as long as it has time.
   */
  terminate?(): void | Promise<void>;
  /**
   * Called once when it is added, before its first record, with what tells of a failure that is no
   * failure of a record, in the way of all others. What it throws, `addLogger` throws.
   */
  start?(report: (error: unknown) => void): void;
}

/** Which records a logger gets, and how many may wait for it. */
export interface LoggerOptions {
  /** Only these levels; all by default. */
  readonly levels?: readonly WrittenLevel[];
  /** Only records for which this is true, after the levels; all by default. One that throws is a failure of the logger. */
  readonly filter?: (record: LogRecord) => boolean;
  /**
   * How many records may wait for it, 10,000 by default. What finds that many is dropped and counted; once the
   * queue is empty the logger gets one record at warning level that says how many those were.
   */
  readonly queueSize?: number;
}

/** A logger that is there from the start of a node. */
export interface NamedLogger extends LoggerOptions {
  readonly name: string;
  readonly logger: Logger;
}

/** What a logger has come to since it was added. */
export interface LoggerInfo {
  readonly name: string;
  /** Those that it gets. */
  readonly levels: readonly WrittenLevel[];
  readonly queueSize: number;
  /** Records that wait now, or are being written. */
  readonly queued: number;
  /** Records that it has taken. */
  readonly written: number;
  /** Records that found its queue full. */
  readonly dropped: number;
  /** Records at which it failed. */
  readonly failed: number;
}
