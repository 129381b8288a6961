// The second node of a pair, in a worker or in an OS process of its own. It tells its port and lives until it is ended.
import { parentPort, workerData } from 'node:worker_threads';
import { portOf, startPeer, type PeerOptions } from './peer-node.ts';

const options = (workerData ?? JSON.parse(process.argv[2] ?? '{}')) as PeerOptions;
const port = portOf(await startPeer(options));
if (parentPort === null) process.send!(port);
else parentPort.postMessage(port);
// Without the other one it has nothing to do.
process.on('disconnect', () => process.exit());
