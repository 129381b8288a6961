import { TergoError } from '../error/tergo-error.ts';
import { FORMAT_INT } from '../native/layout.ts';
import type { CodecWorld } from './codec-world.ts';
import { type Memory, memoryOf } from './memory.ts';
import type { ShapeTable } from './shape-table.ts';
import { Changed, culpritOf, NO_BLOB_ROOM, UNENCODABLE, unencodable } from './unencodable.ts';
import { ValueReader } from './value-reader.ts';
import { ValueWriter } from './value-writer.ts';

/** Format of everything but whole numbers of 32 bits. */
const FORMAT_VALUE = 1;
/** What `encode` gives in place of a position: the memory ends too soon. */
export const NO_ROOM = -1;
/** What `encode` gives in place of a position: a large part of the value finds no room beside it. */
export const NO_BLOBS = -2;
const FIRST_WHOLE = 64 * 1024;

/** Values to bytes and back; docs/design/codec.md. */
export class Codec {
  /** Format of the value that was encoded last; `FORMAT_INT`: it is `integer`, and no bytes were written. */
  format: number = FORMAT_INT;
  integer = 0;
  readonly #world: CodecWorld;
  readonly #writer: ValueWriter;
  readonly #reader: ValueReader;

  constructor(world: CodecWorld) {
    this.#world = world;
    this.#writer = new ValueWriter(world);
    this.#reader = new ValueReader(world);
  }

  /** Whether a value is being encoded: what runs then is a getter of it. */
  get isBusy(): boolean {
    return this.#writer.isWriting;
  }

  /** Throws `not-allowed` while a value is being encoded. */
  refuseNested(): void {
    this.#writer.refuseNested();
  }

  /** Numbers of the blobs that the value encoded last has left behind. */
  get blobs(): readonly number[] {
    return this.#writer.blobs;
  }

  /**
   * Writes a value from `at` on; gives the position after it, `NO_ROOM` or `NO_BLOBS`, after which no blob is
   * left behind. Throws `unencodable`, naming the path, for what cannot travel.
   */
  encode(value: unknown, memory: Memory, at: number): number {
    if (this.#writer.isWriting) this.#writer.refuseNested();
    if (typeof value === 'number' && value === (value | 0) && !Object.is(value, -0)) {
      this.format = FORMAT_INT;
      this.integer = value;
      if (this.#writer.blobs.length > 0) this.#writer.blobs = [];
      return at;
    }
    return this.encodeBytes(value, memory, at);
  }

  /** The same for a value that must stand in bytes, whatever it is. */
  encodeBytes(value: unknown, memory: Memory, at: number): number {
    if (this.#writer.isWriting) this.#writer.refuseNested();
    this.format = FORMAT_VALUE;
    const end = this.#write(value, memory, at);
    if (end <= memory.bytes.length) return end;
    this.forgetBlobs();
    return NO_ROOM;
  }

  /** The same into memory of its own, which is read before the next call; `undefined` for `NO_BLOBS`. */
  encodeWhole(value: unknown): Uint8Array | undefined {
    this.format = FORMAT_VALUE;
    for (let size = FIRST_WHOLE; ; size *= 4) {
      const bytes = Buffer.allocUnsafeSlow(size);
      const end = this.#write(value, memoryOf(bytes), 0);
      if (end === NO_BLOBS) return undefined;
      if (end <= size) return bytes.subarray(0, end);
      this.forgetBlobs();
    }
  }

  /** Numbers of the blobs that came with the value that is decoded next. */
  set incoming(blobs: readonly number[]) {
    this.#reader.blobs = blobs;
  }

  /** Whether a value can travel. */
  isEncodable(value: unknown): boolean {
    try {
      return culpritOf(value, this.#world.extensions) === undefined;
    } catch {
      // A getter of it throws.
      return false;
    }
  }

  /** Throws `unencodable`, naming the path, for what cannot travel. */
  check(value: unknown): void {
    const culprit = culpritOf(value, this.#world.extensions);
    if (culprit !== undefined) throw unencodable(culprit);
  }

  /** Throws `malformed` for what no codec has written. `shapes` are those of the node that wrote it, if it is another one. */
  decode(format: number, memory: Memory, at: number, length: number, shapes?: ShapeTable): unknown {
    if (format === FORMAT_VALUE) return this.#reader.read(memory, at, length, shapes);
    throw new TergoError('malformed', `there is no format ${format}`);
  }

  /** Gives up the blobs of the value encoded last: it is not sent. */
  forgetBlobs(): void {
    for (const number of this.#writer.blobs) this.#world.takeBlob(number);
    this.#writer.blobs = [];
  }

  #write(value: unknown, memory: Memory, at: number): number {
    try {
      return this.#writer.write(value, memory, at);
    } catch (error) {
      this.forgetBlobs();
      if (error === NO_BLOB_ROOM) return NO_BLOBS;
      throw this.#refusalOf(value, error);
    }
  }

  /** What the sender is told of what was thrown while its value was written. */
  #refusalOf(value: unknown, error: unknown): unknown {
    const { extensions } = this.#world;
    if (error === UNENCODABLE) {
      const found = culpritOf(value, extensions);
      return unencodable(found ?? { path: 'message', what: 'is nested too deeply' });
    }
    if (error instanceof Changed) {
      const found = culpritOf(value, extensions, error.container);
      return unencodable(found ?? { path: 'message', what: 'changed while it was read' });
    }
    const isUnread = error instanceof TypeError || error instanceof RangeError;
    return isUnread ? this.#unreadable(value, error) : error;
  }

  /**
   * A detached buffer and a revoked proxy say so by this, and what refers to itself where the stack is short; a getter may throw one as
   * well, which its owner gets.
   */
  #unreadable(value: unknown, error: Error): Error {
    try {
      const culprit = culpritOf(value, this.#world.extensions);
      return culprit === undefined ? error : unencodable(culprit);
    } catch {
      return error;
    }
  }
}
