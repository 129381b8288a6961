import type { Matcher } from './matcher.ts';

/**
 * What a value is compared with. An object fits when every key of the pattern does (other keys of the
 * value do not matter); a list when it has the same length and every element fits; a `RegExp` fits
 * strings that it finds; a `Matcher` decides for itself. Everything else, pids for one, must be equal:
 * the same, or alike down to the last key.
 */
export type Pattern<T> =
  | Matcher<unknown>
  | (T extends string
      ? T | RegExp
      : T extends
            | number
            | bigint
            | boolean
            | symbol
            | null
            | undefined
            | ((...args: never[]) => unknown)
            | (abstract new (...args: never[]) => unknown)
        ? T
        : T extends Error
          ? T | { readonly [key: string]: unknown }
          : T extends readonly unknown[]
            ? T | { readonly [K in keyof T]: Pattern<T[K]> }
            : T extends object
              ? T | { readonly [K in keyof T]?: Pattern<T[K]> }
              : T);
