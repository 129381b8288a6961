import type { ThreadPlace } from '../far/far.ts';
import {
  BLOCK_WORDS,
  GAUGE_WORDS,
  KIND_RESPONSE,
  KIND_SIGNAL,
  OP_LIMIT,
} from '../native/layout.ts';
import type { BindingScheduler } from '../native/load.ts';
import { BOUNDED, type ProcessRecord } from '../process/process-record.ts';
import { countDown, countUp } from '../process/shared-count.ts';
import type { Driver } from '../scheduler/driver.ts';

const GAUGES_A_BLOCK = BLOCK_WORDS / GAUGE_WORDS;
const QUEUES = 4;

/** The counts of bounded mailboxes, shared with the core and other threads: docs/design/crossing.md, Gauges. */
export class GaugeTable {
  readonly #native: BindingScheduler;
  readonly #driver: Driver;
  readonly #thread: number;
  /** Whether other threads count here, too. */
  readonly #isShared: boolean;
  readonly #blocks: Uint32Array[] = [];
  readonly #free: number[] = [];
  #used = 0;

  constructor(native: BindingScheduler, driver: Driver, place: ThreadPlace | undefined) {
    this.#native = native;
    this.#driver = driver;
    this.#thread = place?.thread ?? 0;
    this.#isShared = place !== undefined;
  }

  /** Bounds the mailbox of a process that was just spawned. */
  bound(record: ProcessRecord, limit: number): void {
    const { more } = record;
    record.flags |= BOUNDED;
    more.limit = limit;
    more.gauge = this.#free.pop() ?? this.#next();
    const at = this.#at(more.gauge);
    this.#blockOf(more.gauge).fill(0, at, at + QUEUES);
    this.#driver.outbox.write(OP_LIMIT, record.pid.slot, limit, more.gauge);
  }

  /** Counts one more message in a queue; false, and nothing counted, when it is full. */
  accept({ more: { gauge, limit } }: ProcessRecord, queue: number): boolean {
    const words = this.#blockOf(gauge);
    const at = this.#at(gauge) + queue;
    if (this.#isShared) return countUp(words, at, limit);
    if (words[at]! >= limit) return false;
    words[at]! += 1;
    return true;
  }

  /** How many messages of a bounded mailbox wait in a queue. */
  waiting({ more: { gauge } }: ProcessRecord, queue: number): number {
    return this.#blockOf(gauge)[this.#at(gauge) + queue]!;
  }

  /** A message was taken from a queue. Signals and the answers to its own requests were never counted. */
  take({ more: { gauge } }: ProcessRecord, queue: number, tag: number): void {
    const kind = tag & 0xf;
    if (kind >= KIND_SIGNAL && kind <= KIND_RESPONSE) return;
    const words = this.#blockOf(gauge);
    const at = this.#at(gauge) + queue;
    if (this.#isShared) countDown(words, at);
    else words[at]! -= 1;
  }

  /** The process has ended; its gauge can be used again once the core has forgotten it. */
  release(record: ProcessRecord): void {
    const { gauge } = record.more;
    record.more.gauge = -1;
    this.#driver.outbox.flush();
    this.#free.push(gauge);
  }

  #blockOf(gauge: number): Uint32Array {
    return this.#blocks[Math.floor(gauge / GAUGES_A_BLOCK)]!;
  }

  #at(gauge: number): number {
    return (gauge % GAUGES_A_BLOCK) * GAUGE_WORDS;
  }

  #next(): number {
    const block = Math.floor(this.#used / GAUGES_A_BLOCK);
    this.#blocks[block] ??= new Uint32Array(this.#native.gaugeBlock(this.#thread, block)!);
    return this.#used++;
  }
}
