import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Node } from 'tergo';
import { Hog } from '../threads/hog.ts';
import { threadNode } from '../threads/thread-node.ts';
import { stopwatch, verify, type Run, type Suite } from '../suite.ts';

const MEASURED_MS = 5000;
/** Of a thread's time, so much must the hog have computed: otherwise nothing was measured. */
const LEAST_SHARE = 0.5;

/** The main thread's event-loop delay while an actor computes without a rest: on another thread, then on its own. */
async function run(): Promise<Run> {
  const node = await threadNode(2);
  const elsewhere = await measure(node, 1);
  const here = await measure(node, 0);
  await node.stop();
  const extra = {
    p50_ms: elsewhere.p50,
    p99_ms: elsewhere.p99,
    max_ms: elsewhere.max,
    hog_cpu_share: elsewhere.share,
    same_thread_p99_ms: here.p99,
  };
  return { ops: elsewhere.samples, seconds: elsewhere.seconds, extra };
}

interface Delay {
  readonly samples: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly share: number;
}

/** The delays as the histogram has them: each is the ms between two ticks that were to be 1 ms apart. */
async function measure(node: Node, thread: number): Promise<Delay> {
  const hogged = stopwatch();
  const hog = await node.spawn(Hog, { thread });
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  await sleep(200);
  const elapsed = stopwatch();
  histogram.enable();
  await sleep(MEASURED_MS);
  histogram.disable();
  const seconds = elapsed();
  const { blocks, computedMs } = await node.call(hog, { type: 'stop' });
  const share = computedMs / 1000 / hogged();
  verify(blocks > 0 && share > LEAST_SHARE, `the hog computed ${computedMs} ms only`);
  const { count: samples } = histogram;
  const [p50, p99] = [histogram.percentile(50), histogram.percentile(99)];
  return {
    samples,
    seconds,
    p50: ms(p50),
    p99: ms(p99),
    max: ms(histogram.max),
    share: two(share),
  };
}

function ms(ns: number): number {
  return two(ns / 1e6);
}

function two(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Ticks of the main thread beside a CPU-bound actor. */
export const suite: Suite = { unit: 'ticks', warmUps: 0, runs: 1, run };
