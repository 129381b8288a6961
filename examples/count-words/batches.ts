import type { File } from './list-files.ts';

/** Larger ones would not spread well, smaller ones would say the same words too often. */
const MAX_BYTES = 1024 * 1024;
/** At least so many for each worker, so that all have something to do until the end. */
const BATCHES_A_WORKER = 8;

/** Files that are counted in one go. It is made once: whoever gets it again counts the same. */
export interface Batch {
  readonly number: number;
  readonly paths: readonly string[];
}

/** Cuts the files into batches, those with large files first: what takes long must not begin last. */
export function batchesOf(files: readonly File[], workers: number): readonly Batch[] {
  const sorted = files.toSorted((a, b) => b.size - a.size);
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const parts = BATCHES_A_WORKER * workers;
  const maxBytes = Math.min(MAX_BYTES, total / parts);
  const maxFiles = Math.ceil(files.length / parts);
  const batches: string[][] = [];
  let bytes = Infinity;
  for (const { path, size } of sorted) {
    const last = batches.at(-1);
    if (last === undefined || bytes + size > maxBytes || last.length === maxFiles) {
      batches.push([path]);
      bytes = size;
    } else {
      last.push(path);
      bytes += size;
    }
  }
  return batches.map((paths, number) => ({ number, paths }));
}
