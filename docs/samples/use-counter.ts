import { startNode } from 'tergo';
import { counterName } from './counter-contract.ts';
import { Counter } from './counter.ts';

await using node = await startNode('counter@localhost');
const counter = await node.spawn(Counter, { args: [10], name: counterName });

node.send(counter, { type: 'add', by: 1 });
node.send(counterName, { type: 'add', by: 1 });
const total = await node.call(counter, { type: 'total' });
const label = await node.call(counterName, { type: 'label', upper: true });
console.log(label, total);
