import { Actor, eventName, noreply, reply, startNode } from 'tergo';
import type { Answer, Down, EventName, Next, Publisher, Request } from 'tergo';

export type Price = { type: 'price'; symbol: string; cents: number };
export const prices: EventName<Price> = eventName('prices');

type Quote = { type: 'quote'; cents: number };
export class Exchange extends Actor<{ message: Quote }> {
  #prices!: Publisher<Price>;

  override init(): void {
    this.#prices = this.registerEvent(prices, { buffer: 10, notify: true });
  }

  override handleMessage({ cents }: Quote): Next {
    this.sendEvent(this.#prices, { type: 'price', symbol: 'TRG', cents });
    return noreply;
  }

  override handleEventStart(event: string): Next {
    console.log('somebody listens to', event);
    return noreply;
  }
}

type Seen = Request<{ type: 'seen' }, readonly number[]>;
export class Trader extends Actor<{ event: Price; request: Seen }> {
  readonly #cents: number[] = [];

  override async init(): Promise<void> {
    for (const { message } of await this.monitorEvent(prices)) this.#cents.push(message.cents);
  }

  override handleEvent({ cents }: Price): Next {
    this.#cents.push(cents);
    return noreply;
  }

  override handleDown({ kind }: Down): Next {
    this.log.info('no more prices', { kind });
    return noreply;
  }

  override handleCall(request: Seen): Answer {
    return reply(request, this.#cents);
  }
}

await using node = await startNode('market@localhost');
const exchange = await node.spawn(Exchange);
node.send(exchange, { type: 'quote', cents: 1250 }); // kept for whoever comes later

const trader = await node.spawn(Trader);
node.send(exchange, { type: 'quote', cents: 1260 });

// Outside of a process an event is an async iterable: first the buffer, then what is published.
await using feed = node.subscribe(prices, { signal: AbortSignal.timeout(5000) });
let count = 0;
for await (const { message } of feed) {
  console.log(message.symbol, message.cents);
  if (++count === 2) break;
}
console.log(await node.call(trader, { type: 'seen' }));
