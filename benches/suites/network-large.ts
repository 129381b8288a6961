import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Node, Pid } from 'tergo';
import { type Bulk, type BulkSinkProtocol, BulkSource } from '../network/bulk.ts';
import { bulkSpawn, echoSpawn } from '../network/spawn-names.ts';
import { connectedNodes, type Topology } from '../network/topology.ts';
import { TimedCaller, type Timed } from '../network/timed-caller.ts';
import { median, percentile, verify, type Run, type Suite } from '../suite.ts';

const BLOCKS: Bulk = { blocks: 20_000, bytes: 64 * 1024 };
const LARGE: Bulk = { blocks: 1, bytes: 100e6 };
const ROUNDS = 5;
/** How long calls are timed, ms: longer than the large message needs. */
const CALLS_MS = 1000;
const WITHIN = { timeoutMs: 120_000 };
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Blocks of 64 KiB beside what tokio copies; small calls while a message of 100 MB is under way. */
async function run(): Promise<Run> {
  const threads = await blockRate('two_threads');
  const processes = await blockRate('two_processes');
  const calls = await callTimes();
  const bytesPerSecond = Math.max(threads, processes);
  const extra = {
    bytes_per_second: bytesPerSecond,
    tokio_bytes_per_second: tokioCopy(),
    two_threads_bytes_per_second: threads,
    two_processes_bytes_per_second: processes,
    ...calls,
  };
  return { ops: BLOCKS.blocks, seconds: (BLOCKS.blocks * BLOCKS.bytes) / bytesPerSecond, extra };
}

/** Bytes of blocks per second, the median of some rounds after one that warms up. */
async function blockRate(topology: Topology): Promise<number> {
  await using nodes = await connectedNodes(topology);
  const { node, peer } = nodes;
  const sink = await peer.spawn(bulkSpawn);
  const rates: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const { begin, end } = await send(node, sink, BLOCKS);
    if (round > 0) rates.push((BLOCKS.blocks * BLOCKS.bytes * 1000) / (end - begin));
  }
  return Math.round(median(rates));
}

/** Who calls is on another thread than who sends, whose thread is busy with copying the message. */
async function callTimes(): Promise<Record<string, number>> {
  await using nodes = await connectedNodes('two_threads', { maxMessageSize: 128e6, threads: 2 });
  const { node, peer } = nodes;
  const sink = await peer.spawn(bulkSpawn);
  const echo = await peer.spawn(echoSpawn);
  const caller = await node.spawn(TimedCaller, { thread: 1 });
  const request = { type: 'time', echo, forMs: CALLS_MS } as const;
  const alone = await node.call(caller, request, WITHIN);
  const beside: Timed[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const calls = node.call(caller, request, WITHIN);
    const { begin, end } = await send(node, sink, LARGE);
    beside.push(...(await calls).filter(({ at, ms }) => at + ms > begin && at < end));
  }
  return { ...timesOf('calls_beside', beside), ...timesOf('calls_alone', alone) };
}

/** When it was sent, and when all of it was there: ms since the epoch. */
async function send(
  node: Node,
  sink: Pid<BulkSinkProtocol>,
  bulk: Bulk,
): Promise<{ begin: number; end: number }> {
  const source = await node.spawn(BulkSource, { args: [bulk] });
  const counted = node.call(sink, { type: 'expect', bulk }, WITHIN);
  const begin = performance.timeOrigin + performance.now();
  node.send(source, { type: 'go', sink });
  verify((await counted) === bulk.blocks, 'not every block was whole and in its turn');
  return { begin, end: performance.timeOrigin + performance.now() };
}

function timesOf(name: string, calls: readonly Timed[]): Record<string, number> {
  const times = calls.map(({ ms }) => ms);
  return {
    [name]: times.length,
    [`${name}_p50_ms`]: percentile(times, 50),
    [`${name}_p99_ms`]: percentile(times, 99),
    [`${name}_max_ms`]: percentile(times, 100),
  };
}

/** Bytes per second of a plain copy; the program is compiled when it is first needed. */
function tokioCopy(): number {
  const args = ['run', '--quiet', '--release', '-p', 'tergo-net', '--example', 'tokio_copy'];
  const { status, stdout, stderr } = spawnSync('cargo', args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`cargo ${args.join(' ')} failed: ${stderr}`);
  return Number(stdout);
}

export const suite: Suite = { unit: 'blocks', warmUps: 0, runs: 1, run };
