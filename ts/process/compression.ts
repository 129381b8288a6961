import { checkBoolean, checkChoice, checkInteger, checkOptions } from '../error/check.ts';
import { laidOver } from './laid-over.ts';
import type { ProcessRecord } from './process-record.ts';

/**
 * How what a process sends to other nodes is compressed; on one node nothing is. Source: Ergo `gen.Compression`.
 */
export interface Compression {
  /** Off at first, unless `network.compression` of the node says otherwise, as all the others. */
  readonly enabled: boolean;
  /** `lz4` at first. */
  readonly type: 'lz4' | 'zstd' | 'gzip';
  /** For speed, for size, or in between; `default` at first. */
  readonly level: 'default' | 'speed' | 'size';
  /** Smaller messages are sent as they are, bytes; 1024 at first, which is also the least. */
  readonly thresholdBytes: number;
}

/** What a node has that says nothing. */
export const NO_COMPRESSION: Compression = Object.freeze({
  enabled: false,
  type: 'lz4',
  level: 'default',
  thresholdBytes: 1024,
});

/** How what a process sends is compressed: as it says, else as its node does. @internal */
export function compressionOf({ extra, runtime }: ProcessRecord): Compression {
  return extra?.compression ?? runtime.far?.profiles.plain ?? NO_COMPRESSION;
}

/** The settings laid over those before. Throws `incorrect`, naming the key of `argument`. @internal */
export function compressionOver(
  base: Compression,
  settings: Partial<Compression>,
  argument = 'compression',
): Compression {
  checkOptions(argument, settings, ['enabled', 'type', 'level', 'thresholdBytes']);
  const merged = laidOver(base, settings);
  const { enabled, type, level, thresholdBytes } = merged;
  checkBoolean(`${argument}.enabled`, enabled);
  checkChoice(`${argument}.type`, type, ['lz4', 'zstd', 'gzip']);
  checkChoice(`${argument}.level`, level, ['default', 'speed', 'size']);
  checkInteger(`${argument}.thresholdBytes`, thresholdBytes, NO_COMPRESSION.thresholdBytes);
  return Object.freeze(merged);
}
