import { readFileSync, statSync } from 'node:fs';
import type { File } from './list-files.ts';
import type { Totals } from './protocols.ts';
import { add, MAX_BYTES, textOf, WORD } from './words.ts';

/** What is compared. */
export type Count = Pick<Totals, 'files' | 'skipped' | 'bytes' | 'words' | 'counts'>;

/** The same work without actors: what the actors' result is verified against. */
export function countInPlainLoop(files: readonly File[]): Count {
  const counts = new Map<string, number>();
  let [texts, bytes, words] = [0, 0, 0];
  for (const { path } of files) {
    const content = contentOf(path);
    const text = content === undefined ? undefined : textOf(content);
    if (content === undefined || text === undefined) continue;
    texts += 1;
    bytes += content.length;
    for (const word of text.match(WORD) ?? []) {
      words += 1;
      add(counts, word.toLowerCase(), 1);
    }
  }
  return { files: texts, skipped: files.length - texts, bytes, words, counts };
}

/** What differs between two results, or `undefined`. */
export function differenceOf(one: Count, other: Count): string | undefined {
  for (const key of ['files', 'skipped', 'bytes', 'words'] as const) {
    if (one[key] !== other[key]) return `${one[key]} ${key} against ${other[key]}`;
  }
  for (const [word, number] of other.counts) {
    const found = one.counts.get(word) ?? 0;
    if (found !== number) return `'${word}' ${found} times against ${number}`;
  }
  return undefined;
}

function contentOf(path: string): Buffer | undefined {
  try {
    return statSync(path).size > MAX_BYTES ? undefined : readFileSync(path);
  } catch {
    return undefined;
  }
}
