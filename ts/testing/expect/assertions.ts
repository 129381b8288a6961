import type { Pattern } from '../match/pattern.ts';
import type { Kind, RecordOf } from '../record/records.ts';
import { type Count, exactly, holds, NONE, ONCE, SOME } from './count.ts';
import { Finding } from './finding.ts';
import { Observation, view } from './observation.ts';
import { unmetError } from './report.ts';
import type { Mark } from './view.ts';

/**
 * Assertions about what was recorded so far. Each throws an `AssertionError` of `node:assert` that tells
 * what was expected, what comes close and where it differs; `incorrect` for a kind that there is not.
 */
export class Assertions extends Observation {
  /**
   * At least one record fits; gives the first.
   *
   * @example
   * const { pid } = shop.should('spawn', { behaviour: Worker });
   */
  should<K extends Kind>(kind: K, pattern?: Pattern<RecordOf<K>>): RecordOf<K> {
    const [first] = this.#expect(SOME, kind, pattern, this.should);
    return first!;
  }

  /** Exactly one record fits; gives it. */
  shouldOnce<K extends Kind>(kind: K, pattern?: Pattern<RecordOf<K>>): RecordOf<K> {
    const [only] = this.#expect(ONCE, kind, pattern, this.shouldOnce);
    return only!;
  }

  /** Exactly so many records fit; gives them in order. Throws `incorrect` for a bad number. */
  shouldTimes<K extends Kind>(
    times: number,
    kind: K,
    pattern?: Pattern<RecordOf<K>>,
  ): readonly RecordOf<K>[] {
    return this.#expect(exactly(times), kind, pattern, this.shouldTimes);
  }

  /** No record fits. */
  shouldNot<K extends Kind>(kind: K, pattern?: Pattern<RecordOf<K>>): void {
    this.#expect(NONE, kind, pattern, this.shouldNot);
  }

  /**
   * The same for what came after a mark. Throws `incorrect` for a mark of another unit or stage.
   *
   * @example
   * const mark = counter.mark();
   * await counter.send({ type: 'add', by: 1 });
   * counter.since(mark).shouldNot('log');
   */
  since(mark: Mark): Assertions {
    return new Assertions(this[view].since(mark));
  }

  #expect<K extends Kind>(
    count: Count,
    kind: K,
    pattern: unknown,
    method: Function,
  ): readonly RecordOf<K>[] {
    const finding = new Finding(this[view], kind, pattern);
    if (!holds(count, finding.fitting.length))
      throw unmetError({ view: this[view], finding, count, withinMs: undefined }, method);
    finding.settle();
    return finding.records;
  }
}
