import type { Codec } from '../codec/codec.ts';
import { TergoError } from '../error/tergo-error.ts';
import {
  FLAG_BLOBS,
  FLAG_WHOLE,
  FORMAT_INT,
  FORMAT_INT_REQUEST,
  FRAME_FLAGS_SHIFT,
  FRAME_FORMAT_SHIFT,
  FRAME_WORDS,
} from '../native/layout.ts';
import type { BindingScheduler } from '../native/load.ts';
import type { LocalPid } from '../process/pid.ts';
import type { Chunk, Chunks } from './chunks.ts';
import type { FarPids } from './far-pids.ts';

/** Reads frames by their number: docs/design/threads.md, Frames. */
export class FrameReader {
  readonly #native: BindingScheduler;
  readonly #codec: Codec;
  readonly #pids: FarPids;
  readonly #chunks: Chunks;
  /** The chunk that was read last, and the sender: mostly those of the next frame, too. */
  #lastNumber = -1;
  #lastChunk!: Chunk;
  #lastPlace = -1;
  #lastGeneration = -1;
  #lastFrom!: LocalPid;

  constructor(native: BindingScheduler, codec: Codec, pids: FarPids, chunks: Chunks) {
    this.#native = native;
    this.#codec = codec;
    this.#pids = pids;
    this.#chunks = chunks;
  }

  /** Who sent it. */
  from(frame: number): LocalPid {
    const { words } = this.#chunkOf(frame);
    const at = wordOf(frame);
    const place = words[at + 4]!;
    const generation = words[at + 5]!;
    if (place === this.#lastPlace && generation === this.#lastGeneration) return this.#lastFrom;
    const id = words[at + 7]! * 2 ** 32 + words[at + 6]!;
    const from = this.#pids.at(place >>> 24, place & 0xff_ffff, generation, id);
    this.#lastPlace = place;
    this.#lastGeneration = generation;
    this.#lastFrom = from;
    return from;
  }

  /** The thread of who sent it. */
  threadOf(frame: number): number {
    return this.#chunkOf(frame).words[wordOf(frame) + 4]! >>> 24;
  }

  /** Slot of the target; of a control frame its op. */
  firstOf(frame: number): number {
    return this.#chunkOf(frame).words[wordOf(frame) + 2]!;
  }

  /** Generation of the target; of a control frame the number that its op explains. */
  secondOf(frame: number): number {
    return this.#chunkOf(frame).words[wordOf(frame) + 3]!;
  }

  /** What a frame without a prefix carries. */
  value(frame: number): unknown {
    const { words, bytes } = this.#chunkOf(frame);
    const at = wordOf(frame);
    const head = words[at]!;
    const format = (head >>> FRAME_FORMAT_SHIFT) & 0xff;
    if (format === FORMAT_INT) return words[at + 1]! | 0;
    const start = 4 * (at + FRAME_WORDS);
    if (((head >>> FRAME_FLAGS_SHIFT) & FLAG_BLOBS) !== 0)
      return this.#valueAfterBlobs(frame, format, start, words[at + 1]!);
    return this.#codec.decode(format, bytes, start, words[at + 1]!);
  }

  /** The two words before the value of a request. */
  prefix(frame: number): readonly [number, number] {
    const { words } = this.#chunkOf(frame);
    const place = this.#prefixAt(frame) >> 2;
    return [words[place]!, words[place + 1]!];
  }

  /** What a request carries. */
  request(frame: number): unknown {
    const { words, bytes } = this.#chunkOf(frame);
    const at = wordOf(frame);
    const format = (words[at]! >>> FRAME_FORMAT_SHIFT) & 0xff;
    const place = this.#prefixAt(frame);
    if (format === FORMAT_INT_REQUEST) return words[(place >> 2) + 1]! | 0;
    this.#announceBlobs(frame);
    if (this.#isWhole(frame)) return this.#wholeOf(frame, format);
    const end = 4 * (at + FRAME_WORDS) + words[at + 1]!;
    return this.#codec.decode(format, bytes, place + 8, end - place - 8);
  }

  #prefixAt(frame: number): number {
    return 4 * (wordOf(frame) + FRAME_WORDS) + this.#blobsBytes(frame);
  }

  #valueAfterBlobs(frame: number, format: number, start: number, length: number): unknown {
    this.#announceBlobs(frame);
    if (this.#isWhole(frame)) return this.#wholeOf(frame, format);
    const skip = this.#blobsBytes(frame);
    const { bytes } = this.#chunkOf(frame);
    return this.#codec.decode(format, bytes, start + skip, length - skip);
  }

  #flagsOf(frame: number): number {
    return (this.#chunkOf(frame).words[wordOf(frame)]! >>> FRAME_FLAGS_SHIFT) & 0xf;
  }

  #isWhole(frame: number): boolean {
    return (this.#flagsOf(frame) & FLAG_WHOLE) !== 0;
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
  #wholeOf(frame: number, format: number): unknown {
    const { words } = this.#chunkOf(frame);
    const at = wordOf(frame) + FRAME_WORDS;
    const number = words[at + words[at]!]!;
    const buffer = this.#native.takeBlob(number);
    if (buffer === null) throw new TergoError('internal', `blob ${number} is gone`);
    return this.#codec.decode(format, Buffer.from(buffer), 0, buffer.byteLength);
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
