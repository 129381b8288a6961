import { readFileSync, statSync } from 'node:fs';
import type { Totals } from './protocols.ts';
import { add, MAX_BYTES, textOf, WORD } from './words.ts';

/** The same work without actors: what the actors' result is verified against. */
export function countInPlainLoop(paths: readonly string[]): Totals {
  const counts = new Map<string, number>();
  let [files, bytes, words] = [0, 0, 0];
  for (const path of paths) {
    const content = contentOf(path);
    const text = content === undefined ? undefined : textOf(content);
    if (content === undefined || text === undefined) continue;
    files += 1;
    bytes += content.length;
    for (const word of text.match(WORD) ?? []) {
      words += 1;
      add(counts, word.toLowerCase(), 1);
    }
  }
  return { files, skipped: paths.length - files, bytes, words, counts, crashes: [] };
}

/** What differs between two results, or `undefined`. */
export function differenceOf(one: Totals, other: Totals): string | undefined {
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
