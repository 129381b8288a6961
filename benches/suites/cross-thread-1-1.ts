import { MessageChannel, Worker } from 'node:worker_threads';
import { cargoes } from '../threads/cargo.ts';
import { Sink, Source } from '../threads/flood.ts';
import { threadNode } from '../threads/thread-node.ts';
import { median, stopwatch, verify, type Run, type Suite } from '../suite.ts';

const MESSAGES = {
  int: 3_000_000,
  object: 600_000,
  text: 200_000,
};
const BASELINE = {
  int: 200_000,
  object: 100_000,
  text: 100_000,
};
const ROUNDS = 5;

/** One actor floods another on another thread, and the same by `postMessage`, in turn. */
async function run(): Promise<Run> {
  const node = await threadNode(2);
  const worker = new Worker(new URL('../threads/port-peer.ts', import.meta.url));
  const sink = await node.spawn(Sink, { thread: 1 });
  const source = await node.spawn(Source);
  const figures: Record<string, number> = {};
  for (const cargo of ['int', 'text', 'object'] as const) {
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const flood = { cargo, messages: MESSAGES[cargo] };
      const seconds = stopwatch();
      const counted = node.call(sink, { type: 'expect', flood }, { timeoutMs: 60_000 });
      node.send(source, { type: 'go', sink, flood });
      verify((await counted) === flood.messages, 'not every message was right and in its turn');
      const rate = flood.messages / seconds();
      const baseline = await byPort(worker, cargo);
      // The first one warms up.
      if (round > 0) ours.push(rate);
      if (round > 0) theirs.push(baseline);
    }
    figures[`${cargo}_rate`] = Math.round(median(ours));
    figures[`${cargo}_baseline_rate`] = Math.round(median(theirs));
  }
  await worker.terminate();
  await node.stop();
  const { object_rate = 0, object_baseline_rate = 0, ...extra } = figures;
  const seconds = MESSAGES.object / object_rate;
  return {
    ops: MESSAGES.object,
    seconds,
    extra: { baseline_rate: object_baseline_rate, ...extra },
  };
}

async function byPort(worker: Worker, cargo: keyof typeof BASELINE): Promise<number> {
  const { port1, port2 } = new MessageChannel();
  const flood = { cargo, messages: BASELINE[cargo] };
  worker.postMessage({ type: 'count', flood, port: port2 }, [port2]);
  const counted = new Promise<number>((resolve) => void port1.once('message', resolve));
  const seconds = stopwatch();
  const make = cargoes[cargo];
  for (let i = 0; i < flood.messages; i++) port1.postMessage(make(i));
  verify(
    (await counted) === flood.messages,
    'not every message of the baseline was right and in its turn',
  );
  return flood.messages / seconds();
}

export const suite: Suite = { unit: 'messages', warmUps: 0, runs: 1, run };
