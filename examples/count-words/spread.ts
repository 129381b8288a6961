import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { startNode, TergoError, type LogOptions, type Node, type Pid } from 'tergo';
import { batchesOf, type Batch } from './batches.ts';
import type { File } from './list-files.ts';
import type { Count } from './plain-loop.ts';
import { TallyPool } from './tally-pool.ts';
import { tallySpawn, type Tally, type TallyProtocol } from './tally-protocol.ts';
import { add } from './words.ts';

/** Workers of each node, and batches that each node has in hand at once. */
const WORKERS = 2;
const IN_HAND = 2 * WORKERS;

/** What a count over several nodes came to. */
export interface Spread {
  readonly count: Count;
  readonly seconds: number;
  /** How many batches each node has counted. */
  readonly shares: ReadonlyMap<string, number>;
  /** Which node was killed, and how many batches it had in hand. */
  readonly killed: string;
  readonly lost: number;
}

/** A node with its pool. */
interface Station {
  readonly node: string;
  readonly pool: Pid<TallyProtocol>;
}

/** Counts with this node and others in OS processes of their own, the last of which is killed on the way. */
export async function countOnNodes(
  files: readonly File[],
  nodes: number,
  log: LogOptions,
): Promise<Spread> {
  const [cookie, port] = [randomBytes(24).toString('hex'), await freePort()];
  const network = { cookie, registrar: { port, answerOthers: false }, acceptors: [{ port: 0 }] };
  await using node = await startNode('words1@localhost', { network, log });
  const others = Array.from({ length: nodes - 1 }, (_, index) => `words${index + 2}@localhost`);
  const children = others.map((name) => startPeer(name, cookie, port));
  try {
    const begin = performance.now();
    const own = { node: node.name, pool: await node.spawn(TallyPool, { args: [WORKERS] }) };
    const stations = [own, ...(await Promise.all(others.map((name) => stationOn(node, name))))];
    const counting = new Counting(node, batchesOf(files, IN_HAND * nodes), files.length);
    const victim = others.at(-1)!;
    counting.onThird = () => children.at(-1)!.kill('SIGKILL');
    await Promise.all(stations.map((station) => counting.keepBusy(station)));
    const seconds = (performance.now() - begin) / 1000;
    const { count, shares, lost } = counting;
    return { count, seconds, shares, killed: victim, lost };
  } finally {
    for (const child of children) child.kill();
  }
}

/** Gives batches to nodes until all are counted; what a lost node had in hand goes to the others. */
class Counting {
  readonly shares = new Map<string, number>();
  lost = 0;
  /** Called once, when a third is done. */
  onThird: () => void = () => undefined;
  readonly #node: Node;
  readonly #waiting: Batch[];
  readonly #of: number;
  readonly #files: number;
  readonly #counts = new Map<string, number>();
  /** Who has nothing to do, but may have to stand in for a node that is lost. */
  readonly #idle: ((batch: Batch | undefined) => void)[] = [];
  #done = 0;
  #totals = { texts: 0, bytes: 0, words: 0 };

  constructor(node: Node, batches: readonly Batch[], files: number) {
    this.#node = node;
    this.#waiting = [...batches];
    this.#of = batches.length;
    this.#files = files;
  }

  get count(): Count {
    const { texts, bytes, words } = this.#totals;
    return { files: texts, skipped: this.#files - texts, bytes, words, counts: this.#counts };
  }

  /** Resolves when all is done, or the node is lost. */
  async keepBusy(station: Station): Promise<void> {
    await Promise.all(Array.from({ length: IN_HAND }, () => this.#lane(station)));
  }

  async #lane({ node, pool }: Station): Promise<void> {
    for (;;) {
      const batch = await this.#next();
      if (batch === undefined) return;
      try {
        const tally = await this.#node.call(pool, { type: 'tally', batch }, { timeoutMs: 60_000 });
        this.#take(node, tally);
      } catch (error) {
        // Whoever has time takes it again; this node has none any more.
        this.lost += 1;
        this.#giveBack(batch);
        if (!TergoError.is(error, 'no-connection') && !TergoError.is(error, 'no-route'))
          throw error;
        return;
      }
    }
  }

  /** A batch to count; `undefined` when all are counted. */
  #next(): Promise<Batch | undefined> {
    const batch = this.#waiting.shift();
    if (batch !== undefined || this.#done === this.#of) return Promise.resolve(batch);
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #giveBack(batch: Batch): void {
    const idle = this.#idle.shift();
    if (idle === undefined) this.#waiting.push(batch);
    else idle(batch);
  }

  #take(node: string, { files, counts }: Tally): void {
    this.shares.set(node, (this.shares.get(node) ?? 0) + 1);
    for (const { bytes, isText } of files) {
      if (!isText) continue;
      this.#totals.texts += 1;
      this.#totals.bytes += bytes;
    }
    for (const [word, number] of counts) {
      add(this.#counts, word, number);
      this.#totals.words += number;
    }
    this.#done += 1;
    if (this.#done === Math.ceil(this.#of / 3)) this.onThird();
    if (this.#done === this.#of) for (const idle of this.#idle.splice(0)) idle(undefined);
  }
}

/** Waits for a node to be there, and spawns its pool. */
async function stationOn(node: Node, name: string): Promise<Station> {
  for (;;) {
    try {
      const peer = await node.network.connect(name);
      return { node: name, pool: await peer.spawn(tallySpawn, { args: [WORKERS] }) };
    } catch (error) {
      // It is on its way up, or has not lent its pool yet.
      if (!TergoError.is(error, 'no-route') && !TergoError.is(error, 'name-unknown')) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function startPeer(name: string, cookie: string, port: number): ChildProcess {
  const main = new URL('tally-node.ts', import.meta.url);
  return fork(main, [name, cookie, String(port)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

/** For a registrar of this cluster's own. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
