import { checkName } from '../error/check.ts';
import { TergoError } from '../error/tergo-error.ts';
import type { Clock } from '../scheduler/clock.ts';
import { flushAtExit } from './exit-flush.ts';
import { complain } from './fd-sink.ts';
import type { LogFields, LogRecord, LogSource } from './log-record.ts';
import type { Logger, LoggerInfo, LoggerOptions } from './logger.ts';
import type { LaneOwner, LoggerLane } from './logger-lane.ts';
import { QueueLane } from './queue-lane.ts';

/** Whose loggers they are: a node. */
export interface HubOwner {
  readonly clock: Pick<Clock, 'now' | 'wallNow'>;
  logSource(): LogSource;
}

/** The loggers of one node; each record goes to all that want it, in the order in which they were added. */
export class LogHub implements LaneOwner {
  readonly #owner: HubOwner;
  readonly #lanes = new Map<string, LoggerLane>();
  /** Those that were removed and are not at their end. */
  readonly #leaving = new Map<LoggerLane, Promise<void>>();
  #leaveExit: (() => void) | undefined;
  /** Takes every record elsewhere: to the thread where the loggers are. */
  relay: ((record: LogRecord, only: string | undefined) => void) | undefined = undefined;
  /** Whether a message is just being written for another thread or node, so that no record can be: what is logged then comes from a getter of it. */
  isHeldUp: (() => boolean) | undefined = undefined;
  /** What was logged then, in order. */
  readonly #late: (readonly [record: LogRecord, only: string | undefined])[] = [];

  constructor(owner: HubOwner) {
    this.#owner = owner;
  }

  /** Throws `taken` when the name is in use and `incorrect` for anything that is no logger. */
  add(name: string, logger: Logger, options: LoggerOptions = {}): void {
    this.checkFree(name);
    this.addLane(new QueueLane(name, logger, options, this));
  }

  /** Throws `incorrect` for a bad name and `taken` for one in use. */
  checkFree(name: string): void {
    checkName('name', name);
    if (this.#lanes.has(name))
      throw new TergoError('taken', `there is a logger '${name}' already; remove it first`);
  }

  addLane(lane: LoggerLane): void {
    this.#lanes.set(lane.name, lane);
    this.#leaveExit ??= flushAtExit(this);
  }

  /** Whether there was such a logger. What waits for it is still written. */
  remove(name: string): boolean {
    const lane = this.#lanes.get(name);
    if (lane === undefined) return false;
    this.#lanes.delete(name);
    const waiting = lane.drained();
    const ended = waiting === undefined ? lane.close() : waiting.then(() => lane.close());
    if (ended !== undefined) this.#await(lane, ended);
    return true;
  }

  names(): readonly string[] {
    return [...this.#lanes.keys()];
  }

  list(): readonly LoggerInfo[] {
    return Array.from(this.#lanes.values(), (lane) => lane.info());
  }

  /** To the logger `only`; without it, or when there is none of that name, to all that are not hidden. */
  write(record: LogRecord, only?: string): void {
    if (this.isHeldUp?.() === true) {
      if (this.#late.push([record, only]) === 1) queueMicrotask(() => this.#writeLate());
      return;
    }
    if (this.#late.length > 0) this.#writeLate();
    this.#write(record, only);
  }

  #writeLate(): void {
    for (const [record, only] of this.#late.splice(0)) this.#write(record, only);
  }

  #write(record: LogRecord, only: string | undefined): void {
    if (this.relay !== undefined) return this.relay(record, only);
    const chosen = only === undefined ? undefined : this.#lanes.get(only);
    if (chosen !== undefined) return void chosen.offer(record);
    for (const lane of this.#lanes.values()) if (!lane.isHidden) lane.offer(record);
  }

  /** Ends all loggers: lets them write what waits, and awaits their `terminate`, until `over` resolves. */
  async close(over: Promise<void>): Promise<void> {
    await Promise.race([this.#drained(), over]);
    const late = [...this.#lanes.values()].filter((lane) => lane.drained() !== undefined);
    for (const lane of late) lane.fail(lateError(lane), lane.queued);
    for (const lane of this.#lanes.values()) {
      const ended = lane.close();
      if (ended !== undefined) this.#await(lane, ended);
    }
    this.#lanes.clear();
    await Promise.race([this.#left(), over]);
    this.#leaveExit?.();
    this.#leaveExit = undefined;
  }

  flush(): void {
    this.#writeLate();
    for (const lane of [...this.#leaving.keys(), ...this.#lanes.values()]) lane.flush();
  }

  now(): number {
    return this.#owner.clock.now();
  }

  record(level: LogRecord['level'], message: string, fields: LogFields): LogRecord {
    const timeMs = this.#owner.clock.wallNow();
    return { timeMs, level, source: this.#owner.logSource(), message, fields };
  }

  tell(failed: LoggerLane, error: unknown): void {
    const record = this.record('error', 'a logger failed', { logger: failed.name, error });
    const others = [...this.#lanes.values()].filter((lane) => lane !== failed && !lane.isHidden);
    const taken = others.filter((lane) => lane.offer(record));
    if (taken.length === 0) complain(`tergo: logger '${failed.name}' failed:`, error);
  }

  async #drained(): Promise<void> {
    for (;;) {
      const waiting = [...this.#lanes.values()].flatMap((lane) => lane.drained() ?? []);
      if (waiting.length === 0) return;
      await Promise.all(waiting);
    }
  }

  async #left(): Promise<void> {
    await Promise.all(this.#leaving.values());
  }

  #await(lane: LoggerLane, ended: Promise<void>): void {
    const left = ended.then(() => void this.#leaving.delete(lane));
    this.#leaving.set(lane, left);
  }
}

function lateError({ queued }: LoggerLane): TergoError {
  return new TergoError(
    'timeout',
    `the node had to stop before all was written; ${queued} records may be lost`,
  );
}
