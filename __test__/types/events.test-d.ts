import { Actor, eventId, eventName, noreply } from 'tergo';
import type {
  EventMessage,
  EventMeta,
  EventName,
  Next,
  Node,
  Publisher,
  Request,
  SendResult,
} from 'tergo';
import type { Subscription } from 'tergo';
import { type Equal, expect, fits } from './expect.ts';

declare const node: Node;
type Tick = { type: 'tick'; n: number };
type Tock = { type: 'tock' };
const tick: EventName<Tick> = eventName('tick');
const tock: EventName<Tock> = eventName('tock');

export class Listener extends Actor<{ event: Tick }> {
  override async init(): Promise<void> {
    const missed = await this.linkEvent(tick);
    expect<Equal<typeof missed, readonly EventMessage<Tick>[]>>();
    const more = await this.monitorEvent(eventId(tick, 'a@localhost'));
    expect<Equal<typeof more, readonly EventMessage<Tick>[]>>();
    // @ts-expect-error TS2345 the protocol does not list this event
    await this.linkEvent(tock);
    // @ts-expect-error TS2345 nor here
    await this.monitorEvent(tock);
    await this.unlinkEvent(tick);
    await this.demonitorEvent(eventId(tick, 'a@localhost'));
  }
  override handleEvent(message: Tick, event: EventMeta): Next {
    expect<Equal<typeof event.timestampNs, bigint>>();
    fits<number>(message.n);
    return noreply;
  }
}

// Publishing: by the right to it, by name if the event is open; always the message of that event.
export class Producer extends Actor<{ message: Tick }> {
  #ticks!: Publisher<Tick>;

  override init(): void {
    this.#ticks = this.registerEvent(tick, { buffer: 10, notify: true, open: true });
    // @ts-expect-error TS2322 the right to another event
    this.#ticks = this.registerEvent(tock);
    // @ts-expect-error TS2353 there is no such option
    this.registerEvent(tock, { buffers: 10 });
    const byRight = this.sendEvent(this.#ticks, { type: 'tick', n: 1 }, { priority: 'high' });
    expect<Equal<typeof byRight, SendResult>>();
    this.sendEvent(tick, { type: 'tick', n: 1 });
    // @ts-expect-error TS2322 wrong payload
    this.sendEvent(this.#ticks, { type: 'tock' });
    // @ts-expect-error TS2322 wrong payload by name
    this.sendEvent(tick, { type: 'tock' });
    // @ts-expect-error TS2345 a part of it is missing
    this.sendEvent(tick, { type: 'tick' });
    this.unregisterEvent(tick);
  }
  override handleMessage(_message: Tick): Next {
    return noreply;
  }
}

// The right to publish may be handed on, and stays what it is.
type Lend = Request<{ type: 'lend' }, Publisher<Tick>>;
export async function publishFor(
  lender: Parameters<typeof node.call<{ request: Lend }, 'lend'>>[0],
): Promise<void> {
  const publisher = await node.call<{ request: Lend }, 'lend'>(lender, { type: 'lend' });
  node.sendEvent(publisher, { type: 'tick', n: 2 });
  // @ts-expect-error TS2322 wrong payload
  node.sendEvent(publisher, { type: 'tock' });
}

// From outside of a process an event is an async iterable.
const feed = node.subscribe(tick, { signal: AbortSignal.timeout(10), limit: 5 });
expect<Equal<typeof feed, Subscription<Tick>>>();
fits<AsyncDisposable>(feed);
fits<number>(feed.dropped);
for await (const event of feed) {
  expect<Equal<typeof event.message, Tick>>();
  fits<string>(event.name);
}
// @ts-expect-error TS2353 there is no such option
node.subscribe(tick, { buffer: 5 });
const publisher = node.registerEvent(tock);
expect<Equal<typeof publisher, Publisher<Tock>>>();
