import { checkInteger, checkOptions } from '../../error/check.ts';
import { type ClockMember, systemClock } from '../../scheduler/clock.ts';
import { rest } from '../clock/rest.ts';
import type { Pattern } from '../match/pattern.ts';
import type { Kind, RecordOf } from '../record/records.ts';
import { type Count, exactly, holds, NONE, ONCE, SOME } from './count.ts';
import { Finding } from './finding.ts';
import { Observation, view } from './observation.ts';
import { unmetError } from './report.ts';
import type { Mark, View } from './view.ts';

/** How long an expectation waits that does not say. */
const WITHIN_MS = 5000;
/** The farthest that a timer of Node.js reaches. */
const MAX_WITHIN_MS = 2 ** 31 - 1;

/** How long an expectation waits. */
export interface WithinOptions {
  /**
   * How long to wait for what is expected, ms of the machine's time; 5000 by default. For `shouldNot`: how
   * long to look on; 0 by default.
   */
  readonly withinMs?: number;
}

/** What is expected of which view, and until when. */
interface Expected<K extends Kind> {
  readonly count: Count;
  readonly kind: K;
  readonly pattern: unknown;
  readonly withinMs: number;
}

/**
 * Assertions about live nodes: each looks at what was recorded, and waits for more as long as that can
 * make it true. They wait for records, never for a time to be over, but for `shouldNot` with a `withinMs`.
 * Each rejects with an `AssertionError` of `node:assert` that tells what was expected, what comes close
 * and where it differs; with `incorrect` for bad arguments.
 */
export class Expectations extends Observation {
  readonly #members: readonly ClockMember[];

  /** @internal */
  constructor(of: View, members: readonly ClockMember[]) {
    super(of);
    this.#members = members;
  }

  /**
   * At least one record fits, or will; gives the first.
   *
   * @example
   * const { exit } = await s.should('receive-exit', { to: watcher }, { withinMs: 500 });
   */
  async should<K extends Kind>(
    kind: K,
    pattern?: Pattern<RecordOf<K>>,
    options?: WithinOptions,
  ): Promise<RecordOf<K>> {
    const [first] = await this.#expect(expectation(SOME, kind, pattern, options), this.should);
    return first!;
  }

  /** One record fits, or will, and no second one once the nodes have come to rest; gives it. */
  async shouldOnce<K extends Kind>(
    kind: K,
    pattern?: Pattern<RecordOf<K>>,
    options?: WithinOptions,
  ): Promise<RecordOf<K>> {
    const [only] = await this.#expect(expectation(ONCE, kind, pattern, options), this.shouldOnce);
    return only!;
  }

  /** So many records fit, or will, and no more once the nodes have come to rest; gives them in order. */
  async shouldTimes<K extends Kind>(
    times: number,
    kind: K,
    pattern?: Pattern<RecordOf<K>>,
    options?: WithinOptions,
  ): Promise<readonly RecordOf<K>[]> {
    const expected = expectation(exactly(times), kind, pattern, options);
    return this.#expect(expected, this.shouldTimes);
  }

  /** No record fits once the nodes have come to rest, nor for `withinMs` after that. */
  async shouldNot<K extends Kind>(
    kind: K,
    pattern?: Pattern<RecordOf<K>>,
    options?: WithinOptions,
  ): Promise<void> {
    await this.#expect(expectation(NONE, kind, pattern, options), this.shouldNot);
  }

  /** The same for what came after a mark. Throws `incorrect` for a mark of another unit or stage. */
  since(mark: Mark): Expectations {
    return new Expectations(this[view].since(mark), this.#members);
  }

  async #expect<K extends Kind>(
    expected: Expected<K>,
    method: Function,
  ): Promise<readonly RecordOf<K>[]> {
    const { count, withinMs } = expected;
    const finding = count === NONE ? await this.#none(expected) : await this.#some(expected);
    if (!holds(count, finding.fitting.length))
      throw unmetError({ view: this[view], finding, count, withinMs }, method);
    finding.settle();
    return finding.records;
  }

  /** Waits until enough fit; where more would be too many, until no more can come at once. */
  async #some<K extends Kind>(expected: Expected<K>): Promise<Finding<K>> {
    const until = systemClock.now() + expected.withinMs;
    const finding = await this.#watch(expected, expected.count.min);
    if (finding.fitting.length < expected.count.min || expected.count.max === Infinity)
      return finding;
    await rest(this.#members, until - systemClock.now());
    return this.#find(expected);
  }

  async #none<K extends Kind>(expected: Expected<K>): Promise<Finding<K>> {
    await rest(this.#members);
    return this.#watch(expected, 1);
  }

  /** Looks anew with every change, until so many fit or the time is over. */
  async #watch<K extends Kind>(expected: Expected<K>, enough: number): Promise<Finding<K>> {
    const { timeline } = this[view].watch;
    const over = Promise.withResolvers<void>();
    let isOver = false;
    const cancel = systemClock.alarm(expected.withinMs, () => {
      isOver = true;
      over.resolve();
    });
    try {
      for (;;) {
        const finding = this.#find(expected);
        if (finding.fitting.length >= enough || isOver) return finding;
        await Promise.race([timeline.changed(), over.promise]);
      }
    } finally {
      cancel();
    }
  }

  #find<K extends Kind>({ kind, pattern }: Expected<K>): Finding<K> {
    return new Finding(this[view], kind, pattern);
  }
}

function expectation<K extends Kind>(
  count: Count,
  kind: K,
  pattern: unknown,
  options: WithinOptions | undefined,
): Expected<K> {
  checkOptions('options', options, ['withinMs']);
  const withinMs = options?.withinMs ?? (count === NONE ? 0 : WITHIN_MS);
  checkInteger('options.withinMs', withinMs, 0, MAX_WITHIN_MS);
  return { count, kind, pattern, withinMs };
}
