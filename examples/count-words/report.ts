import path from 'node:path';
import type { RestartInfo } from 'tergo';
import type { Batch } from './batches.ts';
import { counted, grouped } from './progress-line.ts';
import type { Totals } from './protocols.ts';

/** Prints the most frequent words and what all came to. */
export function printTotals(
  { files, skipped, bytes, words, counts }: Totals,
  seconds: number,
): void {
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

/** Prints what went wrong on purpose. */
export function printDrill(
  { crashes, endedThread, lost, endedNode, lostWithNode }: Totals,
  restarts: readonly RestartInfo[],
  folder: string,
): void {
  for (const batch of crashes)
    console.log(
      `a worker crashed on purpose with ${shown(batch, folder)} in hand; the pool replaced it, another one counted that`,
    );
  if (endedThread !== undefined)
    console.log(
      `thread ${endedThread} was ended on purpose, ${counted(lost, 'file')} given to its workers; the node started it anew, the pool replaced them`,
    );
  if (endedNode !== undefined)
    console.log(
      `${endedNode.node} (process ${endedNode.osProcess}) was killed by kill -9, ${counted(lostWithNode, 'file')} given to its workers; other nodes counted them`,
    );
  for (const { name } of restarts)
    console.log(`the ${name} crashed on purpose; its supervisor restarted it`);
}

function shown({ paths: [first = '', ...others] }: Batch, folder: string): string {
  const more = others.length === 0 ? '' : ` and ${counted(others.length, 'more file')}`;
  return `${path.relative(folder, first)}${more}`;
}

/** Prints how much the threads gain. */
export function printSpeedUp(threads: number, seconds: number, aloneSeconds: number): void {
  const times = aloneSeconds / seconds;
  const hint = times < 1 ? '; threads pay when there is enough to do, and cores are free' : '';
  console.log(
    `once more without crashes, the start of the node included: ${aloneSeconds.toFixed(3)} s with 1 thread, ` +
      `${seconds.toFixed(3)} s with ${threads}: ${times.toFixed(2)} times as fast${hint}`,
  );
}
