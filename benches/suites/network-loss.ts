import { Actor, noreply, reply, startNode } from 'tergo';
import type { Answer, AnyPid, Next, NetworkRoute, Node, Request } from 'tergo';
import { benchNetwork, type PeerOptions } from '../network/peer-node.ts';
import { SeverableWay } from '../network/severable-way.ts';
import { SilentCrowd } from '../network/silent-crowd.ts';
import { sinkSpawn } from '../network/spawn-names.ts';
import { startPeerProcess } from '../network/topology.ts';
import { percentile, stopwatch, verify, type Run, type Suite } from '../suite.ts';

const PEER = 'bench_b@localhost';
const RESETS = 300;
const SILENCES = 50;
/** The shortest that there is: the bound is thrice that. */
const KEEP_ALIVE_MS = 100;
const BOUND_MS = 3 * KEEP_ALIVE_MS;
const SILENT_SOCKETS = 2000;
const CONNECTS = 200;

/** How long after a peer is lost its watchers hear of it; how long a connection takes beside sockets that are silent. */
async function run(): Promise<Run> {
  const elapsed = stopwatch();
  const resets = await losses(RESETS, (way) => way.reset());
  const seconds = elapsed();
  const silences = await losses(SILENCES, (way) => way.silence());
  const extra = {
    ...timesOf('reset', resets),
    ...timesOf('silence', silences),
    silence_bound_ms: BOUND_MS,
    ...timesOf('connect_alone', await connects(0)),
    ...timesOf('connect_beside_silent', await connects(SILENT_SOCKETS)),
  };
  return { ops: RESETS, seconds, extra };
}

type WatcherProtocol = { request: Request<{ type: 'loss' }, number> };

/** Answers when it has heard that a process of the peer is lost, by the clock of this thread. */
class Watcher extends Actor<WatcherProtocol> {
  readonly #loss = Promise.withResolvers<number>();

  override async init(target: AnyPid): Promise<void> {
    await this.monitor(target);
  }

  override handleCall(request: { type: 'loss' }): Answer {
    return reply(request, this.#loss.promise);
  }

  override handleDown(): Next {
    this.#loss.resolve(performance.now());
    return noreply;
  }
}

/** The ms from each loss of all links to the notice of a monitor. */
async function losses(times: number, sever: (way: SeverableWay) => void): Promise<number[]> {
  const options = { keepAliveMs: KEEP_ALIVE_MS };
  await using peer = await startPeerProcess(options);
  await using node = await benchNode(options);
  const found: number[] = [];
  for (let time = 0; time < times; time++) {
    using way = await SeverableWay.to(peer.port);
    found.push(await loss(node, way, sever));
  }
  return found;
}

async function loss(
  node: Node,
  way: SeverableWay,
  sever: (way: SeverableWay) => void,
): Promise<number> {
  const remote = await node.network.connect(PEER, { route: routeTo(way.port) });
  const watcher = await node.spawn(Watcher, { args: [await remote.spawn(sinkSpawn)] });
  const heard = node.call(watcher, { type: 'loss' });
  const begin = performance.now();
  sever(way);
  const ms = (await heard) - begin;
  verify(!remote.isConnected, 'the connection still stands');
  node.sendExit(watcher, 'kill');
  return ms;
}

/** The ms that each connection takes, one after the other, beside so many silent sockets. */
async function connects(silent: number): Promise<number[]> {
  await using peer = await startPeerProcess({});
  await using node = await benchNode({});
  using crowd = await SilentCrowd.before(peer.port, silent);
  const found: number[] = [];
  for (let time = 0; time < CONNECTS; time++) {
    const begin = performance.now();
    const remote = await node.network.connect(PEER, { route: routeTo(peer.port) });
    found.push(performance.now() - begin);
    await remote.disconnect();
  }
  verify(crowd.arrivals >= silent, `only ${crowd.arrivals} silent sockets were connected`);
  return found;
}

function benchNode(options: PeerOptions): Promise<Node> {
  return startNode('bench_a@localhost', {
    network: benchNetwork(options),
    log: { level: 'error' },
  });
}

function routeTo(port: number): NetworkRoute {
  return { host: '127.0.0.1', port, tls: false };
}

function timesOf(name: string, times: readonly number[]): Record<string, number> {
  return {
    [`${name}_p50_ms`]: percentile(times, 50),
    [`${name}_p99_ms`]: percentile(times, 99),
    [`${name}_max_ms`]: percentile(times, 100),
  };
}

/** Losses by a reset. */
export const suite: Suite = { unit: 'losses', warmUps: 0, runs: 1, run };
