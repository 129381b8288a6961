import { withPath } from '../codec/unencodable.ts';
import { TergoError } from '../error/tergo-error.ts';
import type { EnvEntry } from './env-key.ts';

/** Values of an environment as they travel. */
export type EnvWords = readonly (readonly [key: string, value: unknown])[];

/** What is given, each at its place, and after it what is inherited and not replaced by it. */
export function envWords(
  given: readonly EnvEntry[],
  inherited: ReadonlyMap<string, unknown> = new Map(),
): EnvWords {
  const replaced = new Set(given.map(({ key }) => key.toUpperCase()));
  const own = given.map(({ key, value }) => [key, value] as const);
  return [...own, ...[...inherited].filter(([key]) => !replaced.has(key))];
}

/** Whether these are values of an environment as they travel. */
export function isEnvWords(env: unknown): env is EnvWords {
  return (
    Array.isArray(env) &&
    env.every((entry) => Array.isArray(entry) && typeof entry[0] === 'string' && entry[0] !== '')
  );
}

/**
 * The error for one of these that cannot travel, with what it is called by who asks: `env[0]` of the first, which were given, and its key of
 * those that are inherited. `ours` finds its place in the path.
 */
export function withEnvPath(error: unknown, ours: RegExp, words: EnvWords, given: number): unknown {
  if (!TergoError.is(error, 'unencodable')) return error;
  const at = Number(ours.exec(error.message)?.[1]);
  const [key] = words[at] ?? [];
  if (key === undefined) return error;
  return withPath(error, ours, at < given ? `env[${at}]` : `env.${key}`);
}
