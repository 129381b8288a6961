import type { ConsistentHash } from './consistent-hash.ts';

/**
 * Which worker of a pool gets a message.
 *
 * - `round-robin`: one after the other.
 * - `least-loaded`: the one with the fewest messages waiting, an unfinished asynchronous callback counted as one;
 *   among equals round robin.
 * - `consistentHash(key)`: always the same for the same key.
 */
export type PoolRoute<Item> = 'round-robin' | 'least-loaded' | ConsistentHash<Item>;

/** The name of a routing, as statistics tell it. */
export type PoolRouteName = 'round-robin' | 'least-loaded' | 'consistent-hash';
