import { inspect, styleText } from 'node:util';
import type { LineOptions } from './line-format.ts';
import type { LogFields, LogRecord, LogSource } from './log-record.ts';

/**
 * `2026-01-01T00:00:00.000Z [info] <AB12CD34.0.1001> 'name' Class: message key=value`. Nothing that a
 * program puts in can begin a line: control characters are escaped, and the lines of a stack indented.
 */
export function textLine(record: LogRecord, options: LineOptions): string {
  const time = textTime(record.timeMs, options);
  const source = textSource(record.source, options);
  const fields = options.includeFields === false ? '' : textFields(record.fields);
  return `${time}[${record.level}] ${source}: ${oneLine(record.message)}${fields}`;
}

const COLOURS = { debug: 'gray', info: 'green', warning: 'yellow', error: 'red' } as const;

/** The same for a terminal, with a short time. */
export function colouredLine(record: LogRecord, options: LineOptions): string {
  const time =
    options.time === undefined || options.time === 'iso'
      ? clockTime(record.timeMs)
      : textTime(record.timeMs, options);
  const level = paint(COLOURS[record.level], record.level.padEnd(7));
  const source = paint('cyan', textSource(record.source, options));
  const fields = options.includeFields === false ? '' : paint('dim', textFields(record.fields));
  return `${paint('dim', time)}${level} ${source} ${oneLine(record.message)}${fields}`;
}

function paint(style: Parameters<typeof styleText>[0], text: string): string {
  return text === '' ? '' : styleText(style, text, { validateStream: false });
}

function textTime(timeMs: number, { time }: LineOptions): string {
  if (time === 'none') return '';
  return time === 'ms' ? `${Math.floor(timeMs)} ` : `${new Date(timeMs).toISOString()} `;
}

/** The local time of day. */
function clockTime(timeMs: number): string {
  const date = new Date(timeMs);
  // Summer time and zone are taken off, so that the ISO text is the local time.
  const local = new Date(timeMs - date.getTimezoneOffset() * 60_000);
  return `${local.toISOString().slice(11, 23)} `;
}

function textSource(source: LogSource, options: LineOptions): string {
  if (source.type === 'node') return oneLine(source.node);
  if (source.type === 'application') return oneLine(`${source.node} '${source.name}'`);
  const { pid, name, behaviour } = source;
  const shownName = name === undefined || options.includeName === false ? '' : ` '${name}'`;
  const shownClass = options.includeBehaviour === false ? '' : ` ${behaviour}`;
  return oneLine(`${String(pid)}${shownName}${shownClass}`);
}

function textFields(fields: LogFields): string {
  return Object.entries(fields)
    .map(([key, value]) => ` ${textKey(key)}=${textValue(value)}`)
    .join('');
}

/** Quoted if it could be taken for something else. */
function textKey(key: string): string {
  return /^[\w.$@:/-]+$/.test(key) ? key : oneLine(JSON.stringify(key));
}

/** An error with its stack on lines of its own, everything else on one line. */
function textValue(value: unknown): string {
  if (typeof value === 'string') return oneLine(JSON.stringify(value));
  const shown = shownValue(value);
  return shown.includes('\n') ? shown.split('\n').map(oneLine).join('\n  ') : oneLine(shown);
}

/** A value for people. Throws what an `inspect` of its own does. */
export function shownValue(value: unknown): string {
  return inspect(value, { depth: 4, breakLength: value instanceof Error ? 80 : Infinity });
}

// oxlint-disable-next-line no-control-regex -- those are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
const CONTROLS = new RegExp(CONTROL, 'g');

/** Without characters that would end the line or drive the terminal. */
function oneLine(text: string): string {
  return CONTROL.test(text) ? text.replace(CONTROLS, escaped) : text;
}

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escaped(character: string): string {
  return SHORT[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
