import type { Compression } from '../process/compression.ts';

/** By their numbers on the wire. */
const ALGORITHMS = { lz4: 1, zstd: 2, gzip: 3 } as const;
/** Of each algorithm, for speed, in between, for size; lz4 knows no levels. */
const LEVELS = {
  lz4: { speed: 0, default: 0, size: 0 },
  zstd: { speed: 1, default: 3, size: 15 },
  gzip: { speed: 1, default: 6, size: 9 },
} as const;

/** The number of the algorithm. */
export function algorithmOf({ type }: Compression): number {
  return ALGORITHMS[type];
}

/** How hard it tries. */
export function levelOf({ type, level }: Compression): number {
  return LEVELS[type][level];
}
