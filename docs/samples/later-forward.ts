import { Actor, noreply, reply, replyError, startNode, stop, unhandled } from 'tergo';
import type { Answer, Caller, Next, Pid, Request } from 'tergo';
import type { CounterProtocol } from './counter-contract.ts';
import { Counter } from './counter.ts';

// A deferred reply: one callback keeps the caller, another one answers.
type Put = { type: 'put'; item: string };
type Take = Request<{ type: 'take' }, string>;
type Size = Request<{ type: 'size' }, number>;
export interface QueueProtocol {
  message: Put;
  request: Take | Size;
}

export class Queue extends Actor<QueueProtocol> {
  readonly #items: string[] = [];
  readonly #waiting: Caller<string>[] = [];

  override handleMessage({ item }: Put): Next {
    const caller = this.#waiting.shift();
    if (caller) this.sendResponse(caller, item);
    else this.#items.push(item);
    return noreply;
  }

  override handleCall(request: Take | Size): Answer {
    switch (request.type) {
      case 'size':
        return reply(request, this.#items.length);
      case 'take': {
        const item = this.#items.shift();
        if (item !== undefined) return reply(request, item);
        this.#waiting.push(this.callerOf(request)); // Caller<string>
        return noreply;
      }
      default:
        return unhandled(request);
    }
  }
}

// Forwarding, an asynchronous callback, a refusal, an answer before the end.
type Ask =
  | Request<{ type: 'total' }, number>
  | Request<{ type: 'double' }, number>
  | Request<{ type: 'last' }, 'bye'>
  | Request<{ type: 'fail' }, never>;
export class Front extends Actor<{ request: Ask }> {
  #counter!: Pid<CounterProtocol>;

  override init(counter: Pid<CounterProtocol>): void {
    this.#counter = counter;
  }

  override async handleCall(request: Ask): Promise<Answer> {
    switch (request.type) {
      case 'total':
        return this.forward(this.#counter, request);
      case 'double':
        return reply(request, 2 * (await this.call(this.#counter, { type: 'total' })));
      case 'last':
        return stop('normal', reply(request, 'bye'));
      case 'fail':
        return replyError(request, new Error('not today'));
      default:
        return unhandled(request);
    }
  }
}

await using node = await startNode('later@localhost');

const queue = await node.spawn(Queue);
const taken = node.call(queue, { type: 'take' }); // nothing there yet
node.send(queue, { type: 'put', item: 'apple' });
console.log(await taken, await node.call(queue, { type: 'size' }));

const counter = await node.spawn(Counter, { args: [21] });
const front = await node.spawn(Front, { args: [counter] });
console.log(await node.call(front, { type: 'total' }), await node.call(front, { type: 'double' }));
await node.call(front, { type: 'fail' }).catch((error: Error) => console.log(error.message));
console.log(await node.call(front, { type: 'last' }), node.processState(front));
