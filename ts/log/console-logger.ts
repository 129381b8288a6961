import { checkFunction, checkOptions } from '../error/check.ts';
import { FdSink } from './fd-sink.ts';
import {
  checkLineOptions,
  type Line,
  LINE_OPTIONS,
  lineMaker,
  type LineOptions,
} from './line-format.ts';
import type { LogRecord } from './log-record.ts';
import type { Logger } from './logger.ts';

/** How the console logger writes. */
export interface ConsoleLoggerOptions extends LineOptions {
  /**
   * Takes each finished line, without its end; standard error by default. While a promise that it returned is
   * pending, records wait.
   */
  readonly output?: (line: string) => void | Promise<void>;
}

/** Standard error; one for the OS process, so that what several nodes write keeps its order. */
const standardError = new FdSink(2);

/**
 * The default logger. Text: `2026-01-01T00:00:00.000Z [info] <AB12CD34.0.1001> 'name' Class: message key=value`.
 * JSON: keys `time`, `level`, `source`, `message`, `fields`, and `stack` if the field `error` is an error. A line is
 * written before `log` returns, unless the reader of standard error is slow: then it waits, and nobody waits for it.
 *
 * @example
 * node.addLogger('json', new ConsoleLogger({ format: 'json' }));
 */
export class ConsoleLogger implements Logger {
  readonly #options: LineOptions;
  readonly #line: Line;
  readonly #output: ConsoleLoggerOptions['output'];

  /** Throws `incorrect`, naming the key. */
  constructor(options: ConsoleLoggerOptions = {}) {
    checkConsoleOptions('options', options, []);
    this.#options = { ...options };
    this.#output = options.output;
    this.#line = lineMaker(options, this.#output === undefined ? 2 : undefined);
  }

  /** Writes one line. */
  log(record: LogRecord): void | Promise<void> {
    const line = this.#line(record, this.#options);
    return this.#output === undefined ? standardError.write(`${line}\n`) : this.#output(line);
  }

  /** Writes what waited; waits up to a second for a reader that takes nothing. */
  flush(records: readonly LogRecord[]): void {
    const lines = records.map((record) => this.#line(record, this.#options));
    if (this.#output === undefined) standardError.flush(lines.map((line) => `${line}\n`).join(''));
    else for (const line of lines) void this.#output(line);
  }
}

/** Throws `incorrect`, naming the key; `others` are known, too. @internal */
export function checkConsoleOptions(
  argument: string,
  options: ConsoleLoggerOptions,
  others: readonly string[],
): void {
  checkOptions(argument, options, [...LINE_OPTIONS, 'output', ...others]);
  checkLineOptions(argument, options);
  if (options.output !== undefined) checkFunction(`${argument}.output`, options.output);
}
