import { startNode, type NetworkOptions, type Node } from 'tergo';
import { Echo } from '../threads/echo.ts';
import { Sink } from '../threads/flood.ts';
import { echoSpawn, sinkSpawn } from './spawn-names.ts';

/** What both nodes are started with; it travels to another thread or process. */
export interface PeerOptions {
  readonly isEncrypted?: boolean;
}

/** The network of both nodes. */
export function benchNetwork({ isEncrypted = false }: PeerOptions): NetworkOptions {
  const network = {
    cookie: 'the cookie of a benchmark',
    acceptors: [{ port: 0 }],
    registrar: false,
  } as const;
  return isEncrypted ? { ...network, tls: 'self-signed' } : network;
}

/** The node that the other one connects to; it lends what the suites spawn. */
export async function startPeer(options: PeerOptions): Promise<Node> {
  const network = benchNetwork(options);
  const node = await startNode('bench_b@localhost', { network, log: { level: 'error' } });
  node.network.enableSpawn(sinkSpawn, Sink);
  node.network.enableSpawn(echoSpawn, Echo);
  return node;
}

/** Where it listens. */
export function portOf(node: Node): number {
  const [acceptor] = node.network.acceptors();
  if (acceptor === undefined) throw new Error('the node does not listen');
  return acceptor.port;
}
