import type { BindingScheduler } from '../native/load.ts';
import { KIND_RESPONSE, KIND_SIGNAL, OP_LIMIT } from '../native/layout.ts';
import { BOUNDED, type ProcessRecord } from '../process/process-record.ts';
import type { Driver } from '../scheduler/driver.ts';

/** The counts of bounded mailboxes, shared with the core: docs/design/crossing.md, Gauges. */
export class GaugeTable {
  readonly #native: BindingScheduler;
  readonly #driver: Driver;
  readonly #free: number[] = [];
  #words: Uint32Array;
  #used = 0;

  constructor(native: BindingScheduler, driver: Driver) {
    this.#native = native;
    this.#driver = driver;
    this.#words = new Uint32Array(native.gauges());
  }

  /** Bounds the mailbox of a process that was just spawned. */
  bound(record: ProcessRecord, limit: number): void {
    const { more } = record;
    record.flags |= BOUNDED;
    more.limit = limit;
    more.gauge = this.#free.pop() ?? this.#next();
    this.#words.fill(0, 4 * more.gauge, 4 * more.gauge + 4);
    this.#driver.outbox.write(OP_LIMIT, record.pid.slot, limit, more.gauge);
  }

  /** Counts one more message in a queue; false, and nothing counted, when it is full. */
  accept(record: ProcessRecord, queue: number): boolean {
    const { gauge, limit } = record.more;
    const at = 4 * gauge + queue;
    if (this.#words[at]! >= limit) return false;
    this.#words[at]! += 1;
    return true;
  }

  /** How many messages of a bounded mailbox wait in a queue. */
  waiting(record: ProcessRecord, queue: number): number {
    return this.#words[4 * record.more.gauge + queue]!;
  }

  /** A message was taken from a queue. Signals and the answers to its own requests were never counted. */
  take(record: ProcessRecord, queue: number, tag: number): void {
    const kind = tag & 0xf;
    if (kind >= KIND_SIGNAL && kind <= KIND_RESPONSE) return;
    this.#words[4 * record.more.gauge + queue]! -= 1;
  }

  /** The process has ended; its gauge can be used again once the core has forgotten it. */
  release(record: ProcessRecord): void {
    const { gauge } = record.more;
    record.more.gauge = -1;
    this.#driver.outbox.flush();
    this.#free.push(gauge);
  }

  #next(): number {
    if (4 * (this.#used + 1) > this.#words.length)
      this.#words = new Uint32Array(this.#native.growGauges());
    return this.#used++;
  }
}
