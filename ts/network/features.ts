import type { NetworkFlags } from './network-flags.ts';

/** What is always there: lz4, zstd and gzip can be read. As `Features` of crates/wire. */
const COMPRESSION = 0b111;
const REMOTE_SPAWN = 1 << 3;
const REMOTE_APPLICATION_START = 1 << 4;
const IMPORTANT = 1 << 5;

/** What a node has that says nothing else. */
export const ALL_FLAGS: NetworkFlags = Object.freeze({
  remoteSpawn: true,
  remoteApplicationStart: true,
  importantDelivery: true,
});

/** As the handshake says it. */
export function bitsOf(flags: NetworkFlags): number {
  return (
    COMPRESSION |
    (flags.remoteSpawn ? REMOTE_SPAWN : 0) |
    (flags.remoteApplicationStart ? REMOTE_APPLICATION_START : 0) |
    (flags.importantDelivery ? IMPORTANT : 0)
  );
}

/** What is in force between two nodes. */
export function flagsOf(features: number): NetworkFlags {
  return {
    remoteSpawn: (features & REMOTE_SPAWN) !== 0,
    remoteApplicationStart: (features & REMOTE_APPLICATION_START) !== 0,
    importantDelivery: (features & IMPORTANT) !== 0,
  };
}
