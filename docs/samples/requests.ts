import { Actor, isResponseTo, noreply, startNode } from 'tergo';
import type { Answer, Caller, Next, Pid, Request, RequestRef, Response } from 'tergo';
import type { CounterProtocol } from './counter-contract.ts';
import { Counter } from './counter.ts';

// A request that does not hold the process: the answer comes to handleResponse, like a message.
type Refresh = Request<{ type: 'refresh' }, string>;
export class Dashboard extends Actor<{ request: Refresh }> {
  #counter!: Pid<CounterProtocol>;
  #caller: Caller<string> | undefined;
  #total: RequestRef<number> | undefined;

  override init(counter: Pid<CounterProtocol>): void {
    this.#counter = counter;
  }

  override handleCall(request: Refresh): Answer {
    this.#caller = this.callerOf(request);
    this.#total = this.sendRequest(this.#counter, { type: 'total' }, { timeoutMs: 1000 });
    return noreply;
  }

  override handleResponse(response: Response): Next {
    if (!isResponseTo(response, this.#total) || !this.#caller) return noreply;
    if (response.ok) this.sendResponse(this.#caller, `total ${response.value.toFixed(1)}`);
    else this.sendResponseError(this.#caller, response.error);
    return noreply;
  }
}

await using node = await startNode('requests@localhost');
const counter = await node.spawn(Counter, { args: [7] });
const dashboard = await node.spawn(Dashboard, { args: [counter] });
console.log(await node.call(dashboard, { type: 'refresh' }));
