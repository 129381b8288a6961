import type { AnyRecord, Kind, RecordOf } from '../record/records.ts';
import type { FailOptions, FailureKind, Fault } from '../tap/fault.ts';
import type { Pattern } from '../match/pattern.ts';
import { Finding } from './finding.ts';
import type { Mark, View } from './view.ts';

/** The key under which an observation holds its view; not exported from the package. */
export const view: unique symbol = Symbol('tergo.testing.view');

/** What was recorded, and what is to fail: common to units, probes and stages. */
export abstract class Observation {
  /** @internal */
  readonly [view]: View;

  /** @internal */
  constructor(of: View) {
    this[view] = of;
  }

  /**
   * What was recorded, in the order in which it was begun: everything, or only one kind, or only what
   * fits. Throws `incorrect` for a kind that there is not.
   *
   * @example
   * counter.records('send').map(({ message }) => message);
   */
  records(): readonly AnyRecord[];
  records<K extends Kind>(kind: K, pattern?: Pattern<RecordOf<K>>): readonly RecordOf<K>[];
  records(kind?: Kind, pattern?: unknown): readonly unknown[] {
    if (kind === undefined) return this[view].records();
    return new Finding(this[view], kind, pattern).records;
  }

  /** This moment; `since` then looks only at what comes after it. */
  mark(): Mark {
    return this[view].mark();
  }

  /** Forgets what was recorded so far, for whoever looks at the same unit or stage. */
  clear(): void {
    this[view].watch.timeline.forget();
  }

  /**
   * Makes operations fail (of a probe: its own; of a unit: those of all processes under test, not of
   * stand-ins and the node, but for runs of cron jobs; of a stage: all): always, after some, a number of times, by a pattern, or only those that fit.
   * Of several failures that concern an operation the first decides. Throws `incorrect` for bad options.
   *
   * @example
   * const fault = counter.fail('send', { with: 'no-connection', when: { to: store.pid }, times: 1 });
   */
  fail<K extends FailureKind>(kind: K, options: FailOptions<K>): Fault {
    return this[view].watch.fail(kind, this[view].by, options);
  }
}
