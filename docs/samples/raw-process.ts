import { Actor, noreply, Process, startNode } from 'tergo';
import type { Envelope, Next, Pid } from 'tergo';

// A process that takes whatever comes, and answers whoever sent it. `from` is a raw peer: everything
// may be sent to it, nothing is known of what it understands.
class Sink extends Actor<{ message: unknown }> {
  override handleMessage(message: unknown, from: Pid<unknown>): Next {
    if (Array.isArray(message)) this.send(from, ['pong', message[1]]);
    return noreply;
  }
}

// The low level: one method sees every entry of the mailbox. `Actor` is written on top of it.
export class Tap extends Process<{ message: unknown }> {
  #done!: (message: unknown) => void;

  override init(sink: Pid<{ message: unknown }>, done: (message: unknown) => void): void {
    this.#done = done;
    this.send(sink, ['ping', 1]);
  }

  override receive(envelope: Envelope): Next {
    if (envelope.kind === 'message') this.#done(envelope.message);
    else this.log.warning('nothing to do with it', { kind: envelope.kind });
    return noreply;
  }

  // Never called: it tells the compiler what may be sent here.
  override handleMessage(): Next {
    return noreply;
  }
}

await using node = await startNode('raw@localhost');
const answer = Promise.withResolvers<unknown>();
await node.spawn(Tap, { args: [await node.spawn(Sink), answer.resolve] });
console.log(await answer.promise);
