import { type Codec, NO_BLOBS, NO_ROOM } from '../codec/codec.ts';
import {
  BLOCK_WORDS,
  FLAG_BLOBS,
  FLAG_WHOLE,
  FORMAT_INT,
  FORMAT_INT_REQUEST,
  FRAME_CONTROL,
  FRAME_FLAGS_SHIFT,
  FRAME_FORMAT_SHIFT,
  FRAME_KIND_SHIFT,
  FRAME_MESSAGE,
  FRAME_QUEUE_SHIFT,
  FRAME_WORDS,
  KIND_FAR,
  PORT_AT,
  QUEUE_MAIN,
} from '../native/layout.ts';
import type { BindingScheduler } from '../native/load.ts';
import type { LocalPid } from '../process/pid.ts';
import type { Driver } from '../scheduler/driver.ts';
import type { Outbox } from '../scheduler/outbox.ts';
import type { Chunk, Chunks } from './chunks.ts';
import { FarPid } from './far-pid.ts';
import type { FarWorld } from './far-world.ts';

const CHUNK_BYTES = 4 * BLOCK_WORDS;
const HEAD_BYTES = 4 * FRAME_WORDS;
/** A chunk with less room than this is closed: what is larger travels as a blob. */
const ROOM_BYTES = 20 * 1024;
const LAST_START = CHUNK_BYTES - ROOM_BYTES;
/** What `open` answers without a chunk. */
const NONE = 0xffff_ffff;
/** Words before the value of a request: the number of the call, and what kind of value follows. */
const PREFIX_BYTES = 8;
export const PREFIX_PLAIN = 0;
export const PREFIX_ADDRESSED = 1;

/** A plain message to the main queue. */
const PLAIN_HEAD =
  FRAME_MESSAGE | (KIND_FAR << FRAME_KIND_SHIFT) | (QUEUE_MAIN << FRAME_QUEUE_SHIFT);

const NO_FRAME = { words: new Uint32Array(0), start: 0, end: 0 };

/** What frames are written by. */
export interface FrameWorld {
  readonly native: BindingScheduler;
  readonly driver: Driver;
  readonly codec: Codec;
  readonly chunks: Chunks;
  readonly world: FarWorld;
}

/** The chunk for one thread that is being filled. */
interface OpenChunk extends Chunk {
  /** Where the next frame begins, bytes. */
  at: number;
  /** Whether it went beyond the quota: then it is only for what must not be lost. */
  readonly isBeyond: boolean;
}

/** What stands in the head of a frame. */
export interface FrameHead {
  readonly thread: number;
  readonly op: typeof FRAME_MESSAGE | typeof FRAME_CONTROL;
  readonly kind: number;
  readonly queue: number;
  /** Slot of the target; of a control frame its op. */
  readonly first: number;
  /** Generation of the target; of a control frame a number that its op explains. */
  readonly second: number;
  /** The call and what follows it, for a request. */
  readonly prefix: readonly [number, number] | undefined;
  /** Whether it may go beyond the quota: what must not be lost. */
  readonly isForced: boolean;
  /** The thread that is to be answered, if it is not that of the sender: the node itself is on every thread. */
  readonly origin?: number | undefined;
}

/** Writes frames into the chunks for other threads; docs/design/threads.md, Frames. */
export class FrameWriter {
  readonly #native: BindingScheduler;
  readonly #ring: Uint32Array;
  readonly #outbox: Outbox;
  readonly #codec: Codec;
  readonly #thread: number;
  readonly #open: (OpenChunk | undefined)[] = [];
  readonly #chunks: Chunks;
  readonly #world: FarWorld;
  /** The last frame: its chunk and where it stands there, bytes. */
  #last: { readonly words: Uint32Array; readonly start: number; readonly end: number } = NO_FRAME;

  constructor(world: FrameWorld, thread: number) {
    this.#native = world.native;
    this.#ring = world.driver.ring;
    this.#outbox = world.driver.outbox;
    this.#codec = world.codec;
    this.#chunks = world.chunks;
    this.#world = world.world;
    this.#thread = thread;
  }

  /**
   * A frame with a value from a process; false, and nothing written, when there is no room on the way. Throws
   * `unencodable`, naming the path, for what cannot travel.
   */
  write(head: FrameHead, from: LocalPid, value: unknown): boolean {
    const open = this.#openFor(head.thread, head.isForced);
    if (open === undefined) return false;
    const start = open.at + HEAD_BYTES + (head.prefix === undefined ? 0 : PREFIX_BYTES);
    this.#world.aim(head.thread, head.isForced);
    const end = this.#codec.encode(value, open.bytes, start);
    if (end === NO_ROOM) return this.#writeWhole(open, head, from, value);
    if (end === NO_BLOBS) return false;
    if (this.#codec.blobs.length > 0) return this.#withBlobs(open, head, from, { value, end });
    this.#finish(open, head, from, { end, flags: 0, format: this.#codec.format });
    return true;
  }

  /** The same for a plain message of a process of this thread to the main queue: what most frames are. */
  writePlain(to: FarPid, from: LocalPid, value: unknown): boolean {
    const { thread } = to;
    const open = this.#openFor(thread, false);
    if (open === undefined) return false;
    const codec = this.#codec;
    this.#world.aim(thread, false);
    const start = open.at + HEAD_BYTES;
    const end = codec.encode(value, open.bytes, start);
    if (end < 0 || codec.blobs.length > 0) return this.#writeLarge(open, to, from, { value, end });
    const { words } = open;
    const at = open.at >> 2;
    const { format } = codec;
    words[at] = PLAIN_HEAD | (format << FRAME_FORMAT_SHIFT);
    words[at + 1] = format === FORMAT_INT ? codec.integer : end - start;
    words[at + 2] = to.farSlot;
    words[at + 3] = to.generation;
    const { id } = from;
    words[at + 4] = from.slot | (this.#thread << 24);
    words[at + 5] = from.generation;
    words[at + 6] = id;
    words[at + 7] = id > 0xffff_ffff ? Math.floor(id / 2 ** 32) : 0;
    open.at = (end + 7) & ~7;
    this.#ring[PORT_AT + thread] = open.at;
    if (this.#outbox.asleep) this.#outbox.rouse();
    return true;
  }

  /** The frame that was written last, once more, to another thread: its value is not encoded again. */
  repeat(head: FrameHead, from: LocalPid, value: unknown): boolean {
    const { words, start, end } = this.#last;
    const flags = (words[start >> 2]! >>> FRAME_FLAGS_SHIFT) & 0xf;
    // A blob has one owner.
    if (flags !== 0) return this.write(head, from, value);
    const open = this.#openFor(head.thread, head.isForced);
    if (open === undefined) return false;
    const at = open.at >> 2;
    open.words.set(words.subarray(start >> 2, end >> 2), at);
    open.words[at + 2] = head.first;
    open.words[at + 3] = head.second;
    this.#advance(open, head.thread, open.at + end - start);
    return true;
  }

  /** No frame goes to a thread that has ended; another one may take its number. */
  forget(thread: number): void {
    this.#open[thread] = undefined;
  }

  /** A plain message that does not stand in its frame as a whole. */
  #writeLarge(
    open: OpenChunk,
    { thread, farSlot: first, generation: second }: FarPid,
    from: LocalPid,
    { value, end }: { readonly value: unknown; readonly end: number },
  ): boolean {
    if (end === NO_BLOBS) return false;
    const target = { thread, first, second, isForced: false, prefix: undefined };
    const head = { ...target, op: FRAME_MESSAGE, kind: KIND_FAR, queue: QUEUE_MAIN } as const;
    if (end === NO_ROOM) return this.#writeWhole(open, head, from, value);
    return this.#withBlobs(open, head, from, { value, end });
  }

  #openFor(thread: number, isForced: boolean): OpenChunk | undefined {
    // What a getter of a message sends would stand in the middle of it.
    if (this.#codec.isBusy) this.#codec.refuseNested();
    const open = this.#open[thread];
    const hasRoom = open !== undefined && open.at <= LAST_START;
    if (hasRoom && !open.isBeyond) return open;
    let number = this.#native.open(thread, false);
    const isBeyond = number === NONE;
    if (isBeyond) {
      // What was opened before stays open, and the core's to free: nothing else may be written to.
      if (!isForced || hasRoom) return isForced ? open : undefined;
      number = this.#native.open(thread, true);
      if (number === NONE) return undefined;
    }
    const opened = { ...this.#chunks.at(number), at: 0, isBeyond };
    this.#open[thread] = opened;
    return opened;
  }

  /** The blobs that hold parts of the value come before it. */
  #withBlobs(
    open: OpenChunk,
    head: FrameHead,
    from: LocalPid,
    { value, end }: { readonly value: unknown; readonly end: number },
  ): boolean {
    const { blobs, format } = this.#codec;
    const start = open.at + HEAD_BYTES;
    const room = (4 * (1 + blobs.length) + 7) & ~7;
    if (end + room > CHUNK_BYTES) {
      this.#codec.forgetBlobs();
      return this.#writeWhole(open, head, from, value);
    }
    open.bytes.copyWithin(start + room, start, end);
    open.words[start >> 2] = blobs.length;
    blobs.forEach((number, index) => {
      open.words[(start >> 2) + 1 + index] = number;
    });
    this.#finish(open, head, from, { end: end + room, flags: FLAG_BLOBS, format }, room);
    return true;
  }

  /** A value that does not fit travels beside the frame as a whole. */
  #writeWhole(open: OpenChunk, head: FrameHead, from: LocalPid, value: unknown): boolean {
    const bytes = this.#codec.encodeWhole(value);
    if (bytes === undefined) return false;
    const { format, blobs } = this.#codec;
    const whole = this.#native.putBlob(head.thread, bytes, head.isForced);
    if (whole === 0) {
      this.#codec.forgetBlobs();
      return false;
    }
    const all = [...blobs, whole];
    const start = open.at + HEAD_BYTES;
    const room = (4 * (1 + all.length) + 7) & ~7;
    open.words[start >> 2] = all.length;
    all.forEach((number, index) => {
      open.words[(start >> 2) + 1 + index] = number;
    });
    const end = start + room + (head.prefix === undefined ? 0 : PREFIX_BYTES);
    this.#finish(open, head, from, { end, flags: FLAG_BLOBS | FLAG_WHOLE, format }, room);
    return true;
  }

  #finish(
    open: OpenChunk,
    head: FrameHead,
    from: LocalPid,
    body: { readonly end: number; readonly flags: number; readonly format: number },
    skip = 0,
  ): void {
    const { words } = open;
    const at = open.at >> 2;
    const { prefix } = head;
    const isNumber = body.format === FORMAT_INT;
    const format = isNumber && prefix !== undefined ? FORMAT_INT_REQUEST : body.format;
    words[at] =
      head.op |
      (head.kind << FRAME_KIND_SHIFT) |
      (head.queue << FRAME_QUEUE_SHIFT) |
      (body.flags << FRAME_FLAGS_SHIFT) |
      (format << FRAME_FORMAT_SHIFT);
    words[at + 1] = format === FORMAT_INT ? this.#codec.integer : body.end - open.at - HEAD_BYTES;
    words[at + 2] = head.first;
    words[at + 3] = head.second;
    this.#sender(words, at, from, head.origin);
    if (prefix !== undefined) {
      const place = at + FRAME_WORDS + (skip >> 2);
      words[place] = prefix[0];
      words[place + 1] = isNumber ? this.#codec.integer : prefix[1];
    }
    this.#advance(open, head.thread, (body.end + 7) & ~7);
  }

  #sender(words: Uint32Array, at: number, from: LocalPid, origin: number | undefined): void {
    const isFar = from instanceof FarPid;
    const slot = isFar ? from.farSlot : from.slot;
    const thread = isFar ? from.thread : (origin ?? this.#thread);
    words[at + 4] = slot | (thread << 24);
    words[at + 5] = from.generation;
    const { id } = from;
    words[at + 6] = id;
    words[at + 7] = id > 0xffff_ffff ? Math.floor(id / 2 ** 32) : 0;
  }

  /** The next turn hands over what stands before `at`. */
  #advance(open: OpenChunk, thread: number, at: number): void {
    this.#last = { words: open.words, start: open.at, end: at };
    open.at = at;
    this.#ring[PORT_AT + thread] = at;
    if (this.#outbox.asleep) this.#outbox.rouse();
  }
}
