import { Actor, noreply, reply, startNode, stop, unhandled } from 'tergo';
import type { AnyPid, Answer, Down, Exit, Next, Pid, Request } from 'tergo';
import type { CounterProtocol } from './counter-contract.ts';
import { Counter } from './counter.ts';

// Notices have callbacks of their own, so that a protocol stays closed and nobody can forge one.
export class Watcher extends Actor {
  override async init(counter: AnyPid): Promise<void> {
    this.trapExit = true;
    await this.link(counter);
    await this.monitor(counter);
  }

  override handleExit(exit: Exit): Next {
    console.log('linked target ended:', exit.kind, exit.reason);
    return noreply;
  }

  override handleDown(down: Down): Next {
    switch (down.kind) {
      case 'pid':
        console.log('monitored process ended:', down.reason);
        return stop('normal');
      case 'name':
      case 'alias':
      case 'event':
      case 'node':
        return noreply;
      default:
        return unhandled(down);
    }
  }
}

// Whoever monitors a process can replace it: keep the pid, spawn anew when it is down.
type Current = Request<{ type: 'current' }, Pid<CounterProtocol>>;
export class Keeper extends Actor<{ request: Current }> {
  #counter!: Pid<CounterProtocol>;

  override async init(): Promise<void> {
    await this.#start();
  }

  override async handleDown(): Promise<Next> {
    await this.#start();
    return noreply;
  }

  override handleCall(request: Current): Answer {
    return reply(request, this.#counter);
  }

  async #start(): Promise<void> {
    this.#counter = await this.spawn(Counter, { args: [0] });
    await this.monitor(this.#counter);
  }
}

await using node = await startNode('watcher@localhost');

const counter = await node.spawn(Counter, { args: [0] });
await node.spawn(Watcher, { args: [counter] });
node.send(counter, { type: 'reset' });

const keeper = await node.spawn(Keeper);
const first = await node.call(keeper, { type: 'current' });
node.kill(first);
const second = await node.call(keeper, { type: 'current' });
console.log('replaced:', first !== second, 'in order:', first.id < second.id);
