import type { AnyPid } from '../process/pid.ts';
import type { WrittenLevel } from './log-level.ts';

/** Values that go with a log line, by name. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Who wrote a record. */
export type LogSource =
  | { readonly type: 'node'; readonly node: string }
  | {
      readonly type: 'application';
      readonly node: string;
      /** The name of the application. */
      readonly name: string;
    }
  | {
      readonly type: 'process';
      readonly node: string;
      readonly pid: AnyPid;
      /** The registered name, if it has one. */
      readonly name: string | undefined;
      /** The name of its class. */
      readonly behaviour: string;
    };

/** One line of the log. Source: Ergo `gen.MessageLog`. */
export interface LogRecord {
  /** When, ms since 1970. */
  readonly timeMs: number;
  readonly level: WrittenLevel;
  readonly source: LogSource;
  readonly message: string;
  /** Those of the call over those of its log; empty if there are none. */
  readonly fields: LogFields;
}
