import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { checkBoolean, checkChoice, checkInteger, checkOptions } from '../error/check.ts';
import { incorrect, TergoError } from '../error/tergo-error.ts';
import {
  checkLineOptions,
  type Line,
  LINE_OPTIONS,
  lineMaker,
  type LineOptions,
} from './line-format.ts';
import { complain } from './fd-sink.ts';
import { LogFile } from './log-file.ts';
import type { LogRecord } from './log-record.ts';
import type { Logger } from './logger.ts';
import { OldFiles, type OldFilesOptions } from './old-files.ts';

/** After a failure it is left alone for so long, ms by the times of the records. */
const RETRY_MS = 5000;
const HOUR_MS = 3_600_000;

/** Where and how a file logger writes. Source: Ergo's logger `rotate`. */
export interface FileLoggerOptions extends LineOptions, OldFilesOptions {
  /** The file; its folder must be there. What the file holds already stays. */
  readonly path: string;
  /**
   * How long one file is written: `hour` or `day` (of UTC), or ms from 1000 on, counted from 1970; for ever
   * by default. The first record of the next period puts the file aside.
   */
  readonly period?: 'hour' | 'day' | number;
  /** How large a file may grow, bytes; without a limit by default. A line that is longer has a file of its own. */
  readonly maxBytes?: number;
}

/** The files that loggers of this OS process write. */
const claimed = new Set<string>();

/**
 * Writes records to a file and puts it aside by size and period, by the times of the records. Nobody waits for
 * the disk: records that come meanwhile wait and are written together. When the file cannot be written (the
 * disk is full, the folder is missing) that is told once, records are counted as `failed`, and 5 s later it is tried
 * again; a line then says how many were lost. A path belongs to one logger: a second one in the same OS process is
 * refused with `taken`, in another it must not be.
 *
 * @example
 * const logger = new FileLogger({ path: '/var/log/shop.log', format: 'json', period: 'day', depth: 7, gzip: true });
 * node.addLogger('file', logger, { levels: ['warning', 'error'] });
 */
export class FileLogger implements Logger {
  readonly #options: FileLoggerOptions;
  readonly #path: string;
  readonly #line: Line;
  readonly #periodMs: number;
  readonly #old: OldFiles;
  #report: (error: unknown) => void = (error) => complain('tergo: log file:', error);
  #isStarted = false;
  #file: LogFile | undefined;
  /** The number of the period that the file is of. */
  #period = 0;
  /** Of the batch that is under way: what is not being written yet. */
  #left: readonly LogRecord[] = [];
  /** Resolves when the batch that is under way is over. */
  #batch: Promise<void> = Promise.resolve();
  /** Records that were lost since the last that was written. */
  #lost = 0;
  /** When it last failed: to write; to put the file aside. */
  #writeFailedMs = -Infinity;
  #putAsideFailedMs = -Infinity;

  /** Touches no file yet. Throws `incorrect`, naming the key. */
  constructor(options: FileLoggerOptions) {
    checkFileOptions(options);
    this.#options = { ...options };
    this.#path = path.resolve(options.path);
    this.#line = lineMaker(options);
    this.#periodMs = periodMsOf(options.period);
    this.#old = new OldFiles(this.#path, options, (error) => this.#report(error));
  }

  /** Throws `taken` when the path is that of another logger, or this one serves another node. */
  start(report: (error: unknown) => void): void {
    if (claimed.has(this.#path)) {
      const text = `another logger of this OS process writes ${this.#path}; give each a path of its own`;
      throw new TergoError('taken', text);
    }
    claimed.add(this.#path);
    this.#isStarted = true;
    this.#report = report;
    this.#old.tidy();
  }

  /** Resolves when it is written; rejects with what the system says. */
  log(record: LogRecord): Promise<void> {
    return this.logAll([record]);
  }

  /** The same for many; one call at a time. */
  logAll(records: readonly LogRecord[]): Promise<void> {
    const written = this.#write(records);
    // Whoever called hears of a failure.
    this.#batch = written.catch(() => undefined);
    return written;
  }

  /** Writes what is under way, and these. */
  flush(records: readonly LogRecord[]): void {
    const lines = [...this.#left, ...records].map((record) => this.#lineOf(record));
    const data = Buffer.from(lines.join(''));
    if (this.#file !== undefined) this.#file.writeSync(data);
    else if (data.length > 0) appendFileSync(this.#path, data);
  }

  /** Closes the file, once all is written and compressed. */
  async terminate(): Promise<void> {
    await this.#batch;
    try {
      await this.#close();
      await this.#old.settled();
    } finally {
      if (this.#isStarted) claimed.delete(this.#path);
      this.#isStarted = false;
    }
  }

  async #write(records: readonly LogRecord[]): Promise<void> {
    const nowMs = records[0]?.timeMs ?? 0;
    const isResting = isSoonAfter(this.#writeFailedMs, nowMs);
    let done = 0;
    try {
      if (isResting) throw new Error(`${this.#path} could not be written a moment ago`);
      while (done < records.length) done += await this.#writePart(records.slice(done));
    } catch (error) {
      this.#lost += records.length - done;
      if (!isResting) this.#writeFailedMs = nowMs;
      await this.#close();
      throw error;
    } finally {
      this.#left = [];
    }
  }

  /** Writes as many as the file may hold, or puts it aside; gives how many it wrote. */
  async #writePart(records: readonly LogRecord[]): Promise<number> {
    const first = records[0]!;
    this.#left = records;
    const file = (this.#file ??= await this.#open(first));
    const lines = this.#part(file, records);
    if (lines.length === 0) {
      await this.#putAside(first.timeMs);
      return 0;
    }
    this.#left = records.slice(lines.length);
    const note = this.#lost === 0 ? '' : this.#lineOf(this.#lossOf(first));
    await file.write(Buffer.concat([Buffer.from(note), ...lines]));
    this.#lost = 0;
    return lines.length;
  }

  /** The lines of the first records, as many as go into the file. */
  #part(file: LogFile, records: readonly LogRecord[]): Buffer[] {
    const lines: Buffer[] = [];
    let { size } = file;
    for (const record of records) {
      const line = Buffer.from(this.#lineOf(record));
      if (file.isRegular && this.#isOver(size, line.length, record)) break;
      lines.push(line);
      size += line.length;
    }
    return lines;
  }

  /** Whether the file, with `size` bytes in it, has to be put aside before the line. */
  #isOver(size: number, length: number, { timeMs }: LogRecord): boolean {
    if (size === 0 || isSoonAfter(this.#putAsideFailedMs, timeMs)) return false;
    const { maxBytes = Infinity } = this.#options;
    return size + length > maxBytes || this.#periodAt(timeMs) > this.#period;
  }

  async #open(record: LogRecord): Promise<LogFile> {
    const file = await LogFile.open(this.#path);
    this.#period = this.#periodAt(file.size > 0 ? file.changedMs : record.timeMs);
    return file;
  }

  /** A failure is told, and the file written on. */
  async #putAside(timeMs: number): Promise<void> {
    await this.#close();
    try {
      await this.#old.putAside(timeMs);
      this.#old.tidy();
    } catch (error) {
      this.#putAsideFailedMs = timeMs;
      this.#report(error);
    }
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  #periodAt(timeMs: number): number {
    return Math.floor(timeMs / this.#periodMs);
  }

  #lossOf({ timeMs, source: { node } }: LogRecord): LogRecord {
    const message = 'records were lost: the file could not be written';
    const fields = { lost: this.#lost };
    return { timeMs, level: 'warning', source: { type: 'node', node }, message, fields };
  }

  #lineOf(record: LogRecord): string {
    return `${this.#line(record, this.#options)}\n`;
  }
}

/** Too soon to try again. A clock that was set back says nothing, so then it is not. */
function isSoonAfter(failedMs: number, nowMs: number): boolean {
  return nowMs >= failedMs && nowMs < failedMs + RETRY_MS;
}

function periodMsOf(period: FileLoggerOptions['period']): number {
  if (period === undefined) return Infinity;
  if (period === 'hour') return HOUR_MS;
  return period === 'day' ? 24 * HOUR_MS : period;
}

function checkFileOptions(options: FileLoggerOptions): void {
  if (options === undefined) throw incorrect('options', 'an object', options);
  const own = ['path', 'period', 'maxBytes', 'depth', 'gzip'];
  checkOptions('options', options, [...LINE_OPTIONS, ...own]);
  checkLineOptions('options', options);
  const { path: file, period, maxBytes, depth, gzip } = options;
  if (typeof file !== 'string' || file === '')
    throw incorrect('options.path', 'a non-empty string', file);
  if (typeof period === 'string') checkChoice('options.period', period, ['hour', 'day']);
  else if (period !== undefined) checkInteger('options.period', period, 1000);
  if (maxBytes !== undefined) checkInteger('options.maxBytes', maxBytes, 1);
  if (depth !== undefined) checkInteger('options.depth', depth, 0);
  if (gzip !== undefined) checkBoolean('options.gzip', gzip);
}
