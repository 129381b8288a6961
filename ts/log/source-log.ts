import { checkChoice, checkName } from '../error/check.ts';
import { incorrect } from '../error/tergo-error.ts';
import { checkFields, LogContext, NO_FIELDS } from './log-context.ts';
import { isWritten, LOG_LEVELS, type LogLevel } from './log-level.ts';
import type { Log } from './log.ts';
import type { LogHub } from './log-hub.ts';
import type { Clock } from '../scheduler/clock.ts';
import type { LogFields, LogRecord, LogSource } from './log-record.ts';

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
  /** Made on first use. */
  #context: LogContext | undefined = undefined;

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

  get logger(): string | undefined {
    return this.#context?.logger;
  }

  set logger(name: string | undefined) {
    if (name !== undefined) checkName('logger', name);
    this.#own.logger = name;
  }

  get fields(): LogFields {
    return this.#context?.fields ?? NO_FIELDS;
  }

  addFields(fields: LogFields): void {
    checkFields(fields);
    this.#own.add(fields);
  }

  deleteFields(...names: readonly string[]): void {
    for (const name of names)
      if (typeof name !== 'string') throw incorrect('name', 'a string', name);
    this.#context?.remove(names);
  }

  pushFields(fields?: LogFields): number {
    if (fields !== undefined) checkFields(fields);
    const depth = this.#own.push();
    if (fields !== undefined) this.#own.add(fields);
    return depth;
  }

  popFields(): number {
    return this.#context?.pop() ?? 0;
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

  get #own(): LogContext {
    return (this.#context ??= new LogContext());
  }

  #write(level: LogRecord['level'], message: string, fields: LogFields = NO_FIELDS): void {
    if (!isWritten(level, this.#owner.logLevel)) return;
    if (typeof message !== 'string') throw incorrect('text', 'a string', message);
    checkFields(fields);
    const record = {
      timeMs: this.#owner.clock.wallNow(),
      level,
      source: this.#owner.logSource(),
      message,
      fields: this.#merged(fields),
    };
    this.#hub.write(record, this.#context?.logger);
  }

  #merged(fields: LogFields): LogFields {
    const own = this.fields;
    if (own === NO_FIELDS) return fields;
    return fields === NO_FIELDS ? own : { ...own, ...fields };
  }
}
