import { Actor, noreply, reply, type Answer, type Next, type Pid, type Request } from 'tergo';
import { type Cargo, cargoes, checks, type Flood } from './cargo.ts';

/** How many messages one callback sends before others get a turn. */
const BURST = 2000;

export type SinkProtocol = {
  message: Cargo;
  request: Request<{ type: 'expect'; flood: Flood }, number>;
};

/** Checks what arrives, each at its place in the order; answers how many were right when all of a flood is there. */
export class Sink extends Actor<SinkProtocol> {
  #at = 0;
  #messages = 0;
  #right = 0;
  #check: (cargo: Cargo, index: number) => boolean = () => false;
  #done: ((right: number) => void) | undefined;

  override handleCall(request: { type: 'expect'; flood: Flood }): Answer {
    const { cargo, messages } = request.flood;
    this.#at = 0;
    this.#messages = messages;
    this.#right = 0;
    this.#check = checks[cargo];
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#done = resolve;
    return reply(request, promise);
  }

  override handleMessage(message: Cargo): Next {
    if (this.#check(message, this.#at)) this.#right += 1;
    this.#at += 1;
    if (this.#at === this.#messages) this.#done?.(this.#right);
    return noreply;
  }
}

export type SourceProtocol = {
  message: { type: 'go'; sink: Pid<SinkProtocol>; flood: Flood } | { type: 'on' };
};

/** Sends a flood, some thousand messages a callback; what finds the way full is sent again. */
export class Source extends Actor<SourceProtocol> {
  #sink: Pid<SinkProtocol> | undefined;
  #make: (index: number) => Cargo = () => 0;
  #at = 0;
  #messages = 0;

  override handleMessage(message: SourceProtocol['message']): Next {
    if (message.type === 'go') {
      this.#sink = message.sink;
      this.#make = cargoes[message.flood.cargo];
      this.#messages = message.flood.messages;
      this.#at = 0;
    }
    const end = Math.min(this.#messages, this.#at + BURST);
    while (this.#at < end && this.send(this.#sink!, this.#make(this.#at)) === 'ok') this.#at += 1;
    if (this.#at < this.#messages) this.send(this.pid, { type: 'on' });
    return noreply;
  }
}
