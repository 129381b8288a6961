import { checkFunction } from '../error/check.ts';
import { incorrect } from '../error/tergo-error.ts';
import { hashText, scatter } from './hash-ring.ts';

declare const keyOf: unique symbol;

/** Routes by a key: only `consistentHash` makes one. */
export interface ConsistentHash<Item> {
  /** For the type checker only. */
  readonly [keyOf]: (item: Item) => void;
}

/**
 * The routing of a pool that sends the same key to the same worker. `key` gets the message, the request or
 * what was published. A worker that is replaced keeps its keys; with one worker more or less only about one
 * key in `size` changes its worker. What `key` throws, or a result that is neither string nor number, ends
 * the pool like an error of a callback. Throws `incorrect` unless `key` is a function.
 *
 * @example
 * poolSpec(Account, { size: 8, route: consistentHash(({ account }) => account) });
 */
export function consistentHash<Item>(key: (item: Item) => string | number): ConsistentHash<Item>;
export function consistentHash(key: (item: never) => unknown): unknown {
  checkFunction('key', key);
  return new LocalConsistentHash(key);
}

/** @internal */
export class LocalConsistentHash implements ConsistentHash<never> {
  declare readonly [keyOf]: (item: never) => void;
  readonly #key: (item: never) => unknown;

  constructor(key: (item: never) => unknown) {
    this.#key = key;
  }

  /** The hash of an item's key, 32 bits. Throws what the key function throws, and `incorrect` for a key that is none. */
  hashOf(item: unknown): number {
    const key = this.#key(item as never);
    if (typeof key === 'string') return hashText(key);
    if (typeof key !== 'number')
      throw incorrect('the key of consistentHash', 'a string or a number', key);
    return key === (key | 0) ? scatter(key) : hashText(String(key));
  }
}
