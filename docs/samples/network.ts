import {
  eventId,
  eventName,
  networkEvent,
  processId,
  processName,
  type SpawnName,
  spawnName,
  startNode,
  TergoError,
} from 'tergo';
import { Counter } from './counter.ts';
import { counterName, type CounterProtocol } from './counter-contract.ts';

const counterSpawn: SpawnName<CounterProtocol, [start: number]> = spawnName('counter');

// In a cluster these are two programs, and the registrar of the host brings them together. Samples run
// beside each other, so these two have ports of their own and a route.
const network = {
  cookie: 'at least sixteen bytes',
  registrar: false,
  acceptors: [{ port: 0 }],
} as const;
await using a = await startNode('a@localhost', { network });
await using b = await startNode('b@localhost', { network });
const [acceptor] = b.network.acceptors();
a.network.addRoute('^b@', { host: '127.0.0.1', port: acceptor!.port });

await b.spawn(Counter, { args: [5], name: counterName });
const far = processId(counterName, 'b@localhost');
a.send(far, { type: 'add', by: 2 }); // connects by itself
console.log(await a.call(far, { type: 'total' })); // 7

b.network.enableSpawn(counterSpawn, Counter, { nodes: ['a@localhost'] });
const peer = await a.network.connect('b@localhost');
const counter = await peer.spawn(counterSpawn, { args: [100] });
console.log(await a.call(counter, { type: 'total' })); // 100
await a.sendImportant(counter, { type: 'add', by: 1 }); // it is in the mailbox there

try {
  await a.call(processId(processName<CounterProtocol>('nobody'), 'b@localhost'), { type: 'total' });
} catch (error) {
  if (!TergoError.is(error, 'process-unknown')) throw error;
  console.log(error.code);
}

const prices = eventName<number>('prices');
const publisher = b.registerEvent(prices, { buffer: 1 });
b.sendEvent(publisher, 42);
for await (const { message, node } of a.subscribe(eventId(prices, 'b@localhost'))) {
  console.log(message, node); // 42 b@localhost
  break;
}

const changes = a.subscribe(networkEvent);
void peer.disconnect();
for await (const { message } of changes) {
  console.log(message.type); // disconnected
  break;
}
