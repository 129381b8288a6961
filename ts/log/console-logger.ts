import { inspect } from 'node:util';
import type { LogFields, LogRecord, LogSource } from './log-record.ts';
import type { Logger } from './logger.ts';

/** How the console logger writes. */
export interface ConsoleLoggerOptions {
  /** `text` for people, `json` for machines (one object a line); `text` by default. */
  readonly format?: 'text' | 'json';
  /** Takes each finished line, without its end; standard error by default. */
  readonly output?: (line: string) => void;
}

/**
 * The default logger. Text: `2026-01-01T00:00:00.000Z [info] <AB12CD34.0.1001> 'name' Class: message key=value`.
 * JSON: keys `time`, `level`, `source`, `message`, `fields`; errors become name, message, code, stack and cause.
 */
export class ConsoleLogger implements Logger {
  readonly #json: boolean;
  readonly #output: (line: string) => void;

  constructor(options: ConsoleLoggerOptions = {}) {
    this.#json = options.format === 'json';
    this.#output = options.output ?? ((line) => process.stderr.write(`${line}\n`));
  }

  log(record: LogRecord): void {
    this.#output(this.#json ? jsonLine(record) : textLine(record));
  }
}

function textLine({ timeMs, level, source, message, fields }: LogRecord): string {
  const time = new Date(timeMs).toISOString();
  return `${time} [${level}] ${textSource(source)}: ${message}${textFields(fields)}`;
}

function textSource(source: LogSource): string {
  if (source.type === 'node') return source.node;
  if (source.type === 'application') return `${source.node} '${source.name}'`;
  const name = source.name === undefined ? '' : ` '${source.name}'`;
  return `${String(source.pid)}${name} ${source.behaviour}`;
}

function textFields(fields: LogFields): string {
  return Object.entries(fields)
    .map(
      ([key, value]) =>
        ` ${key}=${typeof value === 'string' ? JSON.stringify(value) : shown(value)}`,
    )
    .join('');
}

/** An error with its stack on lines of its own, everything else on one line. */
function shown(value: unknown): string {
  return value instanceof Error
    ? inspect(value, { depth: 4 })
    : inspect(value, { breakLength: Infinity, depth: 4 });
}

function jsonLine({ timeMs, level, source, message, fields }: LogRecord): string {
  const head = { time: new Date(timeMs).toISOString(), level, source, message };
  try {
    return JSON.stringify({ ...head, fields }, plainValues());
  } catch {
    // A getter or a toJSON of a user threw; `inspect` calls neither.
    return JSON.stringify({ ...head, fields: shown(fields) });
  }
}

/** A replacer by which no record is lost: what JSON cannot hold becomes text, and a loop ends. */
function plainValues(): (this: unknown, key: string, value: unknown) => unknown {
  /** The values around the one in hand, outermost first; and what stands for each. */
  const around: { readonly value: unknown; readonly shown: unknown }[] = [];
  return function (this: unknown, _key: string, value: unknown): unknown {
    while (around.length > 0 && around.at(-1)?.shown !== this) around.pop();
    const shown = around.some((outer) => outer.value === value) ? '[circular]' : plain(value);
    around.push({ value, shown });
    return shown;
  };
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint' || typeof value === 'function' || typeof value === 'symbol')
    return String(value);
  if (value instanceof Map || value instanceof Set) return inspect(value);
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  return { name, message, code: 'code' in value ? value.code : undefined, stack, cause };
}
