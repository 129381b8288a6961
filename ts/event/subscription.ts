import { Actor } from '../actor/actor.ts';
import { type Next, noreply, stop } from '../actor/outcome.ts';
import { checkInteger, checkOptions } from '../error/check.ts';
import { type ExitReason, isAbnormal } from '../error/exit-reason.ts';
import { incorrect, TergoError } from '../error/tergo-error.ts';
import type { Runtime } from '../node/runtime.ts';
import type { NodeProcess } from '../process/peer.ts';
import type { LocalPid } from '../process/pid.ts';
import type { Down } from '../relation/ended.ts';
import type { EventMessage, EventMeta } from './event-message.ts';

/** How an event is read from outside of a process. */
export interface SubscribeOptions {
  /** Ends the iteration with the error `aborted`. */
  readonly signal?: AbortSignal;
  /** How many messages may wait to be read; what comes on top is dropped and counted. 10000 by default. */
  readonly limit?: number;
}

/**
 * An event as an async iterable: first the buffered backlog, then what is published. It ends when the
 * event does, after all that was published: quietly if its producer came to an orderly end, otherwise
 * with the error that ended it, `process-terminated` (killed) or `unregistered` (the event was given up).
 *
 * @example
 * await using feed = node.subscribe(prices);
 * for await (const { message } of feed) console.log(message);
 */
export interface Subscription<T> extends AsyncIterable<EventMessage<T>>, AsyncDisposable {
  /** Messages that were dropped because too many waited. */
  readonly dropped: number;
  /** Ends the subscription; a pending read ends the iteration. */
  close(): Promise<void>;
}

/** So long a subscription may take once its node is connected, ms. */
const SUBSCRIBE_MS = 10_000;

type Result = IteratorResult<EventMessage<unknown>, undefined>;
interface Reader {
  resolve(result: Result): void;
  reject(error: Error): void;
}

/** The process behind a subscription. */
class Subscriber extends Actor<{ message: 'all taken'; event: unknown }> {
  #feed!: EventFeed;
  #error: Error | undefined;

  override async init(feed: EventFeed, event: string): Promise<void> {
    this.#feed = feed;
    for (const message of await this.monitorEvent<unknown>(event)) feed.push(message);
  }

  override handleEvent(_message: unknown, event: EventMeta): Next {
    this.#feed.push(event as EventMessage<unknown>);
    return noreply;
  }

  /** It went before the messages that wait: they come first, the end after them. */
  override handleDown({ reason }: Down): Next {
    this.#error = errorOf(reason);
    this.send(this.pid, 'all taken');
    return noreply;
  }

  override handleMessage(): Next {
    this.#feed.finish(this.#error);
    return stop('normal');
  }

  /** The node stops, or somebody ended it. */
  override terminate(): void {
    this.#feed.finish(undefined);
  }
}

/** How an iteration ends after the end of its event: with an error unless that was an orderly one. */
function errorOf(reason: ExitReason): Error | undefined {
  if (reason instanceof Error) return reason;
  if (!isAbnormal(reason)) return undefined;
  const text = "the event's producer was killed";
  return new TergoError('process-terminated', text, { cause: reason });
}

/** The queue between an event and one reader. @internal */
export class EventFeed implements Subscription<unknown> {
  readonly #runtime: Runtime;
  readonly #limit: number;
  #waiting: EventMessage<unknown>[] = [];
  /** Of those that wait, how many were read. */
  #head = 0;
  readonly #readers: Reader[] = [];
  /** The process behind it, also while that subscribes. */
  #reader: LocalPid | undefined;
  #isOver = false;
  #error: Error | undefined;
  #unlisten: () => void = () => {};
  dropped = 0;

  constructor(runtime: Runtime, event: unknown, options: SubscribeOptions = {}) {
    checkOptions('options', options, ['signal', 'limit']);
    const { limit = 10_000, signal } = options;
    checkInteger('options.limit', limit, 1);
    if (signal !== undefined && !(signal instanceof AbortSignal))
      throw incorrect('options.signal', 'an AbortSignal', signal);
    runtime.events.find(event);
    this.#runtime = runtime;
    this.#limit = limit;
    void this.#begin(event);
    if (signal !== undefined) this.#listen(signal);
  }

  /** At once, unless the node of the event has to be dialled first. */
  async #begin(event: unknown): Promise<void> {
    const { events, spawner, core, shutdown } = this.#runtime;
    // The answer of another node has a time of its own, whose error says more.
    const spawning = { args: [this, event], initTimeoutMs: SUBSCRIBE_MS };
    const opened = (peer: NodeProcess): void => void (this.#reader = peer.pid);
    try {
      const dialled = events.reach(event);
      if (dialled !== undefined) await dialled;
      if (!this.#isOver) await spawner.spawn(core, Subscriber, spawning, opened);
    } catch (error) {
      this.finish(error instanceof Error && !shutdown.isStopping ? error : undefined);
    }
  }

  push(message: EventMessage<unknown>): void {
    if (this.#isOver) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) reader.resolve({ done: false, value: message });
    else if (this.#waiting.length - this.#head < this.#limit) this.#waiting.push(message);
    else this.dropped += 1;
  }

  /** No more will come; what waits can still be read. */
  finish(error: Error | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#unlisten();
    this.#error = error;
    for (const reader of this.#readers.splice(0)) this.#settle(reader);
  }

  async close(): Promise<void> {
    this.finish(undefined);
    this.#waiting = [];
    this.#head = 0;
    const { runtime, reader } = { runtime: this.#runtime, reader: this.#reader };
    const record = reader === undefined ? undefined : runtime.recordOf(reader);
    if (record !== undefined) runtime.lifecycle.end(record, 'normal');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<EventMessage<unknown>, undefined> {
    return {
      next: () => this.#next(),
      return: async () => {
        await this.close();
        return { done: true, value: undefined };
      },
    };
  }

  #next(): Promise<Result> {
    const message = this.#take();
    if (message !== undefined) return Promise.resolve({ done: false, value: message });
    return new Promise((resolve, reject) => {
      const reader = { resolve, reject };
      if (this.#isOver) this.#settle(reader);
      else this.#readers.push(reader);
    });
  }

  /** The oldest of those that wait. */
  #take(): EventMessage<unknown> | undefined {
    const message = this.#waiting[this.#head];
    if (message === undefined) return undefined;
    this.#head += 1;
    // Now and then only: cutting the front off costs as much as the rest is long.
    if (this.#head * 2 >= this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    return message;
  }

  /** The first read after the end gets the error, if there is one. */
  #settle(reader: Reader): void {
    const error = this.#error;
    this.#error = undefined;
    if (error === undefined) reader.resolve({ done: true, value: undefined });
    else reader.reject(error);
  }

  #listen(signal: AbortSignal): void {
    const onAbort = (): void => {
      this.finish(
        new TergoError('aborted', 'the subscription was aborted', { cause: signal.reason }),
      );
      void this.close();
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    this.#unlisten = () => signal.removeEventListener('abort', onAbort);
  }
}
