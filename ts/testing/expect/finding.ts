import { compare, type Comparison } from '../match/comparison.ts';
import { KINDS, type Kind, type RecordOf } from '../record/records.ts';
import { incorrect } from '../../error/tergo-error.ts';
import { isOf } from '../record/timeline.ts';
import type { View } from './view.ts';

/** One record of the kind that was looked for. */
export interface Candidate<K extends Kind> {
  readonly record: RecordOf<K>;
  readonly comparison: Comparison;
}

/** What was looked for in a view, and what was found. */
export class Finding<K extends Kind> {
  readonly kind: K;
  readonly pattern: unknown;
  readonly candidates: readonly Candidate<K>[];
  readonly fitting: readonly Candidate<K>[];

  /** Throws `incorrect` for a kind that there is not. */
  constructor(view: View, kind: K, pattern: unknown) {
    if (!KINDS.includes(kind)) throw incorrect('kind', KINDS.join(', '), kind);
    this.kind = kind;
    this.pattern = pattern;
    this.candidates = view
      .records()
      .filter((record) => isOf(record, kind))
      .map((record) => ({ record, comparison: compare(pattern ?? {}, record) }));
    this.fitting = this.candidates.filter(({ comparison }) => comparison.fits);
  }

  /** The records that fit. */
  get records(): readonly RecordOf<K>[] {
    return this.fitting.map(({ record }) => record);
  }

  /** The assertion holds: captures keep what they matched. */
  settle(): void {
    for (const { comparison } of this.fitting) comparison.settle();
  }
}
