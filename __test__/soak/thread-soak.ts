// Starts and ends worker threads under traffic, by every route, and looks at what stays behind.
// usage: node --expose-gc thread-soak.ts [--workers N] [--seed N]     prints a report as one JSON line
import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startNode, type Node, type Pid } from 'tergo';
import { waitFor } from '../support/wait-for.ts';
import { Flooder, type Death, type FlooderProtocol } from './flooder.ts';
import { MemorySamples } from './memory.ts';
import { Random } from './random.ts';

const { values } = parseArgs({
  options: {
    workers: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
  },
});
const wanted = Number(values.workers);
const seed = Number(values.seed);

const THREADS = 4;
const others = Array.from({ length: THREADS - 1 }, (_, index) => index + 1);
/** A thread that ends more often than five times in ten seconds is left down. */
const DEATHS_A_THREAD = 5;
const CHUNK_BYTES = 2 ** 18;
const PATIENCE_MS = 60_000;

const random = new Random(seed);
const memory = new MemorySamples();
const descriptors: number[] = [];
const routes: Record<string, number> = {};
let workers = 0;
let rounds = 0;
let sent = 0;

console.log(`thread soak: ${wanted} workers, seed ${seed}`);
const begin = performance.now();
let toldAt = begin;
while (workers < wanted) {
  await round();
  rounds += 1;
  // The first eighth warms up.
  if (workers * 8 > wanted) {
    memory.take();
    descriptors.push(openDescriptors());
  }
  if (performance.now() - toldAt < 10_000) continue;
  toldAt = performance.now();
  const { rss, external, arrayBuffers } = process.memoryUsage();
  const figures = { workers, ms: Math.round(toldAt - begin), rss, external, arrayBuffers };
  console.log(JSON.stringify({ ...figures, fds: openDescriptors() }));
}

const rss = memory.growth('rss');
const heapUsed = memory.growth('heapUsed');
const fds = { first: descriptors[0], last: descriptors.at(-1), most: Math.max(...descriptors) };
const ms = Math.round(performance.now() - begin);
const report = { seed, workers, rounds, ms, sent, routes, samples: memory.count };
console.log(JSON.stringify({ ...report, rss, heapUsed, fds }));
for (const [name, { second, last, isFlat }] of Object.entries({ rss, heapUsed })) {
  if (isFlat) continue;
  console.error(`${name} grew from ${second} to ${last} bytes after warm-up`);
  process.exitCode = 1;
}
if (fds.last !== fds.first) {
  console.error(`there were ${fds.first} open descriptors, then ${fds.last}`);
  process.exitCode = 1;
}

/** A node, its threads ended one after the other and started anew by it, then all of it ended. */
async function round(): Promise<void> {
  const node = await startNode('soak@localhost', {
    threads: THREADS,
    behaviors: [new URL('./flooder.ts', import.meta.url)],
    log: { disableConsole: true },
    resourceLimits: { maxOldGenerationSizeMb: 64 },
  });
  workers += THREADS - 1;
  const flooders: Pid<FlooderProtocol>[] = [];
  for (let thread = 0; thread < THREADS; thread += 1)
    flooders.push(await spawnFlooder(node, thread));
  introduce(node, flooders);
  for (let left = random.between(0, DEATHS_A_THREAD); left > 0; left -= 1) {
    const victims = others.filter(() => random.oneIn(2));
    await Promise.all(victims.map((thread) => endThread(node, flooders, thread)));
  }
  sent += node.info().messagesIn;
  await end(node, flooders);
}

async function endThread(
  node: Node,
  flooders: Pid<FlooderProtocol>[],
  thread: number,
): Promise<void> {
  const death: Death = random.oneIn(300) ? 'memory' : random.pick(['exit', 'throw']);
  count(death);
  const before = node.info().threads[thread]!.restarts;
  await tell(node, flooders[thread]!, death);
  await waitFor(
    `thread ${thread} to be back after '${death}'`,
    () => {
      const { isUp, restarts } = node.info().threads[thread]!;
      return isUp && restarts > before;
    },
    PATIENCE_MS,
  );
  workers += 1;
  flooders[thread] = await spawnFlooder(node, thread);
  introduce(node, flooders);
}

/** Everything stops at once, or in good order and after a look at what is left, or with a thread that hangs. */
async function end(node: Node, flooders: readonly Pid<FlooderProtocol>[]): Promise<void> {
  const route = random.oneIn(20) ? 'hang' : random.pick(['stop', 'stopForce', 'rest'] as const);
  count(route);
  if (route === 'stopForce') {
    await node.stopForce();
    return;
  }
  if (route === 'hang') await tell(node, flooders[random.between(1, THREADS - 1)]!, 'hang');
  if (route === 'rest') await rest(node, flooders);
  await node.stop({ timeoutMs: route === 'hang' ? 50 : PATIENCE_MS });
}

/** Once nobody sends, nothing but one chunk for each sender may be on its way. */
async function rest(node: Node, flooders: readonly Pid<FlooderProtocol>[]): Promise<void> {
  for (const pid of flooders)
    await waitFor('room', () => node.send(pid, { type: 'halt' }) === 'ok');
  const limit = (THREADS - 1) * CHUNK_BYTES;
  await waitFor(
    'the ways between the threads to be empty',
    () =>
      node
        .info()
        .threads.every(({ arenaBytes, blobBytes }) => arenaBytes <= limit && blobBytes === 0),
    PATIENCE_MS,
  );
}

async function spawnFlooder(node: Node, thread: number): Promise<Pid<FlooderProtocol>> {
  return await node.spawn(Flooder, { thread, args: [random.between(0, 2 ** 31)] });
}

function introduce(node: Node, peers: readonly Pid<FlooderProtocol>[]): void {
  for (const pid of peers) node.send(pid, { type: 'peers', peers });
}

async function tell(node: Node, pid: Pid<FlooderProtocol>, death: Death): Promise<void> {
  const message = { type: 'die', death } as const;
  await waitFor('room', () => node.send(pid, message, { priority: 'high' }) === 'ok', PATIENCE_MS);
}

function count(route: string): void {
  routes[route] = (routes[route] ?? 0) + 1;
}

function openDescriptors(): number {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
}
