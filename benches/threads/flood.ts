import { Actor, noreply, reply, type Answer, type Next, type Pid, type Request } from 'tergo';

/** How many messages one callback sends before others get a turn. */
const BURST = 2000;

/** What a flood carries. */
export type Cargo =
  number | string | { readonly type: string; readonly id: number; readonly name: string };

export const cargoes = {
  int: 7,
  object: { type: 'order', id: 123_456, name: 'a small order' },
  text: 'x'.repeat(1024),
} as const satisfies Record<string, Cargo>;
export type CargoName = keyof typeof cargoes;

/** One flood. */
export interface Flood {
  readonly cargo: CargoName;
  readonly messages: number;
}

export type SinkProtocol = {
  message: Cargo;
  request: Request<{ type: 'expect'; flood: Flood }, number>;
};

/** Counts what arrives and checks each; answers when all of a flood is there. */
export class Sink extends Actor<SinkProtocol> {
  #left = 0;
  #right = 0;
  #check: (cargo: Cargo) => boolean = () => false;
  #done: ((right: number) => void) | undefined;

  override handleCall(request: { type: 'expect'; flood: Flood }): Answer {
    const { cargo, messages } = request.flood;
    this.#left = messages;
    this.#right = 0;
    this.#check = checkOf(cargo);
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#done = resolve;
    return reply(request, promise);
  }

  override handleMessage(message: Cargo): Next {
    if (this.#check(message)) this.#right += 1;
    if (--this.#left === 0) this.#done?.(this.#right);
    return noreply;
  }
}

/** Whether something is what that flood carries. */
export function checkOf(name: CargoName): (cargo: Cargo) => boolean {
  const cargo: Cargo = cargoes[name];
  if (typeof cargo === 'object')
    return (got) => typeof got === 'object' && got.id === cargo.id && got.name === cargo.name;
  if (typeof cargo === 'string')
    return (got) => typeof got === 'string' && got.length === cargo.length;
  return (got) => got === cargo;
}

export type SourceProtocol = {
  message: { type: 'go'; sink: Pid<SinkProtocol>; flood: Flood } | { type: 'on' };
};

/** Sends a flood, some thousand messages a callback; what finds the way full is sent again. */
export class Source extends Actor<SourceProtocol> {
  #sink: Pid<SinkProtocol> | undefined;
  #cargo: Cargo = 0;
  #left = 0;

  override handleMessage(message: SourceProtocol['message']): Next {
    if (message.type === 'go') {
      this.#sink = message.sink;
      this.#cargo = cargoes[message.flood.cargo];
      this.#left = message.flood.messages;
    }
    const end = Math.max(0, this.#left - BURST);
    while (this.#left > end && this.send(this.#sink!, this.#cargo) === 'ok') this.#left -= 1;
    if (this.#left > 0) this.send(this.pid, { type: 'on' });
    return noreply;
  }
}

export type EchoProtocol = { request: Request<{ type: 'echo'; value: number }, number> };

/** Answers each call with what it carries. */
export class Echo extends Actor<EchoProtocol> {
  override handleCall(request: { type: 'echo'; value: number }): Answer {
    return reply(request, request.value);
  }
}

export type PairProtocol = { request: Request<{ type: 'flood'; messages: number }, number> };

/** One pair of a thread: spawns its own sink beside itself, floods it from one callback, and answers when all is there. */
export class Pair extends Actor<PairProtocol> {
  override async handleCall(request: { type: 'flood'; messages: number }): Promise<Answer> {
    const received = Promise.withResolvers<number>();
    const sink = await this.spawn(LocalSink, { args: [request.messages, received.resolve] });
    const source = await this.spawn(LocalSource, { args: [request.messages] });
    this.send(source, sink);
    return reply(request, await received.promise);
  }
}

class LocalSink extends Actor<{ message: number }> {
  #left = 0;
  #sum = 0;
  #done!: (sum: number) => void;

  override init(messages: number, done: (sum: number) => void): void {
    this.#left = messages;
    this.#done = done;
  }

  override handleMessage(value: number): Next {
    this.#sum += value;
    if (--this.#left === 0) this.#done(this.#sum);
    return noreply;
  }
}

class LocalSource extends Actor<{ message: Pid<{ message: number }> }> {
  #messages = 0;

  override init(messages: number): void {
    this.#messages = messages;
  }

  override handleMessage(sink: Pid<{ message: number }>): Next {
    for (let i = 0; i < this.#messages; i++) this.send(sink, 1);
    return noreply;
  }
}
