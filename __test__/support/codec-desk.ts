import { Codec, NO_BLOBS, NO_ROOM } from '../../ts/codec/codec.ts';
import type { CodecExtension, CodecWorld } from '../../ts/codec/codec-world.ts';
import { memoryOf } from '../../ts/codec/memory.ts';
import { TergoError } from '../../ts/error/tergo-error.ts';

/** Something that travels as an extension. */
export class Point {
  readonly x: number;
  readonly y: number;

  constructor(x: number, y: number) {
    this.x = x;
    this.y = y;
  }
}

const POINTS: CodecExtension = {
  Class: Point,
  type: 7,
  write: (value) => [(value as Point).x, (value as Point).y],
  read: (plain) => {
    const [x, y] = plain as [number, number];
    return new Point(x, y);
  },
};

/** The surroundings of a codec, in plain memory: shapes, and blobs that are counted. */
export class Desk implements CodecWorld {
  readonly extensions: readonly CodecExtension[] = [POINTS];
  readonly blobs: Map<number, ArrayBuffer> = new Map();
  readonly #shapes: string[] = [''];
  readonly #variants: string[] = [''];
  isForThread = true;
  #lastBlob = 0;
  /** How many blobs there is room for. */
  room: number;

  constructor(room: number = Infinity) {
    this.room = room;
  }

  shape(text: string): number {
    return numberOf(this.#shapes, text);
  }

  shapeText(number: number): string | undefined {
    return number === 0 ? undefined : this.#shapes[number];
  }

  variant(text: string): number {
    return numberOf(this.#variants, text);
  }

  variantText(number: number): string | undefined {
    return number === 0 ? undefined : this.#variants[number];
  }

  putBlob(bytes: Uint8Array): number {
    if (this.blobs.size >= this.room) return 0;
    this.#lastBlob += 1;
    this.blobs.set(this.#lastBlob, Uint8Array.from(bytes).buffer);
    return this.#lastBlob;
  }

  takeBlob(number: number): ArrayBuffer {
    const blob = this.blobs.get(number);
    if (blob === undefined) throw new TergoError('malformed', `there is no blob ${number}`);
    this.blobs.delete(number);
    return blob;
  }
}

function numberOf(texts: string[], text: string): number {
  const known = texts.indexOf(text);
  return known > 0 ? known : texts.push(text) - 1;
}

/** There and back, as a frame would carry it: in `room` bytes from `at` on if it fits, else on its own. */
export function roundTrip(
  codec: Codec,
  value: unknown,
  room: number = 256 * 1024,
  at = 32,
): unknown {
  const bytes = Buffer.alloc(at + room, 0xee);
  const end = codec.encode(value, memoryOf(bytes), at);
  if (end === NO_BLOBS) throw new Error('there was no room for a blob');
  if (!bytes.subarray(0, at).every((byte) => byte === 0xee))
    throw new Error('what stood before the value was overwritten');
  if (codec.format === 0) return codec.integer;
  const { format } = codec;
  codec.incoming = codec.blobs;
  if (end !== NO_ROOM) return codec.decode(format, memoryOf(bytes), at, end - at);
  const whole = Buffer.from(codec.encodeWhole(value)!);
  codec.incoming = codec.blobs;
  return codec.decode(codec.format, memoryOf(whole), 0, whole.length);
}

export { Codec, NO_BLOBS, NO_ROOM };
