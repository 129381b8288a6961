import { Actor, noreply, type Next, type Pid } from 'tergo';
import { sharedNode } from '../bench-node.ts';
import { stopwatch, verify, type Run, type Suite } from '../suite.ts';

const messages = 3_000_000;

/** Counts the messages of one flood and checks the value of each. */
class Sink extends Actor<{ message: number }> {
  #left = messages;
  #sum = 0;
  #done!: (sum: number) => void;

  override init(done: (sum: number) => void): void {
    this.#done = done;
  }

  override handleMessage(value: number): Next {
    this.#sum += value;
    if (--this.#left === 0) this.#done(this.#sum);
    return noreply;
  }
}

/** Sends all messages from one callback. */
class Source extends Actor<{ message: Pid<{ message: number }> }> {
  override handleMessage(sink: Pid<{ message: number }>): Next {
    for (let i = 0; i < messages; i++) this.send(sink, 1);
    return noreply;
  }
}

async function run(): Promise<Run> {
  const node = await sharedNode();
  const received = Promise.withResolvers<number>();
  const sink = await node.spawn(Sink, { args: [received.resolve] });
  const source = await node.spawn(Source);
  const seconds = stopwatch();
  node.send(source, sink);
  const sum = await received.promise;
  const elapsed = seconds();
  verify(sum === messages, `the sink summed up ${sum} over ${messages} messages of value 1`);
  return { ops: messages, seconds: elapsed };
}

/** One actor floods another. */
export const suite: Suite = { unit: 'messages', warmUps: 2, runs: 7, run };
