import { inspect } from 'node:util';
import type { LineOptions } from './line-format.ts';
import type { LogRecord, LogSource } from './log-record.ts';

/**
 * One JSON object: `time`, `level`, `source`, `message`, `fields`, and `stack` if the field `error` is one. Errors
 * become name, message, code, stack and cause. Source: Ergo's JSON output, where all values of fields are strings.
 */
export function jsonLine(record: LogRecord, options: LineOptions): string {
  const { timeMs, level, message, fields } = record;
  const source = jsonSource(record.source, options);
  const head = { time: jsonTime(timeMs, options), level, source, message };
  if (options.includeFields === false) return JSON.stringify(head, plainValues(undefined));
  const error = fields['error'] instanceof Error ? fields['error'] : undefined;
  return JSON.stringify({ ...head, fields, stack: error?.stack }, plainValues(error));
}

/** An error as JSON can hold it. */
export function plainError(error: Error, withStack: boolean): object {
  const { name, message, stack, cause } = error;
  const code = 'code' in error ? error.code : undefined;
  return { name, message, code, ...(withStack ? { stack } : {}), cause };
}

function jsonTime(timeMs: number, { time }: LineOptions): string | number | undefined {
  if (time === 'none') return undefined;
  return time === 'ms' ? timeMs : new Date(timeMs).toISOString();
}

function jsonSource(source: LogSource, options: LineOptions): LogSource {
  if (source.type !== 'process') return source;
  const { behaviour, name, ...rest } = source;
  return {
    ...rest,
    ...(options.includeName === false ? {} : { name }),
    ...(options.includeBehaviour === false ? {} : { behaviour }),
  } as LogSource;
}

/**
 * A replacer by which no record is lost: what JSON cannot hold becomes text, and a loop ends. The stack of
 * `main` stands elsewhere.
 */
function plainValues(
  main: Error | undefined,
): (this: unknown, key: string, value: unknown) => unknown {
  /** The values around the one in hand, outermost first; and what stands for each. */
  const around: { readonly value: unknown; readonly shown: unknown }[] = [];
  return function (this: unknown, _key: string, value: unknown): unknown {
    while (around.length > 0 && around.at(-1)?.shown !== this) around.pop();
    const shown = around.some((outer) => outer.value === value)
      ? '[circular]'
      : plain(value, value !== main);
    around.push({ value, shown });
    return shown;
  };
}

function plain(value: unknown, withStack: boolean): unknown {
  if (typeof value === 'bigint' || typeof value === 'function' || typeof value === 'symbol')
    return String(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (value instanceof Map || value instanceof Set) return inspect(value);
  return value instanceof Error ? plainError(value, withStack) : value;
}
