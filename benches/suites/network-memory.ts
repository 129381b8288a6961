import { spawnSync } from 'node:child_process';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { TergoError } from 'tergo';
import { BulkSource } from '../network/bulk.ts';
import { bulkSpawn, echoSpawn, sinkSpawn } from '../network/spawn-names.ts';
import { connectedNodes, type NodePair } from '../network/topology.ts';
import { Source } from '../threads/flood.ts';
import { median, stopwatch, verify, type Run, type Suite } from '../suite.ts';

/** V8 and the allocator take their sizes in these. */
const WARM_UP_MINUTES = 10;
/** V8 lets its young generation grow in steps of up to 64 MB at any time, also after half an hour: what else grows would not show. */
const FIXED = ['--min-semi-space-size=16', '--max-semi-space-size=16'];
const MINUTES = 10;
const SAMPLE_MS = 1000;
const WITHIN = { timeoutMs: 120_000 };

/** Twenty minutes of all kinds of load between two nodes on two threads; the resident memory of the OS process once a second in the second ten. */
async function run(): Promise<Run> {
  if (!FIXED.every((flag) => process.execArgv.includes(flag))) return runFixed();
  await using nodes = await connectedNodes('two_threads');
  const from = performance.now() + WARM_UP_MINUTES * 60_000;
  const until = from + MINUTES * 60_000;
  const seconds = stopwatch();
  const loads = Promise.all([flood, blocks, calls, comeAndGo].map((load) => load(nodes, until)));
  const samples: number[] = [];
  while (performance.now() < until) {
    await sleep(SAMPLE_MS);
    if (performance.now() > from) samples.push(process.memoryUsage.rss());
  }
  const ops = (await loads).reduce((sum, one) => sum + one, 0);
  const quarter = Math.floor(samples.length / 4);
  const extra = {
    rss_second_quarter: median(samples.slice(quarter, 2 * quarter)),
    rss_third_quarter: median(samples.slice(2 * quarter, 3 * quarter)),
    rss_last_quarter: median(samples.slice(-quarter)),
  };
  return { ops, seconds: seconds(), extra };
}

/** The same in a process whose young generation has its size from the beginning. */
function runFixed(): Run {
  const own = process.argv.slice(1).filter((word) => word !== '--json');
  const args = [...process.execArgv, ...FIXED, ...own, '--json'];
  const { status, stdout } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  verify(status === 0, `the process with ${FIXED.join(' ')} ended with ${status}`);
  const result = JSON.parse(stdout) as Readonly<Record<string, number>>;
  const figures = Object.entries(result).filter(([key]) => key.startsWith('rss_'));
  return { ops: result['ops']!, seconds: result['seconds']!, extra: Object.fromEntries(figures) };
}

/** Messages of a flood, again and again. */
async function flood({ node, peer }: NodePair, until: number): Promise<number> {
  const work = { cargo: 'customer', messages: 100_000 } as const;
  const sink = await peer.spawn(sinkSpawn);
  const source = await node.spawn(Source);
  return repeat(until, async () => {
    const counted = node.call(sink, { type: 'expect', flood: work }, WITHIN);
    node.send(source, { type: 'go', sink, flood: work });
    verify((await counted) === work.messages, 'a message was wrong');
    return work.messages;
  });
}

/** Blocks of 64 KiB. */
async function blocks({ node, peer }: NodePair, until: number): Promise<number> {
  const bulk = { blocks: 200, bytes: 64 * 1024 };
  const sink = await peer.spawn(bulkSpawn);
  return repeat(until, async () => {
    const source = await node.spawn(BulkSource, { args: [bulk] });
    const counted = node.call(sink, { type: 'expect', bulk }, WITHIN);
    node.send(source, { type: 'go', sink });
    verify((await counted) === bulk.blocks, 'a block was wrong');
    node.kill(source);
    return bulk.blocks;
  });
}

async function calls({ node, peer }: NodePair, until: number): Promise<number> {
  const echo = await peer.spawn(echoSpawn);
  return repeat(until, async () => {
    verify(
      (await node.call(echo, { type: 'echo', value: 1 }, WITHIN)) === 1,
      'an answer was wrong',
    );
    return 1;
  });
}

/** Processes of the other node that are spawned, called and ended. */
async function comeAndGo({ node, peer }: NodePair, until: number): Promise<number> {
  return repeat(until, async () => {
    const echo = await peer.spawn(echoSpawn);
    await node.call(echo, { type: 'echo', value: 1 }, WITHIN);
    node.sendExit(echo, 'shutdown');
    return 1;
  });
}

async function repeat(until: number, once: () => Promise<number>): Promise<number> {
  let ops = 0;
  while (performance.now() < until) {
    try {
      ops += await once();
    } catch (error) {
      // Floods fill the way now and then: what finds it full is done again, not counted.
      if (!TergoError.is(error, 'process-mailbox-full')) throw error;
      await setImmediate();
    }
  }
  return ops;
}

export const suite: Suite = { unit: 'operations', warmUps: 0, runs: 1, run };
