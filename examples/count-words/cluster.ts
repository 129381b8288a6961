import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { networkEvent, processId, type NetworkOptions, type Node } from 'tergo';
import type { LogFormat } from './arguments.ts';
import { aggregatorName, countersSpawn } from './protocols.ts';
import type { RemotePool } from './remote-pool.ts';

const START_LIMIT_MS = 60_000;

/** What a helper is told when it starts. Not by arguments or environment, which others may see: it holds the cookie. */
export interface Instructions {
  readonly name: string;
  /** The node that it helps. */
  readonly leader: string;
  readonly network: NetworkOptions;
  readonly threads: number;
  readonly log: LogFormat;
}

/** The other nodes of a count, each in an OS process of its own. They end with it, also when this process is killed. */
export class Cluster implements AsyncDisposable {
  /** For all nodes: where they find each other, and the secret that they share. Made for this run. */
  readonly network: NetworkOptions;
  readonly #helpers = new Map<string, ChildProcess>();

  private constructor(network: NetworkOptions) {
    this.network = network;
  }

  /** Nobody is started yet. */
  static async prepare(): Promise<Cluster> {
    const cookie = randomBytes(32).toString('hex');
    // On ports that nobody else uses, so that two demos at a time do not meet.
    const registrar = { port: await freePort(), answerOthers: false };
    return new Cluster({ cookie, registrar, acceptors: [{ port: 0 }] });
  }

  /** Starts `count` other nodes, waits until they have found this one, and spawns a pool on each. */
  async spread(
    node: Node,
    count: number,
    settings: { readonly threads: number; readonly log: LogFormat; readonly workers: number },
  ): Promise<readonly RemotePool[]> {
    const { threads, log, workers } = settings;
    await using events = node.subscribe(networkEvent);
    const failed = Promise.withResolvers<never>();
    const names = Array.from({ length: count }, (_, i) => `count-words-${i + 2}@localhost`);
    for (const name of names) {
      const helper = this.#start({ name, leader: node.name, network: this.network, threads, log });
      helper.once('exit', () => failed.reject(new Error(`${name} ended before it was connected`)));
      this.#helpers.set(name, helper);
    }
    const late = setTimeout(
      () => failed.reject(new Error(`not all nodes came within ${START_LIMIT_MS} ms`)),
      START_LIMIT_MS,
    );
    try {
      await Promise.race([allConnected(node, names, events), failed.promise]);
    } finally {
      clearTimeout(late);
      failed.promise.catch(() => undefined); // one that is killed later is no surprise
    }
    return Promise.all(names.map((name) => this.#poolOn(node, name, workers)));
  }

  /** Ends the helpers that are left. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      [...this.#helpers.values()].map(async (helper) => {
        if (helper.exitCode !== null || helper.signalCode !== null) return;
        const exited = once(helper, 'exit');
        if (helper.connected) helper.disconnect();
        await exited;
      }),
    );
  }

  #start(instructions: Instructions): ChildProcess {
    const helper = fork(new URL('helper.ts', import.meta.url), { execArgv: process.execArgv });
    helper.send(instructions, (error) => {
      if (error !== null) helper.kill();
    });
    return helper;
  }

  async #poolOn(node: Node, name: string, workers: number): Promise<RemotePool> {
    const peer = await node.network.connect(name);
    const aggregator = processId(aggregatorName, node.name);
    const pool = await peer.spawn(countersSpawn, { args: [workers, aggregator] });
    return { node: name, osProcess: this.#helpers.get(name)!.pid!, pool };
  }
}

/** Resolves when this node is connected to all of them. */
async function allConnected(
  node: Node,
  names: readonly string[],
  events: AsyncIterable<unknown>,
): Promise<void> {
  const isComplete = (): boolean => names.every((name) => node.network.nodes().includes(name));
  if (isComplete()) return;
  for await (const _ of events) if (isComplete()) return;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
