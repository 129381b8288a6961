import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { startNode, type Node } from 'tergo';
import { benchNetwork, portOf } from '../network/peer-node.ts';
import { startSubscribers } from '../network/subscriber-nodes.ts';
import { Producer } from '../producer.ts';
import { median, stopwatch, type Run, type Suite } from '../suite.ts';

const NODES = 10;
const EACH = 100_000;
const ROUNDS = 5;

/** Subscribers somewhere; `round` resolves when all of them have had one more event. */
interface Audience {
  readonly round: () => Promise<unknown>;
  readonly stop: () => Promise<unknown>;
}

/** One event to the subscribers of ten nodes, all in one OS process: on one JavaScript thread, and on two beside the publisher's. */
async function run(): Promise<Run> {
  const here = await rateFor(audienceHere);
  const threads = await rateFor(audienceOnThreads);
  const rate = Math.max(here, threads);
  const ops = NODES * EACH;
  return { ops, seconds: ops / rate, extra: { one_thread_rate: here, threads_rate: threads } };
}

async function rateFor(gather: (port: number) => Promise<Audience>): Promise<number> {
  const log = { level: 'error' } as const;
  await using node = await startNode('bench_a@localhost', { network: benchNetwork({}), log });
  const producer = await node.spawn(Producer);
  const { round, stop } = await gather(portOf(node));
  const rates: number[] = [];
  for (let i = 0; i <= ROUNDS; i++) {
    const delivered = round();
    const seconds = stopwatch();
    await node.call(producer, { type: 'publish' });
    await delivered;
    if (i > 0) rates.push((NODES * EACH) / seconds());
  }
  await stop();
  return Math.round(median(rates));
}

async function audienceHere(port: number): Promise<Audience> {
  let done: (() => void) | undefined;
  const numbers = Array.from({ length: NODES }, (_, number) => number);
  const nodes: readonly Node[] = await startSubscribers({ numbers, each: EACH, port }, () =>
    done?.(),
  );
  const round = (): Promise<void> => new Promise((resolve) => (done = resolve));
  return { round, stop: () => Promise.all(nodes.map((node) => node.stop())) };
}

async function audienceOnThreads(port: number): Promise<Audience> {
  const half = NODES / 2;
  const workers = [0, half].map((first) => {
    const numbers = Array.from({ length: half }, (_, index) => first + index);
    const workerData = { numbers, each: EACH, port };
    return new Worker(new URL('../network/subscriber-main.ts', import.meta.url), { workerData });
  });
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  return {
    round: () => Promise.all(workers.map((worker) => once(worker, 'message'))),
    stop: () => Promise.all(workers.map((worker) => worker.terminate())),
  };
}

export const suite: Suite = { unit: 'deliveries', warmUps: 0, runs: 1, run };
