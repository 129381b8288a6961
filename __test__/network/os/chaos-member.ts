// A node of the soak: a sink, and streams to the sinks of the others. Told by its parent what to do.
import { type Node, type Pid, type NetworkOptions, startNode } from 'tergo';
import { Sink, sinkName, Stream, tally } from './chaos-actors.ts';
import { serveDeeds } from './deeds.ts';
import type { MemberAddress } from './member.ts';

/** What its parent is told of it. */
export interface Counts {
  readonly received: number;
  readonly asked: number;
  readonly answered: number;
  readonly rejected: number;
  readonly downs: number;
  readonly epochs: number;
  readonly faults: readonly string[];
}

let node: Node;
const streams: Pid<{ message: 'stop'; request: { type: 'is idle' } }>[] = [];

serveDeeds({
  async start({
    name,
    network,
  }: {
    name: string;
    network: NetworkOptions;
  }): Promise<MemberAddress> {
    node = await startNode(name, { log: { disableConsole: true }, network });
    await node.spawn(Sink, { name: sinkName });
    const [acceptor] = node.network.acceptors();
    return { name, creation: node.creation, host: acceptor!.host, port: acceptor!.port };
  },

  route({ name, host, port }: MemberAddress): void {
    node.network.addRoute(`^${name}$`, { host, port });
  },

  async stream(to: string, burst: number): Promise<void> {
    streams.push((await node.spawn(Stream, { args: [{ to, burst }] })) as (typeof streams)[0]);
  },

  stop(): void {
    for (const stream of streams) node.send(stream, 'stop');
  },

  async isIdle(): Promise<boolean> {
    const asked = streams.map((stream) =>
      node.call(stream, { type: 'is idle' }, { timeoutMs: 60_000 }),
    );
    return (await Promise.all(asked)).every((answer: unknown) => answer === true);
  },

  counts: (): Counts => tally,
});
