import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { startNode, type Node, type RemoteNode } from 'tergo';
import { benchNetwork, portOf, startPeer, type PeerOptions } from './peer-node.ts';

/** Where two nodes run: on one JavaScript thread, on two of one OS process, or in two OS processes. */
export const topologies = ['one_thread', 'two_threads', 'two_processes'] as const;
export type Topology = (typeof topologies)[number];

/** Two nodes that are connected. */
export interface NodePair extends AsyncDisposable {
  readonly node: Node;
  readonly peer: RemoteNode;
}

interface Peer {
  readonly port: number;
  readonly stop: () => Promise<unknown>;
}

/** The second node alone, in an OS process of its own. */
export async function startPeerProcess(
  options: PeerOptions,
): Promise<AsyncDisposable & { readonly port: number }> {
  const { port, stop } = await startPeerOf.two_processes(options);
  return { port, [Symbol.asyncDispose]: async () => void (await stop()) };
}

/** Node `bench_a` here, `bench_b` where the topology says. */
export async function connectedNodes(
  topology: Topology,
  options: PeerOptions = {},
): Promise<NodePair> {
  const { port, stop } = await startPeerOf[topology](options);
  const log = { level: 'error' } as const;
  const node = await startNode('bench_a@localhost', {
    network: benchNetwork(options),
    threads: options.threads ?? 1,
    behaviors: [new URL('./timed-caller.ts', import.meta.url)],
    log,
  });
  const route = { host: '127.0.0.1', port, tls: options.isEncrypted ?? false };
  const peer = await node.network.connect('bench_b@localhost', { route });
  const close = async (): Promise<void> => {
    await node.stop();
    await stop();
  };
  return { node, peer, [Symbol.asyncDispose]: close };
}

const main = new URL('./peer-main.ts', import.meta.url);

const startPeerOf: Readonly<Record<Topology, (options: PeerOptions) => Promise<Peer>>> = {
  one_thread: async (options) => {
    const node = await startPeer(options);
    return { port: portOf(node), stop: () => node.stop() };
  },
  two_threads: async (options) => {
    const worker = new Worker(main, { workerData: options });
    const [port] = (await once(worker, 'message')) as [number];
    return { port, stop: () => worker.terminate() };
  },
  two_processes: async (options) => {
    const child = fork(fileURLToPath(main), [JSON.stringify(options)]);
    const [port] = (await once(child, 'message')) as [number];
    const gone = once(child, 'exit');
    const stop = (): Promise<unknown> => {
      child.kill('SIGKILL');
      return gone;
    };
    return { port, stop };
  },
};
