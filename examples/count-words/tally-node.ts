// A node of `--nodes` in an OS process of its own: lends a pool of counting workers, and waits to be asked.
import { startNode } from 'tergo';
import { TallyPool } from './tally-pool.ts';
import { tallySpawn } from './tally-protocol.ts';

const [name, cookie, port] = process.argv.slice(2) as [string, string, string];
const network = {
  cookie,
  registrar: { port: Number(port), answerOthers: false },
  acceptors: [{ port: 0 }],
};
const node = await startNode(name, { network, log: { level: 'warning' } });
node.network.enableSpawn(tallySpawn, TallyPool);
// Whoever started it is gone.
process.on('disconnect', () => void node.stopForce());
