import { existsSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {
  Actor,
  noreply,
  reply,
  type Answer,
  type Next,
  type Pid,
  type Request,
  type SendResult,
} from 'tergo';
import { scratchFolder } from '../support/scratch-folder.ts';
import { waitFor } from '../support/wait-for.ts';
import { Greeter, type Greet } from './greeter.ts';
import { threadNode } from './stage.ts';

type GreeterPid = Pid<{ message: Greet | { bulk: string } }>;
type ParentProtocol = {
  message: SendResult;
  request: Request<{ type: 'go'; greeter: GreeterPid; bulk: GreeterPid | undefined }, 'done'>;
};

class Child extends Actor<{ message: string }> {
  override handleMessage(): Next {
    return noreply;
  }
}

/** More than a chunk for one thread holds. */
const BULK = Array.from({ length: 45 }, () => ({ bulk: 'b'.repeat(8000) }));

/** Tells another thread of a child that it has just spawned, and stays in its callback until that thread has answered. */
class Parent extends Actor<ParentProtocol> {
  #done!: string;
  #results!: SendResult[];

  override init(done: string, results: SendResult[]): void {
    this.#done = done;
    this.#results = results;
  }

  override async handleCall(request: {
    type: 'go';
    greeter: GreeterPid;
    bulk: GreeterPid | undefined;
  }): Promise<Answer> {
    const whom = await this.spawn(Child);
    this.send(request.greeter, { whom, to: this.pid, done: this.#done });
    if (request.bulk !== undefined) {
      for (const bulk of BULK) this.send(request.bulk, bulk);
      const deadline = performance.now() + 2000;
      while (!existsSync(this.#done) && performance.now() < deadline);
    }
    return reply(request, 'done');
  }

  override handleMessage(result: SendResult): Next {
    this.#results.push(result);
    return noreply;
  }
}

for (const [what, thread] of [
  ['nothing else', undefined],
  ['more than a chunk for the same thread', 1],
  ['more than a chunk for a third thread', 2],
] as const)
  test(`a process can be reached by whoever hears of it, also when its parent writes ${what} in that callback`, async (t) => {
    const node = await threadNode(t, { behaviors: [new URL('./greeter.ts', import.meta.url)] });
    const results: SendResult[] = [];
    const greeter = await node.spawn(Greeter, { thread: 1 });
    const bulk = thread === undefined ? undefined : await node.spawn(Greeter, { thread });
    const parent = await node.spawn(Parent, {
      args: [path.join(scratchFolder(t), 'done'), results],
    });
    await node.call(parent, { type: 'go', greeter, bulk });
    await waitFor('what became of the greeting', () => results.length > 0);
    t.deepEqual(results, ['ok']);
  });
