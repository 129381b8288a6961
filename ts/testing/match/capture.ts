import { inspect } from 'node:util';
import { TergoError } from '../../error/tergo-error.ts';
import type { Comparison } from './comparison.ts';
import { check, type Matcher } from './matcher.ts';
import { any } from './matchers.ts';

/** A matcher that keeps what it matched, once the assertion that it stands in has held. */
export interface Capture<T> extends Matcher<T> {
  /** The last value; throws `unknown` when nothing was captured. */
  readonly value: T;
  /** Every value, in the order of the records. */
  readonly values: readonly T[];
}

/**
 * Keeps what stands in its place in a pattern; `fits` says what may stand there, and so its type.
 * Everything may by default.
 *
 * @example
 * const id = capture(ofType('string'));
 * shop.shouldOnce('send', { to: store.pid, message: { type: 'put', id } });
 * await shop.send({ type: 'stored', id: id.value });
 */
export function capture(): Capture<unknown>;
export function capture<T>(fits: Matcher<T>): Capture<T>;
export function capture(fits: Matcher<unknown> = any()): Capture<unknown> {
  return new Keeper(fits);
}

class Keeper implements Capture<unknown> {
  readonly values: unknown[] = [];
  readonly #fits: Matcher<unknown>;

  constructor(fits: Matcher<unknown>) {
    this.#fits = fits;
  }

  get value(): unknown {
    if (this.values.length > 0) return this.values.at(-1);
    const text = `${this.description} has captured nothing; it does when the assertion that it stands in holds`;
    throw new TergoError('unknown', text);
  }

  get description(): string {
    return `capture(${this.#fits.description})`;
  }

  [check](value: unknown, path: string, comparison: Comparison): void {
    this.#fits[check](value, path, comparison);
    comparison.keep(() => this.values.push(value));
  }

  [inspect.custom](): string {
    return this.description;
  }
}
