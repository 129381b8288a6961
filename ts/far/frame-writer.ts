import { type Codec, NO_BLOBS, NO_ROOM } from '../codec/codec.ts';
import {
  FLAG_BLOBS,
  FLAG_WHOLE,
  FORMAT_INT,
  FORMAT_INT_REQUEST,
  FRAME_FLAGS_SHIFT,
  FRAME_FORMAT_SHIFT,
  FRAME_KIND_SHIFT,
  FRAME_MESSAGE,
  FRAME_QUEUE_SHIFT,
  FRAME_SEAT_SHIFT,
  FRAME_WORDS,
  KIND_FAR,
  MAX_THREADS,
  QUEUE_MAIN,
} from '../native/layout.ts';
import { TergoError } from '../error/tergo-error.ts';
import type { BindingScheduler } from '../native/load.ts';
import type { LocalPid } from '../process/pid.ts';
import type { CompressionProfiles } from './compression-profiles.ts';
import { FarPid } from './far-pid.ts';
import {
  bytesBefore,
  firstWord,
  lastWord,
  flagsOf,
  type FrameHead,
  HEAD_BYTES,
  listBytes,
  PREFIX_BYTES,
  prefixBytes,
  ShortHead,
  writeList,
  writeName,
} from './frame-head.ts';
import type { FarWorld } from './far-world.ts';
import { AGAIN_BYTES } from './frame-run.ts';
import { LastFrame } from './last-frame.ts';
import { CHUNK_BYTES, type OpenChunk, type OpenChunks } from './open-chunks.ts';
import type { RemotePid } from './remote-pid.ts';
import { isOfPeer, seatOf, threadOf } from './station.ts';

/** A plain message to the main queue. */
const PLAIN_HEAD =
  FRAME_MESSAGE | (KIND_FAR << FRAME_KIND_SHIFT) | (QUEUE_MAIN << FRAME_QUEUE_SHIFT);

/** What frames are written by. */
export interface FrameWorld {
  readonly native: BindingScheduler;
  readonly codec: Codec;
  readonly open: OpenChunks;
  readonly world: FarWorld;
  readonly profiles: CompressionProfiles;
}

/** What stands between the head and the value, bytes. */
interface Layout {
  readonly end: number;
  readonly flags: number;
  readonly format: number;
  /** Of the list of blobs. */
  readonly blobs: number;
}

/** Writes frames into the chunks for other threads and nodes; docs/design/threads.md, Frames; docs/design/network.md. */
export class FrameWriter {
  /** One for all requests, since it is not kept; `refuseNested` before it is filled in. */
  readonly requestHead: ShortHead = new ShortHead(FRAME_MESSAGE);
  readonly #native: BindingScheduler;
  readonly #codec: Codec;
  readonly #thread: number;
  readonly #open: OpenChunks;
  readonly #world: FarWorld;
  readonly #profiles: CompressionProfiles;
  readonly #last: LastFrame;

  constructor(world: FrameWorld, thread: number) {
    this.#native = world.native;
    this.#codec = world.codec;
    this.#open = world.open;
    this.#world = world.world;
    this.#profiles = world.profiles;
    this.#thread = thread;
    this.#last = new LastFrame(world.native);
  }

  /**
   * A frame with a value from a process; false, and nothing written, when there is no room on the way. Throws
   * `unencodable`, naming the path, for what cannot travel, and `too-large`.
   */
  write(head: FrameHead, from: LocalPid, value: unknown): boolean {
    const open = this.#openFor(seatOf(head.station), head.isForced);
    if (open === undefined) return false;
    const start = open.at + HEAD_BYTES + bytesBefore(head);
    this.#world.aim(open.seat, head.isForced);
    // A name leaves no place for a number beside it.
    const isBytes = head.name !== undefined && head.prefix === undefined;
    const end = isBytes
      ? this.#codec.encodeBytes(value, open, start)
      : this.#codec.encode(value, open, start);
    if (end === NO_ROOM) return this.#writeWhole(open, head, from, value);
    if (end === NO_BLOBS) return false;
    this.#checkSize(open, head, end - start);
    if (this.#codec.blobs.length > 0) return this.#withBlobs(open, head, from, { value, end });
    this.#finish(open, head, from, { end, flags: 0, format: this.#codec.format, blobs: 0 });
    return true;
  }

  /** The same with such a head, from a process of this thread. */
  writeShort(head: ShortHead, from: LocalPid, value: unknown): boolean {
    const { station, isForced, isRequest, first } = head;
    const seat = seatOf(station);
    const open = this.#openFor(seat, isForced);
    if (open === undefined) return false;
    const codec = this.#codec;
    this.#world.aim(seat, isForced);
    const body = open.at + HEAD_BYTES;
    const start = isRequest ? body + PREFIX_BYTES : body;
    const end = codec.encode(value, open, start);
    if (end < 0 || codec.blobs.length > 0 || end - body > open.limit)
      return this.#writeLarge(open, head, from, { value, end });
    const { words } = open;
    const at = open.at >> 2;
    const isOfPeers = isOfPeer(station);
    words[at + 2] = isOfPeers ? first | (threadOf(station) << 24) : first;
    words[at + 3] = head.second;
    this.#ownSender(words, at, from, isOfPeers ? head.way : 0);
    const bits = head.op | (head.kind << FRAME_KIND_SHIFT) | (head.queue << FRAME_QUEUE_SHIFT);
    const after = isRequest ? this.#prefix(words, at, head, end) : end;
    const isNumber = codec.format === FORMAT_INT;
    const format = isNumber && isRequest ? FORMAT_INT_REQUEST : codec.format;
    words[at] = bits | (format << FRAME_FORMAT_SHIFT);
    words[at + 1] = isNumber && !isRequest ? codec.integer : after - body;
    this.#open.advance(open, (after + 7) & ~7);
    return true;
  }

  /** Before the value of a request; gives the position after that. */
  #prefix(words: Uint32Array, at: number, { number, form }: ShortHead, end: number): number {
    const place = at + FRAME_WORDS;
    words[place] = number;
    words[place + 1] = form;
    if (this.#codec.format !== FORMAT_INT) return end;
    words[place + 2] = this.#codec.integer;
    return end + 4;
  }

  /** The same for a plain message of a process of this thread to the main queue of one of another thread: what most frames are. */
  writePlain(to: FarPid, from: LocalPid, value: unknown): boolean {
    return this.#plain(to.thread, to.farSlot, to, from, value);
  }

  /** The same to one of another node, whose connection has that seat. */
  writeRemote(seat: number, to: RemotePid, from: LocalPid, value: unknown): boolean {
    return this.#plain(seat, to.farSlot | (to.thread << 24), to, from, value);
  }

  /**
   * The frame that was written last, once more, to somebody else: its value is not encoded again, and what stands beside
   * it is shared by the threads.
   */
  repeat(head: FrameHead, from: LocalPid, value: unknown): boolean {
    const open = this.#openFor(seatOf(head.station), head.isForced);
    if (open === undefined) return false;
    const end = this.#last.copyInto(open, head);
    if (end === undefined) return this.write(head, from, value);
    this.#advance(open, end);
    return true;
  }

  /** Throws `not-allowed` while a value is being written: the head of its frame is in use. */
  refuseNested(): void {
    if (this.#codec.isBusy) this.#codec.refuseNested();
  }

  /** Throws `too-large` for what its reader would not take. */
  #checkSize({ limit }: OpenChunk, head: FrameHead, bytes: number): void {
    const size = prefixBytes(head) + bytes + this.#world.blobBytes;
    if (size <= limit) return;
    this.#codec.forgetBlobs();
    const text =
      `the message has ${size} bytes, and the node that it is for takes ${limit} at most; ` +
      'send less at once, or raise network.maxMessageSize there';
    throw new TergoError('too-large', text);
  }

  /** In word 2 a peer is told which of its threads it is for. */
  #plain(
    seat: number,
    place: number,
    to: FarPid | RemotePid,
    from: LocalPid,
    value: unknown,
  ): boolean {
    const open = this.#openFor(seat, false);
    if (open === undefined) return false;
    if (open.run.takes(to, from, open.at)) return this.#again(open, to, from, value);
    const codec = this.#codec;
    this.#world.aim(seat, false);
    const start = open.at + HEAD_BYTES;
    const end = codec.encode(value, open, start);
    if (end < 0 || codec.blobs.length > 0 || end - start > open.limit)
      return this.#writeLarge(open, this.#plainHead(to), from, { value, end });
    const { words } = open;
    const at = open.at >> 2;
    const { format } = codec;
    words[at] = PLAIN_HEAD | (format << FRAME_FORMAT_SHIFT);
    words[at + 1] = format === FORMAT_INT ? codec.integer : end - start;
    words[at + 2] = place;
    words[at + 3] = to.generation;
    this.#ownSender(words, at, from, seat < MAX_THREADS ? 0 : this.#profiles.plainWay);
    if (seat < MAX_THREADS) open.run.begin(to, from, open.at);
    this.#open.advance(open, (end + 7) & ~7);
    return true;
  }

  /** One more of the same two processes. */
  #again(open: OpenChunk, to: FarPid | RemotePid, from: LocalPid, value: unknown): boolean {
    const codec = this.#codec;
    this.#world.aim(open.seat, false);
    const start = open.at + AGAIN_BYTES;
    const end = codec.encode(value, open, start);
    if (end < 0 || codec.blobs.length > 0) return this.#againLarge(open, to, from, { value, end });
    const { words, run } = open;
    const at = open.at >> 2;
    const { format } = codec;
    words[at] = run.headAt(open.at) | (format << FRAME_FORMAT_SHIFT);
    words[at + 1] = format === FORMAT_INT ? codec.integer : end - start;
    this.#open.advance(open, (end + 7) & ~7);
    return true;
  }

  /** One that does not stand in its frame as a whole has a head of its own. */
  #againLarge(
    open: OpenChunk,
    to: FarPid | RemotePid,
    from: LocalPid,
    { value, end }: { readonly value: unknown; readonly end: number },
  ): boolean {
    const head = this.#plainHead(to);
    if (end < 0) return this.#writeLarge(open, head, from, { value, end });
    // The numbers of its blobs stand between the head and the value.
    const start = open.at + AGAIN_BYTES;
    const gap = HEAD_BYTES - AGAIN_BYTES;
    open.bytes.copyWithin(start + gap, start, end);
    return this.#writeLarge(open, head, from, { value, end: end + gap });
  }

  /** The head of a plain message to the main queue. */
  #plainHead(to: FarPid | RemotePid): FrameHead {
    const station = to instanceof FarPid ? to.thread : to.station;
    const { farSlot: first, generation: second } = to;
    const target = { station, first, second, isForced: false, prefix: undefined };
    const { plainWay: way } = this.#profiles;
    return { ...target, op: FRAME_MESSAGE, kind: KIND_FAR, queue: QUEUE_MAIN, way };
  }

  /** One that does not stand in its frame as a whole. */
  #writeLarge(
    open: OpenChunk,
    head: FrameHead,
    from: LocalPid,
    { value, end }: { readonly value: unknown; readonly end: number },
  ): boolean {
    if (end === NO_BLOBS) return false;
    if (end === NO_ROOM) return this.#writeWhole(open, head, from, value);
    this.#checkSize(open, head, end - open.at - HEAD_BYTES - bytesBefore(head));
    return this.#withBlobs(open, head, from, { value, end });
  }

  #openFor(seat: number, isForced: boolean): OpenChunk | undefined {
    // What a getter of a message sends would stand in the middle of it.
    this.refuseNested();
    return this.#open.of(seat, isForced);
  }

  /** The blobs that hold parts of the value come before it. */
  #withBlobs(
    open: OpenChunk,
    head: FrameHead,
    from: LocalPid,
    { value, end }: { readonly value: unknown; readonly end: number },
  ): boolean {
    const { blobs: numbers, format } = this.#codec;
    const start = open.at + HEAD_BYTES;
    const blobs = listBytes(numbers.length);
    if (end + blobs > CHUNK_BYTES) {
      this.#codec.forgetBlobs();
      return this.#writeWhole(open, head, from, value);
    }
    open.bytes.copyWithin(start + blobs, start, end);
    writeList(open, start, numbers);
    this.#finish(open, head, from, { end: end + blobs, flags: FLAG_BLOBS, format, blobs });
    return true;
  }

  /** A value that does not fit travels beside the frame as a whole. */
  #writeWhole(open: OpenChunk, head: FrameHead, from: LocalPid, value: unknown): boolean {
    const bytes = this.#codec.encodeWhole(value);
    if (bytes === undefined) return false;
    this.#checkSize(open, head, bytes.length);
    const { format, blobs: parts } = this.#codec;
    const { blobBytes } = this.#world;
    const whole = this.#native.putBlob(open.seat, bytes, blobBytes, head.isForced);
    if (whole === 0) {
      this.#codec.forgetBlobs();
      return false;
    }
    const numbers = [...parts, whole];
    const start = open.at + HEAD_BYTES;
    const blobs = listBytes(numbers.length);
    writeList(open, start, numbers);
    const end = start + blobs + bytesBefore(head);
    this.#finish(open, head, from, { end, flags: FLAG_BLOBS | FLAG_WHOLE, format, blobs });
    return true;
  }

  #finish(open: OpenChunk, head: FrameHead, from: LocalPid, layout: Layout): void {
    const { words } = open;
    const at = open.at >> 2;
    const { prefix } = head;
    const isNumber = layout.format === FORMAT_INT;
    const isIntRequest = isNumber && prefix !== undefined;
    const format = isIntRequest ? FORMAT_INT_REQUEST : layout.format;
    const end = isIntRequest ? layout.end + 4 : layout.end;
    words[at] =
      head.op |
      (head.kind << FRAME_KIND_SHIFT) |
      (head.queue << FRAME_QUEUE_SHIFT) |
      ((layout.flags | flagsOf(head)) << FRAME_FLAGS_SHIFT) |
      (format << FRAME_FORMAT_SHIFT);
    words[at + 1] = format === FORMAT_INT ? this.#codec.integer : end - open.at - HEAD_BYTES;
    words[at + 2] = firstWord(head);
    words[at + 3] = head.second;
    this.#sender(words, at, from, head);
    let place = open.at + HEAD_BYTES + layout.blobs;
    if (head.name !== undefined) place = writeName(open, place, head.name);
    if (prefix !== undefined) {
      words[place >> 2] = prefix[0];
      words[(place >> 2) + 1] = prefix[1];
      if (isNumber) words[(place >> 2) + 2] = this.#codec.integer;
    }
    this.#advance(open, (end + 7) & ~7);
  }

  #sender(words: Uint32Array, at: number, from: LocalPid, head: FrameHead): void {
    const isFar = from instanceof FarPid;
    const slot = isFar ? from.farSlot : from.slot;
    const thread = isFar ? from.thread : (head.origin ?? this.#thread);
    words[at + 4] = slot | (thread << 24);
    words[at + 5] = from.generation;
    const { id } = from;
    words[at + 6] = id;
    const high = id > 0xffff_ffff ? Math.floor(id / 2 ** 32) : 0;
    words[at + 7] = lastWord(high, head);
  }

  #ownSender(words: Uint32Array, at: number, from: LocalPid, way: number): void {
    const { id } = from;
    words[at + 4] = from.slot | (this.#thread << 24);
    words[at + 5] = from.generation;
    words[at + 6] = id;
    const high = id > 0xffff_ffff ? Math.floor(id / 2 ** 32) : 0;
    words[at + 7] = high | (way << FRAME_SEAT_SHIFT);
  }

  /** The next turn hands over what stands before `at`; the frame may be repeated. */
  #advance(open: OpenChunk, at: number): void {
    this.#last.note(open, at);
    this.#open.advance(open, at);
  }
}
