import { startNode, type NetworkOptions, type Node } from 'tergo';
import { Echo } from '../threads/echo.ts';
import { Sink } from '../threads/flood.ts';
import { BulkSink } from './bulk.ts';
import { bulkSpawn, echoSpawn, sinkSpawn } from './spawn-names.ts';

/** What both nodes are started with; it travels to another thread or process. */
export interface PeerOptions {
  readonly isEncrypted?: boolean;
  readonly maxMessageSize?: number;
  readonly keepAliveMs?: number;
  /** Of the node that connects. */
  readonly threads?: number;
}

/** The network of both nodes. */
export function benchNetwork({ isEncrypted = false, ...options }: PeerOptions): NetworkOptions {
  const { maxMessageSize, keepAliveMs } = options;
  return {
    cookie: 'the cookie of a benchmark',
    acceptors: [{ port: 0 }],
    registrar: false,
    ...(isEncrypted ? { tls: 'self-signed' } : {}),
    ...(maxMessageSize === undefined ? {} : { maxMessageSize }),
    ...(keepAliveMs === undefined ? {} : { keepAliveMs }),
  };
}

/** The node that the other one connects to; it lends what the suites spawn. */
export async function startPeer(options: PeerOptions): Promise<Node> {
  const network = benchNetwork(options);
  const node = await startNode('bench_b@localhost', { network, log: { level: 'error' } });
  node.network.enableSpawn(sinkSpawn, Sink);
  node.network.enableSpawn(echoSpawn, Echo);
  node.network.enableSpawn(bulkSpawn, BulkSink);
  return node;
}

/** Where it listens. */
export function portOf(node: Node): number {
  const [acceptor] = node.network.acceptors();
  if (acceptor === undefined) throw new Error('the node does not listen');
  return acceptor.port;
}
