// Counts the words of every text file below a folder: a reader, four workers and an aggregator, one
// process each. One worker crashes on the way and is replaced. Start here, then read count-words/.
//
// usage: npm run demo [-- FOLDER]    by default this repository; node_modules, target, dist, .git, docs/api are left out
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startNode } from 'tergo';
import { Foreman } from './count-words/foreman.ts';
import { InputError, listFiles } from './count-words/list-files.ts';
import { countInPlainLoop, differenceOf } from './count-words/plain-loop.ts';
import { counted, grouped, ProgressLine } from './count-words/progress-line.ts';
import { aggregatorName, progressEvent, type Totals } from './count-words/protocols.ts';

const WORKERS = 4;
const line = new ProgressLine(process.stdout);

try {
  // npm runs scripts in the package's folder; INIT_CWD is where the user stands.
  const [argument = fileURLToPath(new URL('..', import.meta.url))] = process.argv.slice(2);
  const folder = path.resolve(process.env['INIT_CWD'] ?? '.', argument);
  const paths = await listFiles(folder);
  console.log(`${counted(paths.length, 'file')} below ${folder}, ${WORKERS} workers`);
  await countAndVerify(folder, paths);
} catch (error) {
  line.clear();
  console.error(error instanceof InputError ? `count-words: ${error.message}` : error);
  process.exitCode = 1;
}

async function countAndVerify(folder: string, paths: readonly string[]): Promise<void> {
  const begin = performance.now();
  const { totals, crashes } = await countWithActors(paths);
  const seconds = (performance.now() - begin) / 1000;
  if (totals.files === 0) {
    const skipped = `${counted(totals.skipped, 'file')} skipped as binary, too large or unreadable`;
    throw new InputError(`there is no text below ${folder} (${skipped})`);
  }
  printTotals(totals, seconds);
  for (const file of crashes)
    console.log(
      `a worker crashed on purpose with ${path.relative(folder, file)} in hand; another one counted it`,
    );

  const difference = differenceOf(totals, countInPlainLoop(paths));
  if (difference !== undefined) throw new Error(`a plain loop differs: ${difference}`);
  console.log(`a plain loop over the same files agrees: ${counted(totals.words, 'word')}`);
}

function printLog(text: string): void {
  line.clear();
  console.error(text);
}

async function countWithActors(
  paths: readonly string[],
): Promise<{ totals: Totals; crashes: readonly string[] }> {
  await using node = await startNode('count-words@localhost', { log: { output: printLog } });
  const foreman = await node.spawn(Foreman, { args: [paths, WORKERS] });
  for await (const { message } of node.subscribe(progressEvent)) {
    line.show(message);
    if (message.done === message.of) break;
  }
  const crashes = await node.call(foreman, { type: 'closing-time' });
  const totals = await node.call(aggregatorName, { type: 'totals' });
  return { totals, crashes };
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
