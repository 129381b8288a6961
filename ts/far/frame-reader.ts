import type { Codec } from '../codec/codec.ts';
import { memoryOf } from '../codec/memory.ts';
import type { ShapeTable } from '../codec/shape-table.ts';
import { reasonOf } from '../error/exit-reason.ts';
import { TergoError } from '../error/tergo-error.ts';
import {
  AGAIN_WORDS,
  FLAG_BLOBS,
  FLAG_IMPORTANT,
  FLAG_NAMED,
  FLAG_WHOLE,
  FORMAT_INT,
  FORMAT_INT_REQUEST,
  FRAME_AGAIN,
  FRAME_FLAGS_SHIFT,
  FRAME_FORMAT_SHIFT,
  FRAME_KIND_SHIFT,
  FRAME_MESSAGE,
  FRAME_SEAT_BASE,
  FRAME_SEAT_SHIFT,
  FRAME_WORDS,
  KIND_INSPECT,
  KIND_REQUEST,
  SLOT_MASK,
} from '../native/layout.ts';
import type { BindingScheduler } from '../native/load.ts';
import type { LocalPid } from '../process/pid.ts';
import type { Chunk, Chunks } from './chunks.ts';
import type { FarWorld } from './far-world.ts';
import { FORM_MASK, ID_HIGH_MASK, PREFIX_BYTES } from './frame-head.ts';
import { headOf } from './frame-run.ts';
import { type Station, stationOf } from './station.ts';
import { wide } from '../native/wide.ts';

/** In place of a value from elsewhere that nobody gets: it cannot be read, or it came too late. */
export const NO_VALUE: unique symbol = Symbol('no value');

const KIND_MASK = 0xf << FRAME_KIND_SHIFT;

/** Reads frames by their number: docs/design/threads.md, Frames; docs/design/network.md. */
export class FrameReader {
  readonly #native: BindingScheduler;
  readonly #codec: Codec;
  readonly #world: FarWorld;
  readonly #chunks: Chunks;
  /** Hears of what cannot be read. */
  readonly #onMalformed: (station: Station, error: Error) => void;
  /** Why the last value that could not be read could not. */
  #trouble: Error | undefined;
  /** The chunk that was read last, and the sender: mostly those of the next frame, too. */
  #lastNumber = -1;
  #lastChunk!: Chunk;
  #lastPlace = -1;
  #lastGeneration = -1;
  #lastHigh = -1;
  #lastFrom!: LocalPid;

  constructor(
    native: BindingScheduler,
    codec: Codec,
    world: FarWorld,
    chunks: Chunks,
    onMalformed: (station: Station, error: Error) => void,
  ) {
    this.#native = native;
    this.#codec = codec;
    this.#world = world;
    this.#chunks = chunks;
    this.#onMalformed = onMalformed;
  }

  /** Who sent it. */
  from(frame: number): LocalPid {
    const { words } = this.#chunkOf(frame);
    const at = headOf(words, wordOf(frame));
    const place = words[at + 4]!;
    const generation = words[at + 5]!;
    const high = words[at + 7]!;
    if (place === this.#lastPlace && generation === this.#lastGeneration && high === this.#lastHigh)
      return this.#lastFrom;
    return this.#newFrom(words, at);
  }

  /** Apart, so that `from` stays short enough to be inlined. */
  #newFrom(words: Uint32Array, at: number): LocalPid {
    const place = words[at + 4]!;
    const generation = words[at + 5]!;
    const high = words[at + 7]!;
    const id = wide(high & ID_HIGH_MASK, words[at + 6]!);
    const from = this.#world.pidAt(seatIn(high), {
      thread: place >>> 24,
      slot: place & SLOT_MASK,
      generation,
      id,
    });
    this.#lastPlace = place;
    this.#lastGeneration = generation;
    this.#lastHigh = high;
    this.#lastFrom = from;
    return from;
  }

  /** A seat may have another peer: the same numbers mean somebody else then. */
  forgetSender(): void {
    this.#lastPlace = -1;
  }

  /** Who sent it, as a thread of some node. */
  stationOf(frame: number): Station {
    const { words } = this.#chunkOf(frame);
    const at = headOf(words, wordOf(frame));
    const thread = words[at + 4]! >>> 24;
    const seat = seatIn(words[at + 7]!);
    return seat === 0 ? thread : stationOf(seat, thread);
  }

  /** Slot of the target; of a control frame its op. */
  firstOf(frame: number): number {
    const { words } = this.#chunkOf(frame);
    return words[headOf(words, wordOf(frame)) + 2]!;
  }

  /** Generation of the target; of a control frame the number that its op explains. */
  secondOf(frame: number): number {
    const { words } = this.#chunkOf(frame);
    return words[headOf(words, wordOf(frame)) + 3]!;
  }

  /** Why the last value that was none could not be read. */
  get trouble(): Error {
    return this.#trouble ?? new TergoError('internal', 'every value could be read so far');
  }

  /** What a frame carries; `NO_VALUE`, which is told, and about which `trouble` says more, when it cannot be read. */
  value(frame: number): unknown {
    const chunk = this.#chunkOf(frame);
    const { words } = chunk;
    const at = wordOf(frame);
    const head = words[at]!;
    const format = (head >>> FRAME_FORMAT_SHIFT) & 0xff;
    if (format === FORMAT_INT) return words[at + 1]! | 0;
    const isAgain = (head & 0xf) === FRAME_AGAIN;
    if (!isAgain) {
      const seat = seatIn(words[at + 7]!);
      const flags = (head >>> FRAME_FLAGS_SHIFT) & 0xf;
      if (flags !== 0 || seat !== 0 || isRequest(head)) return this.#guarded(frame, seat);
    }
    this.#world.sender = undefined;
    const start = 4 * (at + (isAgain ? AGAIN_WORDS : FRAME_WORDS));
    try {
      return this.#codec.decode(format, chunk, start, words[at + 1]!);
    } catch (error) {
      return this.#malformed(frame, error);
    }
  }

  /** The two words before the value of a request and of an important message. */
  prefix(frame: number): readonly [number, number] {
    const { words } = this.#chunkOf(frame);
    const place = this.#prefixAt(frame) >> 2;
    return [words[place]!, words[place + 1]!];
  }

  /** What kind of value follows a prefix: `PREFIX_PLAIN` or `PREFIX_ADDRESSED`. */
  formOf(frame: number): number {
    return this.prefix(frame)[1] & FORM_MASK;
  }

  /** Whether its sender wants to know what becomes of it. */
  isImportant(frame: number): boolean {
    return (this.#flagsOf(frame) & FLAG_IMPORTANT) !== 0;
  }

  /** The name that it was sent to, if it was. */
  nameOf(frame: number): string | undefined {
    if ((this.#flagsOf(frame) & FLAG_NAMED) === 0) return undefined;
    const { words, bytes } = this.#chunkOf(frame);
    const at = this.#nameAt(frame);
    return bytes.toString('utf8', at + 4, at + 4 + words[at >> 2]!);
  }

  /** The bytes that a control frame of `FORMAT_RAW` carries. */
  raw(frame: number): Buffer {
    const { words, bytes } = this.#chunkOf(frame);
    const at = wordOf(frame);
    const start = 4 * (at + FRAME_WORDS);
    return bytes.subarray(start, start + words[at + 1]!);
  }

  #guarded(frame: number, seat: number): unknown {
    const sender = seat === 0 ? undefined : this.#world.homeAt(seat);
    this.#world.sender = sender;
    try {
      return this.#other(frame, sender?.shapes);
    } catch (error) {
      return this.#malformed(frame, error);
    }
  }

  #malformed(frame: number, error: unknown): typeof NO_VALUE {
    this.#trouble = reasonOf(error);
    this.#onMalformed(this.stationOf(frame), this.#trouble);
    return NO_VALUE;
  }

  #other(frame: number, shapes: ShapeTable | undefined): unknown {
    const chunk = this.#chunkOf(frame);
    const { words } = chunk;
    const at = wordOf(frame);
    const head = words[at]!;
    const format = (head >>> FRAME_FORMAT_SHIFT) & 0xff;
    const hasParts = ((head >>> FRAME_FLAGS_SHIFT) & 0xf) !== 0;
    if (!hasParts && format !== FORMAT_INT_REQUEST) {
      const before = isRequest(head) ? PREFIX_BYTES : 0;
      return this.#codec.decode(
        format,
        chunk,
        4 * (at + FRAME_WORDS) + before,
        words[at + 1]! - before,
        shapes,
      );
    }
    if (format === FORMAT_INT_REQUEST) return words[(this.#prefixAt(frame) >> 2) + 2]! | 0;
    this.#announceBlobs(frame);
    if ((this.#flagsOf(frame) & FLAG_WHOLE) !== 0) return this.#wholeOf(frame, format, shapes);
    const start = this.#prefixAt(frame) + (this.#hasPrefix(frame) ? PREFIX_BYTES : 0);
    const end = 4 * (at + FRAME_WORDS) + words[at + 1]!;
    return this.#codec.decode(format, chunk, start, end - start, shapes);
  }

  #hasPrefix(frame: number): boolean {
    const isImportant = (this.#flagsOf(frame) & FLAG_IMPORTANT) !== 0;
    return isImportant || isRequest(this.#chunkOf(frame).words[wordOf(frame)]!);
  }

  #prefixAt(frame: number): number {
    if (this.#flagsOf(frame) === 0) return 4 * (wordOf(frame) + FRAME_WORDS);
    const at = this.#nameAt(frame);
    if ((this.#flagsOf(frame) & FLAG_NAMED) === 0) return at;
    return at + ((4 + this.#chunkOf(frame).words[at >> 2]! + 7) & ~7);
  }

  #nameAt(frame: number): number {
    return 4 * (wordOf(frame) + FRAME_WORDS) + this.#blobsBytes(frame);
  }

  #flagsOf(frame: number): number {
    const { words } = this.#chunkOf(frame);
    return (words[headOf(words, wordOf(frame))]! >>> FRAME_FLAGS_SHIFT) & 0xf;
  }

  /** Bytes of the list of blobs before the value. */
  #blobsBytes(frame: number): number {
    if ((this.#flagsOf(frame) & FLAG_BLOBS) === 0) return 0;
    const count = this.#chunkOf(frame).words[wordOf(frame) + FRAME_WORDS]!;
    return (4 * (1 + count) + 7) & ~7;
  }

  /** Tells the codec which blobs came with the value that it is about to decode. */
  #announceBlobs(frame: number): void {
    if ((this.#flagsOf(frame) & FLAG_BLOBS) === 0) return;
    const { words } = this.#chunkOf(frame);
    const at = wordOf(frame) + FRAME_WORDS;
    this.#codec.incoming = Array.from(words.subarray(at + 1, at + 1 + words[at]!));
  }

  /** The last blob is the value. */
  #wholeOf(frame: number, format: number, shapes: ShapeTable | undefined): unknown {
    const { words } = this.#chunkOf(frame);
    const at = wordOf(frame) + FRAME_WORDS;
    const number = words[at + words[at]!]!;
    const buffer = this.#native.takeBlob(number);
    if (buffer === null) throw new TergoError('internal', `blob ${number} is gone`);
    const memory = memoryOf(Buffer.from(buffer));
    return this.#codec.decode(format, memory, 0, buffer.byteLength, shapes);
  }

  #chunkOf(frame: number): Chunk {
    const number = (frame >>> 15) & 0xffff;
    if (number === this.#lastNumber) return this.#lastChunk;
    this.#lastNumber = number;
    this.#lastChunk = this.#chunks.at(number);
    return this.#lastChunk;
  }
}

/** Frames begin at multiples of eight bytes. */
function wordOf(frame: number): number {
  return (frame & 0x7fff) << 1;
}

/** The seat of the connection in the last word of a head; 0: a thread of this node. */
function seatIn(high: number): number {
  const number = high >>> FRAME_SEAT_SHIFT;
  return number === 0 ? 0 : number + FRAME_SEAT_BASE;
}

function isRequest(head: number): boolean {
  const kind = (head & KIND_MASK) >>> FRAME_KIND_SHIFT;
  return (head & 0xf) === FRAME_MESSAGE && (kind === KIND_REQUEST || kind === KIND_INSPECT);
}
