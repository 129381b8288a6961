import { checkFunction } from '../error/check.ts';
import { incorrect } from '../error/tergo-error.ts';
import type { LogRecord } from './log-record.ts';
import type { Logger, LoggerOptions } from './logger.ts';
import { type LaneOwner, LoggerLane } from './logger-lane.ts';

/** How many records `logAll` gets at most. */
const BATCH = 1000;
/** Stands for the result of a call that threw. */
const FAILED = Symbol('failed');

/** The way to a `Logger`: its records wait in a queue while a promise of it is pending. */
export class QueueLane extends LoggerLane {
  readonly #logger: Logger;
  #queue: LogRecord[] = [];
  /** Of the records in the queue, how many were handed over. */
  #head = 0;
  /** Records of the call whose promise is pending. */
  #inHand = 0;
  #onDrained: PromiseWithResolvers<void> | undefined;

  /** Throws `incorrect` for anything that is no logger. */
  constructor(name: string, logger: Logger, options: LoggerOptions, owner: LaneOwner) {
    super(name, options, owner);
    checkLogger(logger);
    this.#logger = logger;
    logger.start?.((error) => this.fail(error, 0));
  }

  override get queued(): number {
    return this.#waiting + this.#inHand;
  }

  protected override put(record: LogRecord): boolean {
    if (this.#inHand === 0 && this.#waiting === 0) this.#hand([record]);
    else if (this.#waiting >= this.queueSize) return false;
    else this.#queue.push(record);
    return true;
  }

  override drained(): Promise<void> | undefined {
    if (this.#inHand === 0) return undefined;
    this.#onDrained ??= Promise.withResolvers();
    return this.#onDrained.promise;
  }

  override close(): Promise<void> | void {
    this.drop(this.#waiting);
    this.#take(this.#waiting);
    const ended = this.#guard(0, () => this.#logger.terminate?.());
    if (isPromise(ended)) return ended.then(undefined, (error: unknown) => this.fail(error, 0));
  }

  override flush(): void {
    const rest = this.#take(this.#waiting);
    this.#guard(rest.length, () => this.#logger.flush?.(rest));
  }

  get #waiting(): number {
    return this.#queue.length - this.#head;
  }

  /** One record, or as many as `logAll` takes. */
  #hand(records: readonly LogRecord[]): void {
    const logger = this.#logger;
    const result = this.#guard(records.length, () =>
      logger.logAll === undefined ? logger.log(records[0]!) : logger.logAll(records),
    );
    if (isPromise(result)) this.#await(result, records.length);
    else if (result !== FAILED) this.written += records.length;
  }

  #await(promise: Promise<unknown>, count: number): void {
    this.#inHand = count;
    const done = (): void => {
      this.#inHand = 0;
      this.written += count;
      this.#next();
    };
    const failed = (error: unknown): void => {
      this.#inHand = 0;
      this.fail(error, count);
      this.#next();
    };
    void Promise.resolve(promise).then(done, failed);
  }

  /** Nothing is in hand: what waits goes on. */
  #next(): void {
    const batch = this.#logger.logAll === undefined ? 1 : BATCH;
    while (this.#inHand === 0) {
      if (this.#waiting > 0) this.#hand(this.#take(batch));
      this.tellDropped();
      if (this.#waiting === 0) break;
    }
    if (this.#inHand > 0) return;
    this.#onDrained?.resolve();
    this.#onDrained = undefined;
  }

  /** The oldest `count` records, or as many as there are, out of the queue. */
  #take(count: number): LogRecord[] {
    const taken = this.#queue.slice(this.#head, this.#head + count);
    this.#head += taken.length;
    // Now and then only: cutting the front off costs as much as the rest is long.
    if (this.#head * 2 >= this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return taken;
  }

  /** What a method of the logger gives, or `FAILED`: it must never end a process. */
  #guard(count: number, action: () => unknown): unknown {
    const wasInside = this.isInside;
    this.isInside = true;
    try {
      return action();
    } catch (error) {
      this.fail(error, count);
      return FAILED;
    } finally {
      this.isInside = wasInside;
    }
  }
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as Promise<unknown> | undefined)?.then === 'function';
}

function checkLogger(logger: Logger): void {
  if (typeof logger !== 'object' || logger === null)
    throw incorrect('logger', 'an object with a log method', logger);
  checkFunction('logger.log', logger.log);
  for (const key of ['logAll', 'flush', 'terminate', 'start'] as const)
    if (logger[key] !== undefined) checkFunction(`logger.${key}`, logger[key]);
}
