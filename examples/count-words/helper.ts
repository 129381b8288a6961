// One of the other nodes of `npm run demo -- --nodes N`, as an OS process: lends its pool of workers to the node that
// started it. It finds that one by the registrar of this host, and ends with it.
import { once } from 'node:events';
import { startNode } from 'tergo';
import type { Instructions } from './cluster.ts';
import { Counters } from './counters.ts';
import { logOptions } from './log-options.ts';
import { countersSpawn } from './protocols.ts';
import { workerModules } from './worker-modules.ts';

const ended = once(process, 'disconnect');
const [instructions] = (await once(process, 'message')) as [Instructions];
const { name, leader, network, threads, log } = instructions;
// Whoever reads the log may have seen enough.
process.stderr.on('error', () => undefined);
const printed = logOptions(log, (text) => process.stderr.write(`${text}\n`));
await using node = await startNode(name, {
  network,
  threads,
  behaviors: workerModules,
  log: printed,
});
// Lent before the leader hears of this node, which is by this connection.
node.network.enableSpawn(countersSpawn, Counters, { nodes: [leader] });
await node.network.connect(leader);
await ended;
