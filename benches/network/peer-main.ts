// The second node of a pair, in a worker or in an OS process of its own. It tells its port and lives until it is ended.
import { parentPort, workerData } from 'node:worker_threads';
import { portOf, startPeer, type PeerOptions } from './peer-node.ts';

const options = (workerData ?? JSON.parse(process.argv[2] ?? '{}')) as PeerOptions;
const tell = parentPort?.postMessage.bind(parentPort) ?? process.send!.bind(process);
tell(portOf(await startPeer(options)));
// Without the other one it has nothing to do.
process.on('disconnect', () => process.exit());
