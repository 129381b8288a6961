// Counts the words of every text file below a folder with an application: a reader, a pool of counting
// workers, an aggregator and a reporter below a supervisor. Start here, then read count-words/.
//
// A worker and the reader crash on the way, on purpose: the pool replaces the one, the supervisor restarts
// the other, and nothing is lost or counted twice.
//
// usage: npm run demo [-- [FOLDER] [--log text|coloured|json|off]]
//   FOLDER  by default this repository; node_modules, target, dist, .git, docs/api are left out
//   --log   how the log looks on standard error; by default coloured on a terminal, text elsewhere
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startNode, type LogOptions, type RestartInfo } from 'tergo';
import { CountWords } from './count-words/count-words.ts';
import { InputError, listFiles } from './count-words/list-files.ts';
import { countInPlainLoop, differenceOf } from './count-words/plain-loop.ts';
import { counted, grouped, ProgressLine } from './count-words/progress-line.ts';
import {
  aggregatorName,
  progressEvent,
  supervisorName,
  type Totals,
} from './count-words/protocols.ts';

const WORKERS = 4;
const line = new ProgressLine(process.stdout);
// Whoever reads may have seen enough (`| head`).
process.stdout.on('error', () => process.exit());

try {
  const { folder, log } = readArguments();
  const paths = await listFiles(folder);
  console.log(`${counted(paths.length, 'file')} below ${folder}, ${WORKERS} workers`);
  await countAndVerify(folder, paths, log);
} catch (error) {
  line.clear();
  console.error(error instanceof InputError ? `count-words: ${error.message}` : error);
  process.exitCode = 1;
}

async function countAndVerify(
  folder: string,
  paths: readonly string[],
  log: LogOptions,
): Promise<void> {
  const begin = performance.now();
  const { totals, restarts } = await countWithActors(paths, log);
  const seconds = (performance.now() - begin) / 1000;
  if (totals.files === 0) {
    const skipped = `${counted(totals.skipped, 'file')} skipped as binary, too large or unreadable`;
    throw new InputError(`there is no text below ${folder} (${skipped})`);
  }
  printTotals(totals, seconds);
  for (const file of totals.crashes)
    console.log(
      `a worker crashed on purpose with ${path.relative(folder, file)} in hand; the pool replaced it, another one counted the file`,
    );
  for (const { name } of restarts)
    console.log(`the ${name} crashed on purpose; its supervisor restarted it`);

  const difference = differenceOf(totals, countInPlainLoop(paths));
  if (difference !== undefined) throw new Error(`a plain loop differs: ${difference}`);
  console.log(`a plain loop over the same files agrees: ${counted(totals.words, 'word')}`);
}

async function countWithActors(
  paths: readonly string[],
  log: LogOptions,
): Promise<{ totals: Totals; restarts: readonly RestartInfo[] }> {
  await using node = await startNode('count-words@localhost', { log });
  const name = await node.applications.load(CountWords, { args: [paths, WORKERS, line] });
  await node.applications.start(name);
  for await (const { message } of node.subscribe(progressEvent)) {
    if (message.done === message.of) break;
  }
  // The job that prints progress every minute; once more at the end.
  await node.cron.runJob('progress');
  const totals = await node.call(aggregatorName, { type: 'totals' });
  const restarts = await node.call(supervisorName, { type: 'restarts' });
  return { totals, restarts };
}

function readArguments(): { readonly folder: string; readonly log: LogOptions } {
  const { values, positionals } = parsed();
  if (positionals.length > 1)
    throw new InputError(`one folder at most, but there are ${positionals.length}`);
  // npm runs scripts in the package's folder; INIT_CWD is where the user stands.
  const [argument = fileURLToPath(new URL('..', import.meta.url))] = positionals;
  const folder = path.resolve(process.env['INIT_CWD'] ?? '.', argument);
  return { folder, log: logOptions(values.log ?? (process.stderr.isTTY ? 'coloured' : 'text')) };
}

function parsed() {
  try {
    return parseArgs({ allowPositionals: true, options: { log: { type: 'string' } } });
  } catch (error) {
    throw new InputError((error as Error).message);
  }
}

function printLog(text: string): void {
  line.clear();
  process.stderr.write(`${text}\n`);
}

function logOptions(format: string): LogOptions {
  switch (format) {
    case 'text':
    case 'coloured':
    case 'json':
      return { format, output: printLog };
    case 'off':
      return { disableConsole: true };
    default:
      throw new InputError(`--log must be text, coloured, json or off, but is ${format}`);
  }
}

function printTotals({ files, skipped, bytes, words, counts }: Totals, seconds: number): void {
  const top = [...counts].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, 10);
  for (const [index, [word, number]] of top.entries())
    console.log(
      `${String(index + 1).padStart(4)}. ${word.padEnd(20)}${grouped(number).padStart(10)}`,
    );
  console.log(
    `${counted(files, 'text file')} (${grouped(skipped)} without text skipped), ` +
      `${counted(bytes, 'byte')}, ${counted(words, 'word')}, ${grouped(counts.size)} different`,
  );
  const megabytes = bytes / 1e6 / seconds;
  console.log(
    `${seconds.toFixed(3)} s: ${grouped(Math.round(words / seconds))} words/s, ${grouped(megabytes)} MB/s`,
  );
}
