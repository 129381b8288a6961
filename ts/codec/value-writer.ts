import { inspect } from 'node:util';
import { TergoError } from '../error/tergo-error.ts';
import { byteKindOf, bytesOf } from './byte-kinds.ts';
import type { CodecWorld } from './codec-world.ts';
import { errorKindOf, hiddenPartsOf } from './error-kinds.ts';
import { type Memory, memoryOf } from './memory.ts';
import { ofThisRealm } from './other-realms.ts';
import { MAX_KEYS, NO_SHAPE, type ShapeNode, ShapeTree } from './shape-tree.ts';
import { NOT_PLAIN } from './shape-writers.ts';
import {
  ARRAY,
  ASCII,
  BIGINT,
  BLOB,
  BYTES,
  DATE,
  ERROR,
  EXTENSION,
  FALSE,
  FLOAT64,
  INT32,
  INT8,
  MAP,
  NULL,
  OBJECT,
  REGEXP,
  SET,
  SHAPED,
  SHORT_TEXT,
  TRUE,
  UNDEFINED,
  URL_TEXT,
  UTF16,
  UTF8,
  VARIANT,
} from './tags.ts';
import { Changed, MAX_DEPTH, NO_BLOB_ROOM, refusalOf, UNENCODABLE } from './unencodable.ts';

/** Runs of bytes from this length on leave the value. */
const BLOB_BYTES = 16 * 1024;
/** So many runs of one value leave it; further ones stand in it: a frame names all its blobs. */
const MAX_BLOBS = 1024;
/** Strings up to this length are written character by character. */
const SHORT_LENGTH = 48;

/**
 * Writes values as docs/design/codec.md tells. What goes beyond the end of the memory is not written, but
 * counted: then `write` gives a position beyond it.
 */
export class ValueWriter {
  /** Numbers of the blobs that left the value being written. */
  blobs: number[] = [];
  /** Whether a value is being written now. */
  isWriting = false;
  readonly #world: CodecWorld;
  readonly #shapes: ShapeTree;
  #memory: Memory = memoryOf(Buffer.alloc(0));
  #bytes: Buffer = this.#memory.bytes;
  #view: DataView = this.#memory.view;
  #depth = 0;

  constructor(world: CodecWorld) {
    this.#world = world;
    this.#shapes = new ShapeTree(world);
  }

  /** The position after the value. Throws `UNENCODABLE`, `Changed` and `NO_BLOB_ROOM`. */
  write(value: unknown, memory: Memory, at: number): number {
    this.refuseNested();
    this.isWriting = true;
    if (memory !== this.#memory) this.#turnTo(memory);
    this.#depth = 0;
    if (this.blobs.length > 0) this.blobs = [];
    try {
      return this.value(value, at);
    } finally {
      this.isWriting = false;
    }
  }

  #turnTo(memory: Memory): void {
    this.#memory = memory;
    this.#bytes = memory.bytes;
    this.#view = memory.view;
  }

  /** Throws while a value is being written: whatever runs then is a getter of it. */
  refuseNested(): void {
    if (!this.isWriting) return;
    throw new TergoError('not-allowed', 'a getter of a message cannot send a message itself');
  }

  /** The next value; for those that write a value by its parts. */
  value(value: unknown, at: number): number {
    switch (typeof value) {
      case 'string':
        return this.string(value, at);
      case 'number':
        return this.number(value, at);
      case 'object':
        return value === null ? this.#tag(NULL, at) : this.#object(value, at);
      case 'boolean':
        return this.#tag(value ? TRUE : FALSE, at);
      case 'undefined':
        return this.#tag(UNDEFINED, at);
      case 'bigint':
        return this.string(value.toString(16), this.#tag(BIGINT, at));
      default:
        throw UNENCODABLE;
    }
  }

  #tag(tag: number, at: number): number {
    this.#bytes[at] = tag;
    return at + 1;
  }

  /** The same for what is a number. */
  number(value: number, at: number): number {
    const bytes = this.#bytes;
    const whole = value | 0;
    if (whole !== value || (whole === 0 && Object.is(value, -0))) {
      bytes[at] = FLOAT64;
      return this.#float(value, at + 1);
    }
    if (whole >= -128 && whole <= 127) {
      bytes[at] = INT8;
      bytes[at + 1] = whole;
      return at + 2;
    }
    bytes[at] = INT32;
    return this.#word(whole, at + 1);
  }

  #float(value: number, at: number): number {
    const end = at + 8;
    if (end <= this.#bytes.length) this.#view.setFloat64(at, value, true);
    return end;
  }

  #word(value: number, at: number): number {
    const end = at + 4;
    if (end <= this.#bytes.length) this.#view.setInt32(at, value, true);
    return end;
  }

  /** Seven bits a byte, the lowest first. */
  #length(value: number, at: number): number {
    let left = value;
    let end = at;
    while (left > 127) {
      this.#bytes[end] = (left & 127) | 128;
      left >>>= 7;
      end += 1;
    }
    this.#bytes[end] = left;
    return end + 1;
  }

  /** The same for what is a string. */
  string(value: string, at: number): number {
    const { length } = value;
    if (length > SHORT_LENGTH) return this.#longString(value, at);
    const bytes = this.#bytes;
    bytes[at] = SHORT_TEXT;
    bytes[at + 1] = length;
    const start = at + 2;
    let all = 0;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      all |= code;
      bytes[start + index] = code;
    }
    return all > 127 ? this.#longString(value, at) : start + length;
  }

  #longString(value: string, at: number): number {
    const { length } = value;
    const bytes = this.#bytes;
    // The length in bytes is not known before, so its place is as long as it can become.
    const start = at + 5;
    if (start + 3 * length > bytes.length) return this.#tightString(value, at);
    const count = bytes.write(value, start, 'utf8');
    if (count === length) bytes[at] = ASCII;
    else if (value.isWellFormed()) bytes[at] = UTF8;
    else return this.#utf16(value, at);
    this.#word(count, at + 1);
    return start + count;
  }

  /** One near the end of the memory, or beyond it. */
  #tightString(value: string, at: number): number {
    if (!value.isWellFormed()) return this.#utf16(value, at);
    const bytes = this.#bytes;
    const count = Buffer.byteLength(value);
    const end = at + 5 + count;
    if (end > bytes.length) return end;
    bytes[at] = count === value.length ? ASCII : UTF8;
    bytes.write(value, this.#word(count, at + 1), 'utf8');
    return end;
  }

  #utf16(value: string, at: number): number {
    const bytes = this.#bytes;
    const count = 2 * value.length;
    const end = at + 5 + count;
    if (end > bytes.length) return end;
    bytes[at] = UTF16;
    bytes.write(value, this.#word(count, at + 1), 'utf16le');
    return end;
  }

  #object(value: object, at: number): number {
    if (this.#depth === MAX_DEPTH) throw UNENCODABLE;
    this.#depth += 1;
    // Only says that it is worth a look: the prototype is asked for later, where V8 knows it.
    const node = value.constructor === Object ? this.#nodeOf(value as Properties) : undefined;
    const isShaped = node !== undefined && node.shape !== NO_SHAPE;
    let end = isShaped ? node.write(this, value as Properties, at) : NOT_PLAIN;
    if (end === NOT_PLAIN) end = this.#unshaped(value, node, at);
    this.#depth -= 1;
    return end;
  }

  #unshaped(value: object, node: ShapeNode | undefined, at: number): number {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype) {
      const keys = Object.keys(value);
      // More lead there when somebody has given all objects one.
      if (node?.depth === keys.length) this.#shapes.meet(node);
      return this.#properties(value as Properties, at, keys);
    }
    if (prototype === Array.prototype) return this.#array(value as unknown[], at);
    return this.#special(value, at);
  }

  #array(value: readonly unknown[], at: number): number {
    const { length } = value;
    let end = this.#length(length, this.#tag(ARRAY, at));
    for (let index = 0; index < length; index++) {
      end = this.value(value[index], end);
      if (end > this.#bytes.length) return end;
    }
    if (value.length !== length) throw new Changed(value);
    return end;
  }

  /** Where the keys of an object lead to, and those that it inherits; `undefined`: there are too many. */
  #nodeOf(value: Properties): ShapeNode | undefined {
    let node: ShapeNode = this.#shapes.root;
    for (const key in value) {
      if (node.depth === MAX_KEYS) return undefined;
      node = node.next(key);
    }
    return node;
  }

  /** Whether the reader of the value knows variants of shapes; for those that write objects with a shape. */
  get isForThread(): boolean {
    return this.#world.isForThread;
  }

  /** Before the values of such an object. */
  shape(number: number, at: number): number {
    return this.#numbered(SHAPED, number, at);
  }

  /** The same for one of a variant. */
  variant(number: number, at: number): number {
    return this.#numbered(VARIANT, number, at);
  }

  #numbered(tag: number, number: number, at: number): number {
    const bytes = this.#bytes;
    bytes[at] = tag;
    bytes[at + 1] = number;
    bytes[at + 2] = number >>> 8;
    return at + 3;
  }

  #properties(value: Properties, at: number, keys: readonly string[]): number {
    let end = this.#length(keys.length, this.#tag(OBJECT, at));
    for (const key of keys) {
      end = this.value(value[key], this.string(key, end));
      if (end > this.#bytes.length) return end;
    }
    return end;
  }

  #special(value: object, at: number): number {
    for (const { Class, type, write } of this.#world.extensions)
      if (value instanceof Class)
        return this.value(write(value), this.#tag(type, this.#tag(EXTENSION, at)));
    if (value instanceof Map) return this.#map(value, at);
    if (value instanceof Set) return this.#set(value, at);
    if (value instanceof Date) return this.#float(value.getTime(), this.#tag(DATE, at));
    if (value instanceof Error) return this.#error(value, at);
    if (Array.isArray(value)) return this.#array(value, at);
    const kind = byteKindOf(value);
    if (kind !== undefined) return this.#bytesOf(value as ArrayBuffer | ArrayBufferView, kind, at);
    return this.#rare(value, at);
  }

  #rare(value: object, at: number): number {
    if (value instanceof RegExp)
      return this.string(value.flags, this.string(value.source, this.#tag(REGEXP, at)));
    if (value instanceof URL) return this.string(value.href, this.#tag(URL_TEXT, at));
    if (refusalOf(value) !== undefined) return this.#foreign(value, at);
    return this.#properties(value as Properties, at, Object.keys(value));
  }

  #foreign(value: object, at: number): number {
    const own = ofThisRealm(value);
    if (own === undefined) throw UNENCODABLE;
    return this.#special(own, at);
  }

  #map(value: ReadonlyMap<unknown, unknown>, at: number): number {
    const { size } = value;
    let end = this.#length(size, this.#tag(MAP, at));
    let left = size;
    for (const [key, part] of value) {
      left -= 1;
      if (left < 0) break;
      end = this.value(part, this.value(key, end));
      if (end > this.#bytes.length) return end;
    }
    if (left !== 0) throw new Changed(value);
    return end;
  }

  #set(value: ReadonlySet<unknown>, at: number): number {
    const { size } = value;
    let end = this.#length(size, this.#tag(SET, at));
    let left = size;
    for (const part of value) {
      left -= 1;
      if (left < 0) break;
      end = this.value(part, end);
      if (end > this.#bytes.length) return end;
    }
    if (left !== 0) throw new Changed(value);
    return end;
  }

  #error(value: Error, at: number): number {
    const { name, message, stack } = value;
    let end = this.#tag(errorKindOf(value), this.#tag(ERROR, at));
    end = this.string(textOf(message), this.string(textOf(name), end));
    end = this.value(typeof stack === 'string' ? stack : undefined, end);
    const hasCause = Object.hasOwn(value, 'cause');
    end = this.#tag(hasCause ? 1 : 0, end);
    if (hasCause) end = this.value(value.cause, end);
    return this.#properties(value as object as Properties, end, errorKeysOf(value));
  }

  #bytesOf(value: ArrayBuffer | ArrayBufferView, kind: number, at: number): number {
    const run = bytesOf(value);
    if (run.length >= BLOB_BYTES && this.blobs.length < MAX_BLOBS) {
      const number = this.#world.putBlob(run);
      if (number === 0) throw NO_BLOB_ROOM;
      this.blobs.push(number);
      return this.#word(this.blobs.length - 1, this.#tag(kind, this.#tag(BLOB, at)));
    }
    const start = this.#length(run.length, this.#tag(kind, this.#tag(BYTES, at)));
    const end = start + run.length;
    if (end <= this.#bytes.length) this.#bytes.set(run, start);
    return end;
  }
}

type Properties = Readonly<Record<string, unknown>>;

/** What should be a text, and is one nearly always. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value);
}

/** Own properties besides those that every error has: but these, too, where somebody made them visible. */
function errorKeysOf(error: Error): readonly string[] {
  const keys = Object.keys(error).filter((key) => key !== 'stack');
  const hidden = hiddenPartsOf(error).filter((key) => !keys.includes(key));
  return hidden.length === 0 ? keys : [...keys, ...hidden];
}
