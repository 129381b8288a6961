import { startNode, type LogOptions, type RestartInfo } from 'tergo';
import { CountWords } from './count-words.ts';
import { batchesOf } from './batches.ts';
import type { File } from './list-files.ts';
import type { ProgressLine } from './progress-line.ts';
import { aggregatorName, progressEvent, supervisorName, type Totals } from './protocols.ts';

/** What other threads must know to have workers, and somebody who ends them. */
const behaviors = ['worker.ts', 'drill.ts'].map((file) => new URL(file, import.meta.url));

/** One count of all files. */
export interface Counting {
  readonly files: readonly File[];
  readonly threads: number;
  /** Whether a worker, the reader and a whole thread are ended on the way. */
  readonly hasDrill: boolean;
  readonly line: ProgressLine;
  readonly log: LogOptions;
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

/** Starts a node, counts with it and stops it. */
export async function countWithActors(counting: Counting): Promise<Counted> {
  const { files, threads, hasDrill, line, log } = counting;
  const begin = performance.now();
  await using node = await startNode('count-words@localhost', { log, threads, behaviors });
  const drill = hasDrill ? { thread: threads > 1 ? threads - 1 : undefined } : undefined;
  const plan = { workers: workersOn(threads), drill };
  const name = await node.applications.load(CountWords, {
    args: [batchesOf(files, plan.workers), plan, line],
  });
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
