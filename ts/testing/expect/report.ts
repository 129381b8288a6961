import { AssertionError } from 'node:assert';
import type { Kind } from '../record/records.ts';
import { type Comparison, shown } from '../match/comparison.ts';
import { isMatcher } from '../match/matcher.ts';
import type { Count } from './count.ts';
import type { Candidate, Finding } from './finding.ts';
import type { View } from './view.ts';

/** The most records that a text shows. */
const MAX_SHOWN = 10;

/** An assertion that did not hold. */
export interface Unmet<K extends Kind> {
  readonly view: View;
  readonly finding: Finding<K>;
  readonly count: Count;
  /** How long was waited, ms; `undefined` and 0: not at all. */
  readonly withinMs: number | undefined;
}

/**
 * The error for it, as `node:assert` throws it: frameworks know it, and show `actual` (the record that
 * comes closest) and `expected` (the pattern). The stack begins where `method` was called.
 */
export function unmetError<K extends Kind>(unmet: Unmet<K>, method: Function): AssertionError {
  const { finding, count } = unmet;
  const closest = finding.candidates.toSorted(byMismatches)[0];
  return new AssertionError({
    message: textOf(unmet),
    operator: finding.kind,
    expected: finding.pattern,
    actual:
      count.max === 0 || closest === undefined ? undefined : part(closest.record, finding.pattern),
    stackStartFn: method,
  });
}

function textOf<K extends Kind>({ view, finding, count, withinMs }: Unmet<K>): string {
  const verb = finding.kind.replaceAll('-', ' ');
  const limit = !withinMs ? '' : ` within ${withinMs} ms`;
  const like =
    finding.pattern === undefined ? '' : `, like\n${indented(shown(finding.pattern), 2)}`;
  const should = count.max === 0 ? `should not ${verb}` : `should ${verb} ${count.text}`;
  const head = `${view.title} ${should}${limit}${like}`;
  return [head, foundText(finding), view.hint()].filter((line) => line !== '').join('\n');
}

function foundText<K extends Kind>({ kind, candidates, fitting }: Finding<K>): string {
  if (candidates.length === 0) return `There is no record of the kind '${kind}'.`;
  if (fitting.length > 0) return listed(`${fitting.length} of ${candidates.length} fit:`, fitting);
  return listed(`None of ${candidates.length} of the kind '${kind}' fits:`, candidates);
}

/** The last ones: what a test asks for has just happened. */
function listed<K extends Kind>(head: string, candidates: readonly Candidate<K>[]): string {
  const left = candidates.length - MAX_SHOWN;
  const lines = candidates.slice(-MAX_SHOWN).map(({ record, comparison }) => {
    const { kind: _kind, by, node: _node, atMs, ...fields } = record;
    return `  at ${atMs} ms by ${by}: ${indented(shown(fields), 4).trimStart()}${differences(comparison)}`;
  });
  return [head, ...(left > 0 ? [`  … ${left} before`] : []), ...lines].join('\n');
}

function differences({ mismatches }: Comparison): string {
  return mismatches
    .map(
      ({ path, mustBe, was }) =>
        `\n    ${path === '' ? 'it' : path} must ${mustBe}, but is ${indented(shown(was), 6).trimStart()}`,
    )
    .join('');
}

function byMismatches<K extends Kind>(a: Candidate<K>, b: Candidate<K>): number {
  return a.comparison.mismatches.length - b.comparison.mismatches.length;
}

/** The part of a value that a pattern speaks of, so that a diff shows nothing else. */
function part(value: unknown, pattern: unknown): unknown {
  const isObject = typeof pattern === 'object' && pattern !== null && !isMatcher(pattern);
  if (!isObject || Object.getPrototypeOf(pattern) !== Object.prototype) return value;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(pattern).map(([key, inner]) => [
    key,
    part(Reflect.get(value, key), inner),
  ]);
  return Object.fromEntries(entries);
}

function indented(text: string, by: number): string {
  return text.replace(/^/gm, ' '.repeat(by));
}
