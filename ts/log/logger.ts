import type { LogLevel } from './log-level.ts';
import type { LogRecord } from './log-record.ts';

/** Where log records go. A logger that throws is told of once on the console and asked again with the next record. */
export interface Logger {
  /** Takes one record; called in the order of writing. */
  log(record: LogRecord): void;
  /** Called once when the node has stopped or the logger was removed. */
  terminate?(): void;
}

/** Which records a logger gets. */
export interface LoggerOptions {
  /** Only these levels; all by default. */
  readonly levels?: readonly Exclude<LogLevel, 'disabled'>[];
}
