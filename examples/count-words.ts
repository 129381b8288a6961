// Counts the words of every text file below a folder with an application: a reader, a pool of counting
// workers, an aggregator and a reporter below a supervisor. The workers are spread over the threads of the node.
// Start here, then read count-words/.
//
// A worker, the reader and a whole thread end on the way, on purpose: the pool replaces the workers, the supervisor
// restarts the reader, the node starts the thread anew, and nothing is lost or counted twice.
//
// usage: npm run demo [-- [FOLDER] [--threads N] [--log text|coloured|json|off]]
//   FOLDER     by default this repository and the TypeScript compiler; node_modules, target, dist, .git, docs/api are left out
//   --threads  how many threads the node has; by default one for each core. With more than one the speed-up is told
//   --log      how the log looks on standard error; by default coloured on a terminal, text elsewhere
import type { LogOptions } from 'tergo';
import { readArguments, type LogFormat } from './count-words/arguments.ts';
import { countWithActors, workersOn } from './count-words/counting.ts';
import { InputError, listFiles, type File } from './count-words/list-files.ts';
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
  const { folders, threads, log } = readArguments();
  const files = await listFiles(folders);
  const crew = `${workersOn(threads)} workers on ${counted(threads, 'thread')}`;
  console.log(`${counted(files.length, 'file')} below ${folders.join(' and ')}, ${crew}`);
  const plain = await countAndVerify(folders, files, threads, log);
  if (threads > 1) await compareWithOneThread(files, threads, plain);
} catch (error) {
  line.clear();
  console.error(error instanceof InputError ? `count-words: ${error.message}` : error);
  process.exitCode = 1;
}

/** Counts while things go wrong; what a plain loop counts. */
async function countAndVerify(
  folders: readonly string[],
  files: readonly File[],
  threads: number,
  format: LogFormat,
): Promise<Count> {
  const log = logOptions(format);
  const counting = { files, threads, hasDrill: true, line, log };
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
    const counting = { files, threads: number, hasDrill: false, line: quiet, log };
    const { totals, seconds } = await countWithActors(counting);
    verify(totals, plain);
    return seconds;
  }
}

function verify(totals: Totals, plain: Count): void {
  const difference = differenceOf(totals, plain);
  if (difference !== undefined) throw new Error(`a plain loop differs: ${difference}`);
}

function logOptions(format: LogFormat): LogOptions {
  return format === 'off' ? { disableConsole: true } : { format, output: printLog };
}

function printLog(text: string): void {
  line.clear();
  process.stderr.write(`${text}\n`);
}
