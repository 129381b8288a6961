import { checkName } from '../error/check.ts';

declare const value: unique symbol;

/** The name of an environment value, with its type; at run time the plain string. Case does not matter. */
export type EnvKey<T> = string & {
  /** @ignore */
  readonly [value]?: (v: T) => T;
};

/** One key with its value, made by `env`. */
export interface EnvEntry {
  readonly key: string;
  readonly value: unknown;
}

/**
 * Gives the name of an environment value its type. Throws `incorrect` for an empty or too long name.
 *
 * @example
 * const quality: EnvKey<number> = envKey('quality');
 */
export function envKey<T>(name: string): EnvKey<T> {
  checkName('name', name);
  return name;
}

/**
 * Pairs a key with a value of its type, for the `env` of a node or a process.
 *
 * @example
 * await startNode('a@localhost', { env: [env(quality, 90)] });
 */
export function env<T>(key: EnvKey<T>, value: NoInfer<T>): EnvEntry {
  checkName('key', key);
  return { key, value };
}
