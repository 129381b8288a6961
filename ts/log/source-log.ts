import { checkChoice } from '../error/check.ts';
import { incorrect } from '../error/tergo-error.ts';
import { isWritten, LOG_LEVELS, type LogLevel } from './log-level.ts';
import type { Log } from './log.ts';
import type { LogHub } from './log-hub.ts';
import type { Clock } from '../scheduler/clock.ts';
import type { LogFields, LogRecord, LogSource } from './log-record.ts';

const NO_FIELDS: LogFields = Object.freeze({});

/** Where the level of a log is kept, and whose records it writes. */
export interface LogOwner {
  readonly clock: Pick<Clock, 'wallNow'>;
  readonly logLevel: LogLevel;
  setLogLevel(level: LogLevel): void;
  logSource(): LogSource;
}

/** The log of one node or process. */
export class SourceLog implements Log {
  readonly #hub: LogHub;
  readonly #owner: LogOwner;

  constructor(hub: LogHub, owner: LogOwner) {
    this.#hub = hub;
    this.#owner = owner;
  }

  get level(): LogLevel {
    return this.#owner.logLevel;
  }

  set level(level: LogLevel) {
    checkChoice('level', level, LOG_LEVELS);
    this.#owner.setLogLevel(level);
  }

  debug(text: string, fields?: LogFields): void {
    this.#write('debug', text, fields);
  }

  info(text: string, fields?: LogFields): void {
    this.#write('info', text, fields);
  }

  warning(text: string, fields?: LogFields): void {
    this.#write('warning', text, fields);
  }

  error(text: string, fields?: LogFields): void {
    this.#write('error', text, fields);
  }

  #write(level: LogRecord['level'], message: string, fields: LogFields = NO_FIELDS): void {
    if (!isWritten(level, this.#owner.logLevel)) return;
    if (typeof message !== 'string') throw incorrect('text', 'a string', message);
    if (typeof fields !== 'object' || fields === null)
      throw incorrect('fields', 'an object', fields);
    this.#hub.write({
      timeMs: this.#owner.clock.wallNow(),
      level,
      source: this.#owner.logSource(),
      message,
      fields,
    });
  }
}
