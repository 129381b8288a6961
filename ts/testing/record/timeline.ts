import type { Kind, RecordBase, RecordOf } from './records.ts';

/** The records of one listener, in the order in which they were begun. */
export class Timeline {
  #records: RecordBase[] = [];
  /** Records that were forgotten; keeps the numbers of the others. */
  #forgotten = 0;
  #next: PromiseWithResolvers<void> | undefined;

  /** The number that the next record will have. */
  get end(): number {
    return this.#forgotten + this.#records.length;
  }

  add(record: RecordBase): void {
    this.#records.push(record);
    this.touch();
  }

  /** A record was added or has changed. */
  touch(): void {
    this.#next?.resolve();
    this.#next = undefined;
  }

  /** Resolves with the next addition or change. */
  changed(): Promise<void> {
    this.#next ??= Promise.withResolvers();
    return this.#next.promise;
  }

  /** All from a number on. */
  from(start: number): readonly RecordBase[] {
    return this.#records.slice(Math.max(0, start - this.#forgotten));
  }

  forget(): void {
    this.#forgotten = this.end;
    this.#records = [];
  }
}

/** Whether a record is of a kind. */
export function isOf<K extends Kind>(record: RecordBase, kind: K): record is RecordOf<K> {
  return record.kind === kind;
}
