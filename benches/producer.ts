import {
  Actor,
  type Answer,
  type EventName,
  eventName,
  type Publisher,
  reply,
  type Request,
} from 'tergo';

/** What is published. */
export interface Tick {
  readonly type: 'tick';
  readonly payload: string;
}
export const ticks: EventName<Tick> = eventName('ticks');

type Publish = Request<{ type: 'publish' }, true>;

/** Publishes one event whenever it is called. */
export class Producer extends Actor<{ request: Publish }> {
  #ticks!: Publisher<Tick>;

  override init(): void {
    this.#ticks = this.registerEvent(ticks);
  }

  override handleCall(request: Publish): Answer {
    this.sendEvent(this.#ticks, { type: 'tick', payload: 'hello' });
    return reply(request, true);
  }
}
