import { incorrect } from '../../error/tergo-error.ts';
import type { AnyPid } from '../../process/pid.ts';
import type { RecordBase } from '../record/records.ts';
import type { Watch } from './watch.ts';

/** A moment between two records; made by `mark`, for `since`. */
export class Mark {
  readonly #watch: Watch;
  /** The number of the next record. */
  readonly #next: number;

  /** @internal */
  constructor(watch: Watch) {
    this.#watch = watch;
    this.#next = watch.timeline.end;
  }

  /** Where it stands; `undefined` for what is no mark of this watch. @internal */
  static in(watch: Watch, mark: unknown): number | undefined {
    const isMark = typeof mark === 'object' && mark !== null && #watch in mark;
    return isMark && mark.#watch === watch ? mark.#next : undefined;
  }
}

/** A part of what a watch has recorded: that of one process, or since a mark. */
export class View {
  readonly watch: Watch;
  /** Only what this process did. */
  readonly by: AnyPid | undefined;
  /** Who is spoken of in the text of a failure. */
  readonly title: string;
  /** What else may explain a failure. */
  readonly hint: () => string;
  readonly #start: number;

  constructor(origin: Pick<View, 'watch' | 'by' | 'title' | 'hint'>, start = 0) {
    this.watch = origin.watch;
    this.by = origin.by;
    this.title = origin.title;
    this.hint = origin.hint;
    this.#start = start;
  }

  records(): readonly RecordBase[] {
    const records = this.watch.timeline.from(this.#start);
    const { by } = this;
    return by === undefined ? records : records.filter((record) => record.by === by);
  }

  mark(): Mark {
    return new Mark(this.watch);
  }

  /** The same from a mark on. Throws `incorrect` for a mark of another unit or stage. */
  since(mark: Mark): View {
    const next = Mark.in(this.watch, mark);
    if (next === undefined) throw incorrect('mark', 'what mark() of this unit or stage gave', mark);
    return new View(this, Math.max(this.#start, next));
  }
}
