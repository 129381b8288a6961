import { noreply } from '../actor/outcome.ts';
import {
  BLOCKED_MS,
  BLOCKED_SLOT,
  CONTROL_WORDS,
  CURRENT,
  CURRENT_OVER,
  IN_AT,
  KIND_FAR,
  KIND_MESSAGE,
  OP_RETURN,
  PROGRESS,
  QUEUE_MAIN,
  FAR,
  REC_DROPPED,
  REC_FAR,
  REC_PLACED,
  REC_REFUSED,
  REC_FREED,
  REC_SHARED,
  REC_SLICE,
  REC_TIMER,
  REC_VERDICT,
  RECORD_OP_SHIFT,
  SLOT_MASK,
  TAG_QUEUE_SHIFT,
} from '../native/layout.ts';
import type { Runtime } from '../node/runtime.ts';
import { NO_VALUE } from '../far/frame-reader.ts';
import type { LocalPid } from '../process/pid.ts';
import type { AnyProcess } from '../process/process.ts';
import {
  BOUNDED,
  DEAD,
  HALTED,
  HANDS_ON,
  OVERTAKEN,
  PLAIN,
  type ProcessRecord,
  RUNNING,
  VALIDATED,
  WAITING,
  ZOMBIE,
} from '../process/process-record.ts';
import type { Driver } from './driver.ts';
import { SharedValue, type Slab } from './slab.ts';

/** Stands in `CURRENT` before the first callback. */
const NOBODY = 0xffff_ffff;
/** Of so many records a part is read, and what came of it goes to other threads and nodes: they work on that meanwhile. */
const LONG = 60;
/** The parts are alike and have about so many records, for a short one costs others nearly as much as a long one. */
const STRETCH = 90;
/** More records than an inbox has: it is read in one part. */
const ALL = 0xffff;
/** The clock is read once every so many control records: in a flood of them no callback runs that would see to it. A power of 2. */
const LOOK_EVERY = 16;
/** Words of a slice with one message. */
const SLICE_WORDS = 4;
/** Callbacks are counted in 30 bits, which stay small integers; a bit above marks a change without a count. */
const COUNT_MASK = 0x3fff_ffff;
const CALLBACK_FLAG = 0x4000_0000;

/** Reads the inbox: control records go to those they concern, slices to the callbacks of their process. */
export class Dispatcher {
  private readonly runtime: Runtime;
  private readonly driver: Driver;
  private readonly ring: Uint32Array;
  private readonly slab: Slab;
  private readonly records: readonly (ProcessRecord | undefined)[];
  /** Processes to which something of higher priority was sent since the last turn. */
  private readonly overtaken: ProcessRecord[] = [];
  private at = IN_AT;
  private end = IN_AT;
  /** So many records are read at once. */
  private stretch = ALL;
  private progress = 0;
  /** Control records since the clock was read on their account. */
  private told = 0;
  /** The count of callbacks at which the clock is read next. */
  private spendAt = 1;
  /** The slot of the message whose callback is on the stack; -1: none, or its slot is free already. */
  private inHand = -1;
  /** Where the sender of the last message stands; -1: in `sender`. */
  private payload = -1;
  private sender: LocalPid | undefined = undefined;

  constructor(runtime: Runtime) {
    this.runtime = runtime;
    this.driver = runtime.driver;
    this.ring = runtime.driver.ring;
    this.slab = runtime.driver.slab;
    this.records = runtime.records;
    this.ring[CURRENT] = NOBODY;
  }

  /** A turn has filled the inbox with this many words. */
  open(used: number): void {
    this.at = IN_AT;
    this.end = IN_AT + used;
    this.stretch = this.stretchOf(used);
    if (this.overtaken.length > 0) this.forgetOvertaken();
  }

  /** Whether nothing of the inbox is left. */
  get isRead(): boolean {
    return this.at >= this.end;
  }

  /** Reads on; true when all is read, false when the time slice is over before, or somebody elsewhere need not wait for the rest. */
  walk(): boolean {
    const driver = this.driver;
    let left = this.stretch;
    while (this.at < this.end) {
      left -= 1;
      if (left < 0 && driver.isAwaited) return false;
      const at = this.at;
      const word = this.ring[at]!;
      if (word >>> RECORD_OP_SHIFT === REC_SLICE) {
        const first = at + 2;
        const end = first + 2 * this.ring[at + 1]!;
        this.at = end;
        this.slice(word & SLOT_MASK, first, end);
        if (driver.slice.isExpired) return false;
      } else {
        this.at = at + 3;
        this.control(word >>> RECORD_OP_SHIFT, this.ring[at + 1]!, this.ring[at + 2]!);
        this.told = (this.told + 1) % LOOK_EVERY;
        if (this.told === 0 && driver.slice.look()) return false;
      }
    }
    return true;
  }

  /** `target` was sent something that goes before what its slice holds: look at its queues anew. */
  overtake(target: ProcessRecord): void {
    if ((target.attention & OVERTAKEN) === 0) this.overtaken.push(target);
    target.attention |= OVERTAKEN;
  }

  /** The callback on the stack did what may fire something urgent, to whomever: it might be this process. */
  overtakeCurrent(): void {
    const record = this.running;
    if (record !== undefined) this.overtake(record);
  }

  /** The living process whose callback is on the stack. */
  get running(): ProcessRecord | undefined {
    const slot = this.ring[CURRENT]!;
    return slot > SLOT_MASK ? undefined : this.records[slot];
  }

  /** Who sent the message in hand. */
  get from(): LocalPid | undefined {
    return this.payload < 0 ? this.sender : this.slab.senderAt(this.payload);
  }

  /** Who sent the message that a process has in hand. */
  senderOf(record: ProcessRecord): LocalPid {
    const from = (record.flags & WAITING) !== 0 ? record.extra?.from : this.from;
    return from ?? record.pid;
  }

  /** Somebody else than its frame says has sent the message in hand. */
  setFrom(from: LocalPid): void {
    this.sender = from;
  }

  /** Tells the watchdog whose callback starts; gives what was there before, for `leave`. */
  enter(record: ProcessRecord): number {
    const before = this.ring[CURRENT]!;
    this.ring[CURRENT] = record.pid.slot;
    this.ring[PROGRESS]! ^= CALLBACK_FLAG;
    return before;
  }

  /** The callback is over. */
  leave(record: ProcessRecord, before: number): void {
    this.ring[CURRENT] = before > SLOT_MASK ? record.pid.slot | CURRENT_OVER : before;
    this.ring[PROGRESS]! ^= CALLBACK_FLAG;
    if (this.ring[BLOCKED_MS] !== 0) this.reportBlocked(record);
  }

  /** Mostly all records of an inbox are like its first. */
  private stretchOf(used: number): number {
    const isSlice = this.ring[IN_AT]! >>> RECORD_OP_SHIFT === REC_SLICE;
    const records = used / (isSlice ? SLICE_WORDS : CONTROL_WORDS);
    if (records < LONG) return ALL;
    return Math.ceil(records / Math.max(2, Math.round(records / STRETCH)));
  }

  private slice(slot: number, first: number, end: number): void {
    const ring = this.ring;
    const record = this.records[slot];
    // Killed by an earlier slice of this inbox: what it was granted is lost with it.
    if (record === undefined) return this.drop(first, end);
    record.flags |= RUNNING;
    ring[CURRENT] = slot;
    const at = this.entries(record, first, end);
    ring[CURRENT] = slot | CURRENT_OVER;
    record.flags &= ~RUNNING;
    if (ring[BLOCKED_MS] !== 0) this.reportBlocked(record);
    if ((record.attention & HALTED) !== 0 && (record.flags & (ZOMBIE | DEAD)) === ZOMBIE) {
      this.runtime.lifecycle.end(record, 'kill');
    }
    if (at < end) this.rest(record, at, end);
  }

  /** Calls the callbacks; gives where it stopped. */
  private entries(record: ProcessRecord, first: number, end: number): number {
    const ring = this.ring;
    const { instance, flags } = record;
    const isPlain = (flags & (PLAIN | BOUNDED | VALIDATED)) === PLAIN;
    let progress = this.progress;
    let at = first;
    try {
      // `attention` is looked at before each entry: the one before may have changed it.
      while (at < end && record.attention === 0) {
        const tag = ring[at]!;
        const payload = ring[at + 1]!;
        at += 2;
        progress = (progress + 1) & COUNT_MASK;
        ring[PROGRESS] = progress;
        const next =
          isPlain && (tag & 0xf) === KIND_MESSAGE
            ? this.message(instance, payload)
            : this.other(record, tag, payload, isPlain);
        if (next !== noreply && next !== undefined) this.runtime.outcomes.take(record, next);
        if (ring[BLOCKED_MS] !== 0) this.reportBlocked(record);
        if (progress === this.spendAt && this.spend(progress)) break;
      }
    } catch (error) {
      if (this.inHand >= 0) this.slab.release(this.inHand);
      this.inHand = -1;
      this.runtime.lifecycle.crash(record, error);
    }
    this.progress = progress;
    return at;
  }

  /** A plain message to a plain actor: what most entries are. Its slot is kept until the callback is over. */
  private message(instance: AnyProcess, payload: number): unknown {
    const { slab } = this;
    const { cells } = slab;
    const cell = payload << 1;
    this.payload = payload;
    this.inHand = payload;
    const next = instance.handleMessage!(cells[cell], cells[cell + 1] as LocalPid);
    this.inHand = -1;
    slab.release(payload);
    return next;
  }

  /** Apart, so that what most entries are stays short enough to be inlined into the loop. */
  private other(record: ProcessRecord, tag: number, payload: number, isPlain: boolean): unknown {
    if (isPlain && (tag & 0xf) === KIND_FAR) return this.farMessage(record.instance, payload);
    return this.deliver(record, tag, payload);
  }

  /** A plain message from another thread: its value is read from the frame. */
  private farMessage(instance: AnyProcess, frame: number): unknown {
    const { reader } = this.runtime.far!;
    const from = reader.from(frame);
    this.sender = from;
    this.payload = -1;
    const value = reader.value(frame);
    return value === NO_VALUE ? noreply : instance.handleMessage!(value, from);
  }

  /** An entry other than a plain message, or of a bounded mailbox. */
  private deliver(record: ProcessRecord, tag: number, payload: number): undefined {
    if ((record.flags & (BOUNDED | HANDS_ON)) !== 0 && this.isHandedOn(record, tag, payload))
      return;
    // The slot is free before the callback begins, and what that sends may take it.
    this.sender =
      payload < FAR ? this.slab.senderAt(payload) : this.runtime.far!.reader.from(payload);
    this.payload = -1;
    this.runtime.deliveries.take(record, tag, payload);
  }

  /** An entry of a bounded mailbox is counted; true for one that has gone on to another process. */
  private isHandedOn(record: ProcessRecord, tag: number, payload: number): boolean {
    const queue = (tag >> TAG_QUEUE_SHIFT) & 3;
    const { gauges, forwarding } = this.runtime;
    if ((record.flags & BOUNDED) !== 0) gauges.take(record, queue, tag);
    if ((record.flags & HANDS_ON) === 0 || queue !== QUEUE_MAIN) return false;
    return forwarding.take(record, tag & 0xf, payload);
  }

  /** Reads the clock; true when the time slice is over. */
  private spend(progress: number): boolean {
    const isOver = this.driver.slice.spend();
    this.spendAt = (progress + this.driver.slice.stride) & COUNT_MASK;
    return isOver;
  }

  /** What the process did not take of its slice: back to its queues, or lost with it. */
  private rest(record: ProcessRecord, at: number, end: number): void {
    if ((record.flags & DEAD) !== 0) return this.drop(at, end);
    this.runtime.driver.outbox.write(OP_RETURN, record.pid.slot, at - IN_AT, (end - at) >> 1);
  }

  private drop(at: number, end: number): void {
    for (let entry = at; entry < end; entry += 2) {
      this.runtime.deliveries.drop(this.ring[entry]!, this.ring[entry + 1]!);
    }
  }

  private control(op: number, first: number, second: number): void {
    switch (op) {
      case REC_DROPPED:
        return this.runtime.deliveries.drop(first, second);
      case REC_SHARED:
        return this.share(first, second);
      case REC_FREED:
        return this.runtime.relations.freed(first);
      case REC_VERDICT:
        return this.runtime.relations.settle(first, second);
      case REC_TIMER:
        return this.runtime.timers.fire(first, second);
      case REC_FAR:
        return this.runtime.far!.controls.take(first);
      case REC_PLACED:
        return this.runtime.deliveries.confirm(first, second);
      case REC_REFUSED:
        return this.runtime.deliveries.refuse(first, second);
      default:
        throw new RangeError(`the core sent the record ${op}, which there is not`);
    }
  }

  private share(payload: number, uses: number): void {
    const shared = this.slab.at(payload);
    if (uses === 0) this.slab.release(payload);
    else if (shared instanceof SharedValue) shared.uses = uses;
  }

  private forgetOvertaken(): void {
    for (const record of this.overtaken) record.attention &= ~OVERTAKEN;
    this.overtaken.length = 0;
  }

  private reportBlocked(record: ProcessRecord | undefined): void {
    const ms = this.ring[BLOCKED_MS]!;
    const slot = this.ring[BLOCKED_SLOT]!;
    this.ring[BLOCKED_MS] = 0;
    // The one that has returned may have been called by the one that blocked.
    const blocker = record?.pid.slot === slot ? record : this.runtime.records[slot];
    this.runtime.lifecycle.blocked(blocker, ms);
  }
}
