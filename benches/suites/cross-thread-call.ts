import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Node, Pid } from 'tergo';
import { Echo, type EchoProtocol } from '../threads/echo.ts';
import { threadNode } from '../threads/thread-node.ts';
import { percentile, verify, type Run, type Suite } from '../suite.ts';

const STEADY = 50_000;
/** Requests of one kind that follow each other, and how often the kinds take turns. */
const SPARSE = 100;
const SPARSE_TURNS = 10;
const SPARSE_EVERY_MS = 2;
const IDLE_MS = 3000;

/** One actor calls another on another thread, and the same by `postMessage`: without a pause, and with. */
async function run(): Promise<Run> {
  const node = await threadNode(2);
  const worker = new Worker(new URL('../threads/port-peer.ts', import.meta.url));
  const { port1, port2 } = new MessageChannel();
  worker.postMessage({ type: 'echo', port: port2 }, [port2]);
  const echo = await node.spawn(Echo, { thread: 1 });
  const call = (value: number): Promise<number> => callOf(node, echo, value);
  const post = (value: number): Promise<number> => postOf(port1, value);
  await steady(call);
  await steady(post);
  const ours = await steady(call);
  const theirs = await steady(post);
  const [oursSparse = [], theirsSparse = []] = await sparse(call, post);
  port1.close();
  await worker.terminate();
  const idle = await idleCpu();
  await node.stop();
  const extra = {
    p50_us: percentile(ours, 50),
    p99_us: percentile(ours, 99),
    baseline_p50_us: percentile(theirs, 50),
    baseline_p99_us: percentile(theirs, 99),
    sparse_p50_us: percentile(oursSparse, 50),
    sparse_p99_us: percentile(oursSparse, 99),
    baseline_sparse_p50_us: percentile(theirsSparse, 50),
    baseline_sparse_p99_us: percentile(theirsSparse, 99),
    idle_cpu_percent: idle,
  };
  const seconds = ours.reduce((sum, one) => sum + one, 0) / 1e6;
  return { ops: STEADY, seconds, extra };
}

function callOf(node: Node, echo: Pid<EchoProtocol>, value: number): Promise<number> {
  return node.call(echo, { type: 'echo', value });
}

function postOf(port: MessagePort, value: number): Promise<number> {
  return new Promise((resolve) => {
    port.once('message', (answer: { value: number }) => resolve(answer.value));
    port.postMessage({ type: 'echo', value });
  });
}

/** Microseconds of each round trip. */
async function steady(ask: (value: number) => Promise<number>): Promise<number[]> {
  const took: number[] = [];
  for (let value = 0; value < STEADY; value++) took.push(await timed(ask, value));
  return took;
}

/** One request each 2 ms; in turn, since how long a sleeping thread takes to wake changes from minute to minute. */
async function sparse(...asks: ((value: number) => Promise<number>)[]): Promise<number[][]> {
  const took: number[][] = asks.map(() => []);
  for (let turn = 0; turn < SPARSE_TURNS; turn++) {
    for (const [index, ask] of asks.entries()) {
      for (let value = 0; value < SPARSE; value++) {
        await sleep(SPARSE_EVERY_MS);
        took[index]!.push(await timed(ask, value));
      }
    }
  }
  return took;
}

async function timed(ask: (value: number) => Promise<number>, value: number): Promise<number> {
  const begin = performance.now();
  verify((await ask(value)) === value, 'an answer was wrong');
  return (performance.now() - begin) * 1000;
}

/** What an idle node uses of one core, percent. */
async function idleCpu(): Promise<number> {
  await sleep(200);
  const before = process.cpuUsage();
  await sleep(IDLE_MS);
  const { user, system } = process.cpuUsage(before);
  return Math.round(((user + system) / (IDLE_MS * 10)) * 1000) / 1000;
}

export const suite: Suite = { unit: 'calls', warmUps: 0, runs: 1, run };
