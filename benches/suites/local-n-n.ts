import { availableParallelism } from 'node:os';
import type { Node } from 'tergo';
import { Pair } from '../threads/pair.ts';
import { threadNode } from '../threads/thread-node.ts';
import { stopwatch, verify, type Run, type Suite } from '../suite.ts';

const messages = 1_000_000;
const threads = availableParallelism();
let shared: Promise<Node> | undefined;

/** One pair of actors a thread, all flooding at once. */
async function run(): Promise<Run> {
  shared ??= threadNode(threads);
  const node = await shared;
  const numbers = Array.from({ length: threads }, (_, thread) => thread);
  const pairs = await Promise.all(numbers.map((thread) => node.spawn(Pair, { thread })));
  const seconds = stopwatch();
  const asked = pairs.map((pair) =>
    node.call(pair, { type: 'flood', messages }, { timeoutMs: 60_000 }),
  );
  const sums = await Promise.all(asked);
  const elapsed = seconds();
  verify(
    sums.every((sum) => sum === messages),
    `the sinks summed up ${sums.join(', ')}`,
  );
  return { ops: messages * threads, seconds: elapsed, extra: { threads } };
}

async function close(): Promise<void> {
  await (await shared)?.stop();
}

export const suite: Suite = { unit: 'messages', warmUps: 2, runs: 7, run, close };
