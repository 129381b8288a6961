import { inspect, isDeepStrictEqual } from 'node:util';
import { checkFunction } from '../../error/check.ts';
import { incorrect } from '../../error/tergo-error.ts';
import type { Alias } from '../../process/alias.ts';
import { LocalAlias } from '../../process/alias.ts';
import { type AnyPid, LocalPid } from '../../process/pid.ts';
import { compare, type Comparison, shown } from './comparison.ts';
import { check, type Matcher } from './matcher.ts';

/** The names that `typeof` gives, with what they stand for. */
export interface TypeNames {
  readonly string: string;
  readonly number: number;
  readonly bigint: bigint;
  readonly boolean: boolean;
  readonly symbol: symbol;
  readonly undefined: undefined;
  readonly object: object;
  /** Classes, too. */
  readonly function: (...args: never[]) => unknown;
}

const TYPES: readonly string[] = [
  'string',
  'number',
  'bigint',
  'boolean',
  'symbol',
  'undefined',
  'object',
  'function',
] satisfies (keyof TypeNames)[];

/** A matcher that looks at the value alone. */
class Test<T> implements Matcher<T> {
  readonly description: string;
  readonly #mustBe: string;
  readonly #fits: (value: unknown, comparison: Comparison) => boolean;

  constructor(
    description: string,
    mustBe: string,
    fits: (value: unknown, comparison: Comparison) => boolean,
  ) {
    this.description = description;
    this.#mustBe = mustBe;
    this.#fits = fits;
  }

  [check](value: unknown, path: string, comparison: Comparison): void {
    if (!this.#fits(value, comparison)) comparison.differs(path, this.#mustBe, value);
  }

  [inspect.custom](): string {
    return this.description;
  }
}

/**
 * Fits anything, `undefined` too.
 *
 * @example
 * counter.should('send', { message: { type: 'put', id: any() } });
 */
export function any(): Matcher<unknown> {
  return new Test('any()', 'be anything', () => true);
}

/**
 * Fits what the function says yes to; `description` completes "must be …" in the text of a failure.
 * Throws `incorrect` unless it is a function.
 *
 * @example
 * counter.should('send', { message: { by: where((by) => Number(by) > 3, 'over 3') } });
 */
export function where(
  fits: (value: unknown) => boolean,
  description = 'what the function says yes to',
): Matcher<unknown> {
  checkFunction('fits', fits);
  return new Test(`where(${description})`, `be ${description}`, fits);
}

/**
 * Fits values of a type, by the names of `typeof`; `'object'` does not fit `null`. Throws `incorrect` for
 * another name.
 *
 * @example
 * counter.should('log', { fields: { total: ofType('number') } });
 */
export function ofType<Name extends keyof TypeNames>(name: Name): Matcher<TypeNames[Name]> {
  if (!TYPES.includes(name)) throw incorrect('name', TYPES.join(', '), name);
  const fits = (value: unknown): boolean => typeof value === name && value !== null;
  return new Test(`ofType('${name}')`, `be of the type ${name}`, fits);
}

/**
 * Fits instances of a class. Throws `incorrect` unless it is one.
 *
 * @example
 * counter.should('terminate', { reason: instanceOf(RangeError) });
 */
export function instanceOf<T>(type: abstract new (...args: never[]) => T): Matcher<T> {
  checkFunction('type', type);
  const fits = (value: unknown): boolean => value instanceof type;
  return new Test(`instanceOf(${type.name})`, `be an instance of ${type.name}`, fits);
}

/**
 * Fits what is equal down to the last key, where a plain pattern lets other keys pass.
 *
 * @example
 * counter.should('send', { message: exactly({ type: 'done' }) });
 */
export function exactly<T>(expected: T): Matcher<T> {
  const fits = (value: unknown): boolean => isDeepStrictEqual(value, expected);
  return new Test(`exactly(${shown(expected)})`, `be exactly ${shown(expected)}`, fits);
}

/**
 * Fits what the pattern does not.
 *
 * @example
 * counter.shouldNot('send', { to: not(store.pid) });
 */
export function not(pattern: unknown): Matcher<unknown> {
  const fits = (value: unknown): boolean => !compare(pattern, value).fits;
  return new Test(`not(${shown(pattern)})`, `not be ${shown(pattern)}`, fits);
}

/**
 * Fits what one of the patterns does. Throws `incorrect` when there is none.
 *
 * @example
 * counter.should('send', { message: { type: oneOf('put', 'patch') } });
 */
export function oneOf(...patterns: readonly unknown[]): Matcher<unknown> {
  if (patterns.length === 0) throw incorrect('patterns', 'one pattern or more', patterns);
  const list = patterns.map((pattern) => shown(pattern)).join(', ');
  const fits = (value: unknown, comparison: Comparison): boolean =>
    patterns.some((one) => comparison.adopt(compare(one, value)));
  return new Test(`oneOf(${list})`, `be one of ${list}`, fits);
}

/**
 * Fits strings that contain the string, and lists with an element that fits the pattern.
 *
 * @example
 * counter.should('log', { level: 'error', message: containing('disk') });
 */
export function containing(part: unknown): Matcher<unknown> {
  const fits = (value: unknown, comparison: Comparison): boolean => {
    if (typeof value === 'string') return typeof part === 'string' && value.includes(part);
    return Array.isArray(value) && value.some((one) => comparison.adopt(compare(part, one)));
  };
  return new Test(`containing(${shown(part)})`, `contain ${shown(part)}`, fits);
}

/** Fits every pid. */
export function anyPid(): Matcher<AnyPid> {
  return new Test('anyPid()', 'be a pid', (value) => value instanceof LocalPid);
}

/** Fits every alias. */
export function anyAlias(): Matcher<Alias<never>> {
  return new Test('anyAlias()', 'be an alias', (value) => value instanceof LocalAlias);
}
