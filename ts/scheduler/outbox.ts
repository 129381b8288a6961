import { TergoError } from '../error/tergo-error.ts';
import {
  COMMAND_KIND_SHIFT,
  COMMAND_QUEUE_SHIFT,
  COMMAND_WORDS,
  OP_SEND,
  OUT_AT,
  OUT_USED,
  OUT_WORDS,
  PORT_AT,
  PORT_MARKS_AT,
  STATUS,
  STATUS_AT,
  STATUS_PANIC,
} from '../native/layout.ts';
import type { ProcessRecord } from '../process/process-record.ts';
import type { LocalPid } from '../process/pid.ts';
import type { Slab } from './slab.ts';

const END = OUT_AT + OUT_WORDS;

/** What the outbox calls of the core. */
interface OutboxEntries {
  readonly flush: () => void;
  readonly handOver: () => void;
}

/** What the outbox tells the driver. */
interface OutboxEvents {
  /** It sleeps, and there is work. */
  readonly wake: () => void;
  /** It sleeps, and a frame was handed over without it. */
  readonly handedOver: () => void;
}

/** The ring of commands from TypeScript to the core; `docs/design/crossing.md` describes each. */
export class Outbox {
  readonly ring: Uint32Array;
  private readonly slab: Slab;
  private readonly drain: () => void;
  private readonly deliver: () => void;
  private readonly tellHandedOver: () => void;
  private readonly rousing: () => void;
  private at = OUT_AT;
  /** Whether the core panicked: it takes nothing any more. */
  isBroken = false;
  /** Whether the driver sleeps and must be told of work. */
  asleep = true;
  /** Whether frames stand in chunks for other threads that were not handed over. */
  hasFrames = false;
  /** Whether a frame was handed over since the driver rested last. */
  hasHandedOver = false;

  constructor(ring: Uint32Array, slab: Slab, { flush, handOver }: OutboxEntries, on: OutboxEvents) {
    this.ring = ring;
    this.slab = slab;
    this.drain = flush;
    this.deliver = handOver;
    this.rousing = on.wake;
    this.tellHandedOver = on.handedOver;
  }

  /** One command. */
  write(op: number, first: number, second: number, third: number): void {
    if (this.at === END) this.flush();
    const { ring } = this;
    const at = this.at;
    ring[at] = op;
    ring[at + 1] = first;
    ring[at + 2] = second;
    ring[at + 3] = third;
    this.at = at + COMMAND_WORDS;
    if (this.asleep) this.rousing();
  }

  /** A message of `kind` to the end of a queue of `target`. */
  send(
    target: ProcessRecord,
    kindAndQueue: number,
    value: unknown,
    from: LocalPid | undefined,
  ): void {
    const { slot, generation } = target.pid;
    this.write(OP_SEND | kindAndQueue, slot, generation, this.slab.put(value, from));
  }

  /** A frame stands in the chunk for a member of the fabric, which is written up to that byte now. */
  noteFrame(member: number, bytes: number): void {
    const { ring } = this;
    const marks = PORT_MARKS_AT + (member >> 5);
    ring[PORT_AT + member] = bytes;
    ring[marks] = ring[marks]! | (1 << (member & 31));
    this.hasFrames = true;
    if (this.asleep) this.rouse();
  }

  /** Hands over the frames that were written, without taking a turn. What they may tell of goes before them. */
  handOver(): void {
    if (!this.hasFrames) return;
    if (!this.isEmpty) this.flush();
    this.hasFrames = false;
    this.deliver();
  }

  get isEmpty(): boolean {
    return this.at === OUT_AT;
  }

  /** Hands over what was written; the native call that follows reads it. */
  seal(): void {
    this.ring[OUT_USED] = this.at - OUT_AT;
    this.at = OUT_AT;
  }

  /** Drains the ring into the mailboxes without taking a turn. */
  flush(): void {
    this.seal();
    this.drain();
    this.check();
  }

  /** Throws `internal` when the core refused a command of the last drain. */
  check(): void {
    const status = this.ring[STATUS]!;
    if (status === 0) return;
    this.ring[STATUS] = 0;
    if (status === STATUS_PANIC) {
      this.isBroken = true;
      throw new TergoError(
        'internal',
        'the core panicked; the node cannot go on. Please report this',
      );
    }
    throw new TergoError(
      'internal',
      `the core refused a command (status ${status} at word ${this.ring[STATUS_AT]}); please report this`,
    );
  }

  /**
   * The driver sleeps. The first frame goes at once, and the driver sleeps on: what it would do now would only keep the
   * other thread from a core. Those after it go with its turn.
   */
  private rouse(): void {
    if (this.hasHandedOver) return this.rousing();
    this.hasHandedOver = true;
    this.hasFrames = false;
    this.deliver();
    this.tellHandedOver();
  }
}

/** The bits of a command that say what kind of message it is and where it queues. */
export function kindAndQueue(kind: number, queue: number): number {
  return (kind << COMMAND_KIND_SHIFT) | (queue << COMMAND_QUEUE_SHIFT);
}
