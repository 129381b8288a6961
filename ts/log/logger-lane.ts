import { checkChoice, checkFunction, checkInteger, checkOptions } from '../error/check.ts';
import { incorrect } from '../error/tergo-error.ts';
import { WRITTEN_LEVELS } from './log-level.ts';
import type { LogFields, LogRecord } from './log-record.ts';
import type { LoggerInfo, LoggerOptions } from './logger.ts';

const QUEUE_SIZE = 10_000;
/** How often a loss is told at least, while the queue never runs empty, ms. */
const TELL_EVERY_MS = 10_000;
/** A failure is told again when there was none for so long, ms. */
const CALM_MS = 60_000;

/** What a lane asks of its node. */
export interface LaneOwner {
  /** Monotonic time, ms. */
  now(): number;
  /** A record of the node itself. */
  record(level: LogRecord['level'], message: string, fields: LogFields): LogRecord;
  /** Tells of a logger's failure: to the other loggers, else on the console. */
  tell(failed: LoggerLane, error: unknown): void;
}

/** The way to one logger: what it wants, what waits for it, what became of its records. */
export abstract class LoggerLane {
  readonly name: string;
  readonly queueSize: number;
  /** Records that it has taken. */
  protected written = 0;
  /** Whether code of the logger is on the stack: what that logs does not come back to it. */
  protected isInside = false;
  protected readonly owner: LaneOwner;
  readonly #levels: readonly string[];
  readonly #filter: LoggerOptions['filter'];
  #dropped = 0;
  #failed = 0;
  /** How many drops were not told, and since when. */
  #untold = 0;
  #untoldSince = 0;
  #failedAt = -Infinity;

  /** Throws `incorrect`, naming the key. */
  constructor(name: string, options: LoggerOptions, owner: LaneOwner) {
    checkLoggerOptions(options);
    this.name = name;
    this.owner = owner;
    this.queueSize = options.queueSize ?? QUEUE_SIZE;
    this.#levels = options.levels === undefined ? WRITTEN_LEVELS : [...options.levels];
    this.#filter = options.filter;
  }

  /** How many records wait or are being written. */
  abstract get queued(): number;
  /** Hands a record over, or lets it wait; false when there is no room. */
  protected abstract put(record: LogRecord): boolean;
  /** Resolves when nothing waits any more; `undefined` when nothing does. */
  abstract drained(): Promise<void> | undefined;
  /** Gives up what waits, and ends the logger. */
  abstract close(): Promise<void> | void;
  /** The OS process ends. */
  abstract flush(): void;

  /** Whether its name begins with a dot: reached by that name only. */
  get isHidden(): boolean {
    return this.name.startsWith('.');
  }

  /** Takes a record if the logger wants it; false when it does not. */
  offer(record: LogRecord): boolean {
    if (this.isInside || !this.#wants(record)) return false;
    if (!this.put(record)) this.drop(1);
    return true;
  }

  info(): LoggerInfo {
    return {
      name: this.name,
      levels: WRITTEN_LEVELS.filter((level) => this.#levels.includes(level)),
      queueSize: this.queueSize,
      queued: this.queued,
      written: this.written,
      dropped: this.#dropped,
      failed: this.#failed,
    };
  }

  /** So many records will not reach it. */
  protected drop(count: number): void {
    if (this.#untold === 0) this.#untoldSince = this.owner.now();
    this.#dropped += count;
    this.#untold += count;
  }

  /** Something that waited was handed over: if it is time to, the logger is told of what it did not get. */
  protected tellDropped(): void {
    const dropped = this.#untold;
    if (dropped === 0) return;
    const now = this.owner.now();
    if (this.queued > 0 && now - this.#untoldSince < TELL_EVERY_MS) return;
    this.#untold = 0;
    const fields = { logger: this.name, dropped, queueSize: this.queueSize };
    this.put(this.owner.record('warning', 'the logger was too slow: records were dropped', fields));
  }

  /** It failed at so many records. */
  fail(error: unknown, count: number): void {
    const now = this.owner.now();
    const isTold = now - this.#failedAt < CALM_MS;
    this.#failed += count;
    this.#failedAt = now;
    if (!isTold) this.owner.tell(this, error);
  }

  #wants(record: LogRecord): boolean {
    if (this.#levels !== WRITTEN_LEVELS && !this.#levels.includes(record.level)) return false;
    if (this.#filter === undefined) return true;
    this.isInside = true;
    try {
      return this.#filter(record);
    } catch (error) {
      this.fail(error, 1);
      return false;
    } finally {
      this.isInside = false;
    }
  }
}

function checkLoggerOptions(options: LoggerOptions): void {
  checkOptions('options', options, ['levels', 'filter', 'queueSize']);
  const { levels, filter, queueSize } = options;
  if (filter !== undefined) checkFunction('options.filter', filter);
  if (queueSize !== undefined) checkInteger('options.queueSize', queueSize, 1);
  if (levels === undefined) return;
  if (!Array.isArray(levels)) throw incorrect('options.levels', 'a list of levels', levels);
  for (const level of levels) checkChoice('options.levels', level, WRITTEN_LEVELS);
}
