/** What counts as a word: letters, digits and underscores of any script, in a row. */
export const WORD: RegExp = /[\p{L}\p{N}_]+/gu;

const NO_WORD = /[^\p{L}\p{N}_]/gu;

/** Larger files are left out: each one is in memory as a whole. */
export const MAX_BYTES: number = 64 * 1024 * 1024;

/** So many characters are counted before others get their turn. */
const PIECE = 50_000;

/** The text of a file, or `undefined` when it holds a NUL byte: then it is binary. */
export function textOf(bytes: Buffer): string | undefined {
  return bytes.includes(0) ? undefined : bytes.toString('utf8');
}

/** Adds the words of a text; long ones in pieces, so that nobody waits long for the thread. */
export async function countInto(counts: Map<string, number>, text: string): Promise<void> {
  let at = 0;
  while (at < text.length) {
    const end = endOfPiece(text, at + PIECE);
    for (const [word] of text.slice(at, end).matchAll(WORD)) add(counts, word.toLowerCase(), 1);
    at = end;
    if (at < text.length) await new Promise(setImmediate);
  }
}

/** Adds to the number of one word. */
export function add(counts: Map<string, number>, word: string, number: number): void {
  counts.set(word, (counts.get(word) ?? 0) + number);
}

/** The first place from `from` on that is in no word. */
function endOfPiece(text: string, from: number): number {
  NO_WORD.lastIndex = from;
  return NO_WORD.exec(text)?.index ?? text.length;
}
