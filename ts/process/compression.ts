import { checkBoolean, checkChoice, checkInteger, checkOptions } from '../error/check.ts';
import { laidOver } from './laid-over.ts';

/**
 * How what a process sends to other nodes is compressed; on one node nothing is. Source: Ergo `gen.Compression`.
 */
export interface Compression {
  /** Off at first. */
  readonly enabled: boolean;
  /** `lz4` at first. */
  readonly type: 'lz4' | 'zstd' | 'gzip';
  /** For speed, for size, or in between; `default` at first. */
  readonly level: 'default' | 'speed' | 'size';
  /** Smaller messages are sent as they are, bytes; 1024 at first, which is also the least. */
  readonly thresholdBytes: number;
}

/** What a process has that set nothing. */
export const NO_COMPRESSION: Compression = Object.freeze({
  enabled: false,
  type: 'lz4',
  level: 'default',
  thresholdBytes: 1024,
});

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
