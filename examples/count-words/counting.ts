import { startNode, type LogOptions, type Node, type RestartInfo } from 'tergo';
import type { LogFormat } from './arguments.ts';
import { CountWords } from './count-words.ts';
import { batchesOf } from './batches.ts';
import { Cluster } from './cluster.ts';
import type { File } from './list-files.ts';
import type { ProgressLine } from './progress-line.ts';
import type { Plan } from './plan.ts';
import { aggregatorName, progressEvent, supervisorName, type Totals } from './protocols.ts';
import type { RemotePool } from './remote-pool.ts';
import { workerModules } from './worker-modules.ts';

/** One count of all files. */
export interface Counting {
  readonly files: readonly File[];
  /** OS processes, each with a node; 1: only this one. */
  readonly nodes: number;
  /** Of each node. */
  readonly threads: number;
  /** Whether a worker, the reader, a whole thread and a whole node are ended on the way. */
  readonly hasDrill: boolean;
  readonly line: ProgressLine;
  readonly log: LogOptions;
  /** How the other nodes log; `off` by default. */
  readonly format?: LogFormat;
}

/** What a count came to. */
export interface Counted {
  readonly totals: Totals;
  readonly restarts: readonly RestartInfo[];
  /** From before the start of the node until everything was counted. */
  readonly seconds: number;
}

/** So many workers for each thread: one counts while the other one reads. */
export function workersOn(threads: number): number {
  return Math.max(4, 2 * threads);
}

/** Starts the nodes, counts with them and stops them. */
export async function countWithActors(counting: Counting): Promise<Counted> {
  const { files, nodes, threads, line, log } = counting;
  const begin = performance.now();
  await using cluster = nodes > 1 ? await Cluster.prepare() : undefined;
  await using node = await startNode('count-words@localhost', {
    ...{ log, threads, behaviors: workerModules },
    ...(cluster === undefined ? {} : { network: cluster.network }),
  });
  const plan = planOf(counting, (await spread(counting, node, cluster)) ?? []);
  const batches = batchesOf(files, nodes * plan.workers);
  const name = await node.applications.load(CountWords, { args: [batches, plan, line] });
  await node.applications.start(name);
  for await (const { message } of node.subscribe(progressEvent)) {
    if (message.done === message.of) break;
  }
  const totals = await node.call(aggregatorName, { type: 'totals' });
  const seconds = (performance.now() - begin) / 1000;
  // The job that prints progress every minute; once more at the end.
  await node.cron.runJob('progress');
  const restarts = await node.call(supervisorName, { type: 'restarts' });
  return { totals, restarts, seconds };
}

/** The pools of the other nodes, if there are any. */
async function spread(
  { nodes, threads, format: log = 'off' }: Counting,
  node: Node,
  cluster: Cluster | undefined,
): Promise<readonly RemotePool[] | undefined> {
  return cluster?.spread(node, nodes - 1, { threads, log, workers: workersOn(threads) });
}

function planOf({ threads, hasDrill }: Counting, remotePools: readonly RemotePool[]): Plan {
  const thread = threads > 1 ? threads - 1 : undefined;
  const drill = hasDrill ? { thread, node: remotePools.at(-1) } : undefined;
  return { workers: workersOn(threads), remotePools, drill };
}
