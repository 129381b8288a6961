import { Actor, noreply, reply, type Answer, type Next, type Pid, type Request } from 'tergo';

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

/** Adds up the values of one flood. */
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

/** Sends all messages from one callback. */
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
