import { Actor, noreply, type Next, type Pid } from 'tergo';
import { sharedNode } from '../bench-node.ts';
import { stopwatch, verify, type Run, type Suite } from '../suite.ts';

const rounds = 1_000_000;

interface PlayerProtocol {
  message: 'ball' | Begin;
}
interface Begin {
  readonly peer: Pid<PlayerProtocol>;
}
type Done = (returned: number) => void;

/** Returns the ball to whoever sent it, `rounds` times. */
class Player extends Actor<PlayerProtocol> {
  #returned = 0;
  #done!: Done;

  override init(done: Done): void {
    this.#done = done;
  }

  override handleMessage(message: 'ball' | Begin, from: Pid<unknown>): Next {
    if (typeof message === 'object') {
      this.send(message.peer, 'ball');
      return noreply;
    }
    if (this.#returned === rounds) this.#done(this.#returned);
    else {
      this.#returned++;
      this.send(from, 'ball');
    }
    return noreply;
  }
}

async function run(): Promise<Run> {
  const node = await sharedNode();
  const ended = Promise.withResolvers<number>();
  const first = await node.spawn(Player, { args: [ended.resolve] });
  const second = await node.spawn(Player, { args: [ended.resolve] });
  const seconds = stopwatch();
  node.send(first, { peer: second });
  const returned = await ended.promise;
  const elapsed = seconds();
  verify(returned === rounds, `the ball was returned ${returned} times of ${rounds}`);
  return { ops: 2 * rounds, seconds: elapsed };
}

/** Two actors send one message to and fro. */
export const suite: Suite = { unit: 'hops', warmUps: 2, runs: 7, run };
