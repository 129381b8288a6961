import { incorrect } from '../error/tergo-error.ts';
import type { EnvEntry } from './env-key.ts';

/** Environment values by upper-cased key, so that case does not matter. Source: Ergo `NodeOptions.Env`. */
export class Environment {
  readonly #values = new Map<string, unknown>();

  /** A copy of `entries` laid over `base`; `undefined` when there is nothing to hold. */
  static over(
    base: Environment | undefined,
    entries: readonly EnvEntry[] | undefined,
  ): Environment | undefined {
    if (base === undefined && entries === undefined) return undefined;
    const environment = new Environment();
    if (base !== undefined) {
      for (const [key, value] of base.#values) environment.#values.set(key, value);
    }
    for (const { key, value } of entries ?? []) environment.set(key, value);
    return environment;
  }

  has(key: string): boolean {
    return this.#values.has(key.toUpperCase());
  }

  at(key: string): unknown {
    return this.#values.get(key.toUpperCase());
  }

  /** Sets a value; `undefined` removes it. */
  set(key: string, value: unknown): void {
    if (value === undefined) this.#values.delete(key.toUpperCase());
    else this.#values.set(key.toUpperCase(), value);
  }

  /** A copy, by upper-cased key. */
  list(): ReadonlyMap<string, unknown> {
    return new Map(this.#values);
  }

  /** Lays all of these values over `target`. */
  copyInto(target: Map<string, unknown>): void {
    for (const [key, value] of this.#values) target.set(key, value);
  }
}

/** Throws `incorrect` unless `entries` is a list made with `env`. */
export function checkEnv(argument: string, entries: unknown): void {
  if (!Array.isArray(entries)) throw incorrect(argument, 'a list of env(key, value)', entries);
  for (const [index, entry] of entries.entries()) {
    if (
      typeof entry !== 'object' ||
      entry === null ||
      typeof entry.key !== 'string' ||
      entry.key === ''
    )
      throw incorrect(`${argument}[${index}]`, 'env(key, value)', entry);
  }
}
