import {
  noreply,
  type Answer,
  type AnyPid,
  type Down,
  type EventName,
  type Next,
  type Publisher,
} from 'tergo';
import { Doer, type Order } from './doer.ts';

/** What a listener does with its first message. */
export type FirstThing = 'publish with max' | 'kill the watched one' | 'give the event up';

export interface ListenerProtocol {
  message: number;
  request: Order;
  event: string;
}

/** Does the given thing with its first message and notes in which order the rest comes. */
export class FarListener extends Doer<ListenerProtocol> {
  readonly #order: string[] = [];
  #event!: EventName<string>;
  #watched!: AnyPid;
  #first!: FirstThing;
  #publisher!: Publisher<string>;

  override async init(event: EventName<string>, watched: AnyPid, first: FirstThing): Promise<void> {
    [this.#event, this.#watched, this.#first] = [event, watched, first];
    this.#publisher = this.registerEvent(event);
    await this.monitorEvent(event);
    await this.monitor(watched);
  }

  order(): readonly string[] {
    return this.#order;
  }

  override handleCall(request: Order): Promise<Answer> {
    return this.obey(request);
  }

  override handleMessage(n: number): Next {
    this.#order.push(`m${n}`);
    if (n === 0) this.#doFirst();
    return noreply;
  }

  override handleEvent(message: string): Next {
    this.#order.push(message);
    return noreply;
  }

  override handleDown(down: Down): Next {
    this.#order.push(`down ${down.kind}`);
    return noreply;
  }

  #doFirst(): void {
    if (this.#first === 'publish with max')
      this.sendEvent(this.#publisher, 'urgent', { priority: 'max' });
    else if (this.#first === 'give the event up') this.unregisterEvent(this.#event);
    else this.node.kill(this.#watched);
  }
}
