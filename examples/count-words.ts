// Counts the words of every text file below a folder with an application: a reader, a pool of counting
// workers, an aggregator and a reporter below a supervisor. The workers are spread over the threads of the node, and
// with --nodes over several nodes, each in an OS process of its own, that find each other.
// Start here, then read count-words/.
//
// A worker, the reader, a whole thread and a whole node end on the way, on purpose: the pool replaces the workers, the
// supervisor restarts the reader, the node starts the thread anew, other nodes take over, and nothing is lost or
// counted twice.
//
// usage: npm run demo [-- [FOLDER] [--nodes N] [--threads N] [--log text|coloured|json|off]]
//   FOLDER     by default this repository and the TypeScript compiler; node_modules, target, dist, .git, docs/api are left out
//   --nodes    how many OS processes; by default 1. With more, one of them is lost by kill -9 on the way
//   --threads  how many threads each node has; by default all nodes together have one for each core. With one node and
//              several threads the speed-up is told
//   --log      how the log looks on standard error; by default coloured on a terminal, text elsewhere
import { readArguments, type Arguments } from './count-words/arguments.ts';
import { countWithActors, workersOn } from './count-words/counting.ts';
import { InputError, listFiles, type File } from './count-words/list-files.ts';
import { logOptions } from './count-words/log-options.ts';
import { countInPlainLoop, differenceOf, type Count } from './count-words/plain-loop.ts';
import { counted, ProgressLine } from './count-words/progress-line.ts';
import type { Totals } from './count-words/protocols.ts';
import { printDrill, printSpeedUp, printTotals } from './count-words/report.ts';

/** How often one thread and all are compared. */
const ROUNDS = 2;
const line = new ProgressLine(process.stdout);
// Whoever reads may have seen enough (`| head`).
process.stdout.on('error', () => process.exit());

try {
  const options = readArguments();
  const { folders, nodes, threads } = options;
  const files = await listFiles(folders);
  console.log(
    `${counted(files.length, 'file')} below ${folders.join(' and ')}, ${crewOf(options)}`,
  );
  const plain = await countAndVerify(options, files);
  if (nodes === 1 && threads > 1) await compareWithOneThread(files, threads, plain);
} catch (error) {
  line.clear();
  console.error(error instanceof InputError ? `count-words: ${error.message}` : error);
  process.exitCode = 1;
}

/** `8 workers on 4 threads`, and on how many nodes. */
function crewOf({ nodes, threads }: Arguments): string {
  const crew = `${workersOn(threads)} workers on ${counted(threads, 'thread')}`;
  return nodes === 1 ? crew : `${nodes} nodes, each with ${crew}`;
}

/** Counts while things go wrong; what a plain loop counts. */
async function countAndVerify(
  { folders, nodes, threads, log: format }: Arguments,
  files: readonly File[],
): Promise<Count> {
  const log = logOptions(format, printLog);
  const counting = { files, nodes, threads, hasDrill: true, line, log, format };
  const { totals, restarts, seconds } = await countWithActors(counting);
  if (totals.files === 0) {
    const skipped = `${counted(totals.skipped, 'file')} skipped as binary, too large or unreadable`;
    throw new InputError(`there is no text below ${folders.join(' and ')} (${skipped})`);
  }
  printTotals(totals, seconds);
  printDrill(totals, restarts, folders[0]!);
  const plain = countInPlainLoop(files);
  verify(totals, plain);
  console.log(`a plain loop over the same files agrees: ${counted(totals.words, 'word')}`);
  return plain;
}

/** The same work with all threads and with one, in turns, with nothing going wrong: the better time of each counts. */
async function compareWithOneThread(
  files: readonly File[],
  threads: number,
  plain: Count,
): Promise<void> {
  const quiet = new ProgressLine({ write: () => undefined });
  const log = { level: 'warning' } as const;
  let [all, alone] = [Infinity, Infinity];
  for (let round = 0; round < ROUNDS; round++) {
    all = Math.min(all, await secondsWith(threads));
    alone = Math.min(alone, await secondsWith(1));
  }
  printSpeedUp(threads, all, alone);

  async function secondsWith(number: number): Promise<number> {
    const counting = { files, nodes: 1, threads: number, hasDrill: false, line: quiet, log };
    const { totals, seconds } = await countWithActors(counting);
    verify(totals, plain);
    return seconds;
  }
}

function verify(totals: Totals, plain: Count): void {
  const difference = differenceOf(totals, plain);
  if (difference !== undefined) throw new Error(`a plain loop differs: ${difference}`);
}

function printLog(text: string): void {
  line.clear();
  process.stderr.write(`${text}\n`);
}
