import type { Comparison } from './comparison.ts';

declare const matched: unique symbol;

/** The key of the method that compares; not exported from the package. */
export const check: unique symbol = Symbol('tergo.testing.check');

/** Decides whether a value fits, where a pattern is asked for. Made by `any`, `where`, `ofType` and their like. */
export interface Matcher<T> {
  /** What fits, for the type checker only. */
  readonly [matched]?: T;
  /** How it prints in the text of a failed assertion. */
  readonly description: string;
  /** Writes into the comparison how the value at `path` differs. @internal */
  [check](value: unknown, path: string, comparison: Comparison): void;
}

/** Whether a pattern is a matcher. */
export function isMatcher(pattern: unknown): pattern is Matcher<unknown> {
  return typeof pattern === 'object' && pattern !== null && check in pattern;
}
