import { isatty } from 'node:tty';
import { checkBoolean, checkChoice } from '../error/check.ts';
import { reasonText } from '../error/exit-reason.ts';
import { jsonLine } from './json-line.ts';
import type { LogRecord } from './log-record.ts';
import { colouredLine, shownValue, textLine } from './text-line.ts';

/** How a record becomes a line. Source: Ergo `gen.DefaultLoggerOptions`. */
export interface LineOptions {
  /**
   * `text` for people and files, `json` for machines (one object a line), `coloured` for a terminal: as text, but with a
   * short time and colours. Where colours are not wanted or not seen (no terminal, `NO_COLOR`, `TERM=dumb`; `FORCE_COLOR`
   * overrules these) `coloured` is `text`. `text` by default.
   */
  readonly format?: LineFormat;
  /** The time: `iso` (UTC, the default), `ms` since 1970, `none`. `coloured` shows the local time of day instead of `iso`. */
  readonly time?: 'iso' | 'ms' | 'none';
  /** Whether the class of a process is shown; true by default. */
  readonly includeBehaviour?: boolean;
  /** Whether the registered name of a process is shown; true by default. */
  readonly includeName?: boolean;
  /** Whether fields are shown, and the stack of an error with them; true by default. */
  readonly includeFields?: boolean;
}

/** The formats of lines. */
export type LineFormat = 'text' | 'json' | 'coloured';

/** Makes the line of a record, without its end. @internal */
export type Line = (record: LogRecord, options: LineOptions) => string;

/** The keys of `LineOptions`. @internal */
export const LINE_OPTIONS = ['format', 'time', 'includeBehaviour', 'includeName', 'includeFields'];

/** What makes the lines; `fd` is where they go, if that may be a terminal. @internal */
export function lineMaker({ format }: LineOptions, fd?: number): Line {
  if (format === 'json') return safely(jsonLine);
  return safely(format === 'coloured' && showsColours(fd) ? colouredLine : textLine);
}

/** What a getter, a `toJSON` or an `inspect` of a user throws costs that field, not the record and those that wait with it. */
function safely(line: Line): Line {
  return (record, options) => {
    try {
      return line(record, options);
    } catch {
      const names = Object.keys(record.fields);
      const fields = names.map((name) => [name, showable(line, record, options, name)] as const);
      return line({ ...record, fields: Object.fromEntries(fields) }, options);
    }
  };
}

/** The value of a field if it can be shown by itself, else a text in its place. */
function showable(line: Line, record: LogRecord, options: LineOptions, name: string): unknown {
  try {
    const value = record.fields[name];
    line({ ...record, fields: { [name]: value } }, options);
    return value;
  } catch {
    return textOf(() => record.fields[name]);
  }
}

function textOf(read: () => unknown): string {
  try {
    return shownValue(read());
  } catch (error) {
    return `cannot be shown: ${reasonText(error)}`;
  }
}

/** Throws `incorrect`, naming the key. @internal */
export function checkLineOptions(argument: string, options: LineOptions): void {
  const { format, time } = options;
  if (format !== undefined) checkChoice(`${argument}.format`, format, ['text', 'json', 'coloured']);
  if (time !== undefined) checkChoice(`${argument}.time`, time, ['iso', 'ms', 'none']);
  for (const key of ['includeBehaviour', 'includeName', 'includeFields'] as const)
    if (options[key] !== undefined) checkBoolean(`${argument}.${key}`, options[key]);
}

/** Sources: https://no-color.org, https://force-color.org, and what Node.js does. */
function showsColours(fd: number | undefined): boolean {
  const { FORCE_COLOR, NO_COLOR, TERM } = process.env;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  if ((NO_COLOR ?? '') !== '' || TERM === 'dumb') return false;
  return fd !== undefined && isatty(fd);
}
