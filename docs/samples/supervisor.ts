import { Actor, childSpec, noreply, processName, reply, startNode, Supervisor } from 'tergo';
import type { Answer, Next, Pid, ProcessName, Request, SupervisorSpec } from 'tergo';
import { counterName } from './counter-contract.ts';
import { Counter } from './counter.ts';

type Put = { type: 'put'; item: string };
type Size = Request<{ type: 'size' }, number>;
interface QueueProtocol {
  message: Put;
  request: Size;
}
const queueName: ProcessName<QueueProtocol> = processName('queue');

class Queue extends Actor<QueueProtocol> {
  readonly #items: string[] = [];

  override handleMessage({ item }: Put): Next {
    if (item === '') throw new Error('an item needs a name');
    this.#items.push(item);
    return noreply;
  }

  override handleCall(request: Size): Answer {
    return reply(request, this.#items.length);
  }
}

class Heartbeat extends Actor {
  override init(everyMs = 1000): void {
    this.log.info('beats', { everyMs });
  }
}

let isUp = Promise.withResolvers<void>();

// The children start in this order, under these names, each with the arguments of its own init.
export class ShopSupervisor extends Supervisor {
  override init(): SupervisorSpec {
    return {
      strategy: 'rest-for-one',
      restart: 'permanent',
      intensity: 5,
      periodMs: 5000,
      children: [
        childSpec(counterName, Counter, { args: [10] }), // args: [start: number], required
        childSpec(queueName, Queue, { shutdownTimeoutMs: 1000 }),
        childSpec('heartbeat', Heartbeat, { args: [500] }), // optional
      ],
    };
  }

  override handleChildStart(name: string): Next {
    console.log('up:', name);
    if (name === 'heartbeat') isUp.resolve();
    return noreply;
  }

  override handleChildTerminate(name: string, _pid: Pid<never>, reason: unknown): Next {
    console.log('down:', name, reason instanceof Error ? reason.message : reason);
    return noreply;
  }
}

await using node = await startNode('shop@localhost', { log: { level: 'disabled' } });
await node.spawn(ShopSupervisor);
await isUp.promise;

node.send(queueName, { type: 'put', item: 'apple' });
node.send(counterName, { type: 'add', by: 5 });
console.log(await node.call(queueName, { type: 'size' }));

isUp = Promise.withResolvers();
// It crashes. Whoever comes after it in the list is restarted with it; the counter is not.
node.send(queueName, { type: 'put', item: '' });
await isUp.promise;
console.log(
  await node.call(queueName, { type: 'size' }),
  await node.call(counterName, { type: 'total' }),
);
// The node stops from the top: last started first.
