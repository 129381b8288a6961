import { Actor, noreply, processName, reply, startNode } from 'tergo';
import type { Answer, FallbackMessage, Next, ProcessName, Request, TergoError } from 'tergo';

type Job = { type: 'job'; id: number };
export const overflowName: ProcessName<{ message: FallbackMessage }> = processName('overflow');

type Done = Request<{ type: 'done' }, readonly number[]>;
class Worker extends Actor<{ message: Job; request: Done }> {
  readonly #done: number[] = [];

  override handleMessage({ id }: Job): Next {
    this.#done.push(id);
    return noreply;
  }

  override handleCall(request: Done): Answer {
    return reply(request, this.#done);
  }
}

class Overflow extends Actor<{ message: FallbackMessage }> {
  override handleMessage({ tag, message }: FallbackMessage): Next {
    console.log('overflow', tag, message);
    return noreply;
  }
}

await using node = await startNode('mailbox@localhost');

// At most two messages wait in each of the four queues; the sender hears at once that there is no room.
const bounded = await node.spawn(Worker, { mailboxSize: 2 });
for (const id of [1, 2, 3]) console.log(node.send(bounded, { type: 'job', id }));
await node.call(bounded, { type: 'done' }).catch(({ code }: TergoError) => console.log(code));

// With a fallback, what finds the mailbox full goes there instead.
await node.spawn(Overflow, { name: overflowName });
const fallback = { to: overflowName, tag: 'worker' };
const relieved = await node.spawn(Worker, { mailboxSize: 1, fallback });
for (const id of [1, 2]) console.log(node.send(relieved, { type: 'job', id }));

// Higher priorities wait in queues of their own and are taken first.
const worker = await node.spawn(Worker);
node.send(worker, { type: 'job', id: 1 });
node.send(worker, { type: 'job', id: 2 }, { priority: 'high' });
node.send(worker, { type: 'job', id: 3 }, { priority: 'max' });
console.log(await node.call(worker, { type: 'done' }));
