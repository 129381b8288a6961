import { type Compression, NO_COMPRESSION } from '../process/compression.ts';
import type { ProcessExtra } from '../process/process-record.ts';

/** Where in the first word of a frame it stands how that travels to another node. */
export const FRAME_WAY_SHIFT = 24;

const TYPES = { lz4: 1, zstd: 2, gzip: 3 } as const;
const LEVELS = { default: 0, speed: 1, size: 2 } as const;
const LEVEL_SHIFT = 2;
const UNORDERED = 1 << 4;
/** Thresholds are powers of two from this one on, the next lower one of what is set. */
const THRESHOLD_SHIFT = 5;
const MAX_THRESHOLD = 7;

/** As sent by a process that has set nothing: not compressed, in order. */
export const PLAIN_WAY = 0;

/** How what a process sends travels: two bits for how it is compressed, two for the level, one if order does not matter, three for the threshold. */
export function wayOf(extra: ProcessExtra | undefined): number {
  if (extra === undefined) return PLAIN_WAY;
  return compressionBits(extra.compression) | (extra.keepsNetworkOrder ? 0 : UNORDERED);
}

function compressionBits({ enabled, type, level, thresholdBytes }: Compression): number {
  if (!enabled) return 0;
  const steps = Math.floor(Math.log2(thresholdBytes / NO_COMPRESSION.thresholdBytes));
  const threshold = Math.min(MAX_THRESHOLD, steps) << THRESHOLD_SHIFT;
  return TYPES[type] | (LEVELS[level] << LEVEL_SHIFT) | threshold;
}
