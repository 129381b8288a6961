// A node of the soak: a sink, and streams to the sinks of the others, on two threads. Told by its parent what to do.
import { type Node, type Pid, type NetworkOptions, startNode } from 'tergo';
import {
  type Counts,
  Recorder,
  type RecorderProtocol,
  Sink,
  sinkName,
  Stream,
} from './chaos-actors.ts';
import { serveDeeds } from './deeds.ts';
import type { MemberAddress } from './member.ts';

const THREADS = 2;
const PATIENCE_MS = 60_000;

let node: Node;
const recorders: Pid<RecorderProtocol>[] = [];
const streams: Pid<{ message: 'stop'; request: { type: 'is idle' } }>[] = [];

serveDeeds({
  async start(name: string, network: NetworkOptions): Promise<MemberAddress> {
    const behaviors = [new URL('./chaos-actors.ts', import.meta.url)];
    const log = { disableConsole: true };
    node = await startNode(name, { log, threads: THREADS, behaviors, network });
    for (let thread = 0; thread < THREADS; thread += 1)
      recorders.push(await node.spawn(Recorder, { thread }));
    await node.spawn(Sink, { name: sinkName, thread: THREADS - 1 });
    const [acceptor] = node.network.acceptors();
    return { name, creation: node.creation, host: acceptor!.host, port: acceptor!.port };
  },

  route({ name, host, port }: MemberAddress, tls: boolean): void {
    node.network.addRoute(`^${name}$`, { host, port, tls });
  },

  async stream(to: string, burst: number): Promise<void> {
    const thread = streams.length % THREADS;
    const stream = await node.spawn(Stream, { thread, args: [{ to, burst }] });
    streams.push(stream as (typeof streams)[0]);
  },

  async disconnect(from: string): Promise<void> {
    await node.network.node(from)?.disconnect();
  },

  stop(): void {
    for (const stream of streams) node.send(stream, 'stop');
  },

  async isIdle(): Promise<boolean> {
    const asked = streams.map((stream) =>
      node.call(stream, { type: 'is idle' }, { timeoutMs: PATIENCE_MS }),
    );
    return (await Promise.all(asked)).every((answer: unknown) => answer === true);
  },

  /** What each thread has counted. */
  async counts(): Promise<readonly Counts[]> {
    const asked = recorders.map((recorder) =>
      node.call(recorder, { type: 'counts' }, { timeoutMs: PATIENCE_MS }),
    );
    return (await Promise.all(asked)) as readonly unknown[] as readonly Counts[];
  },
});
