import { TergoError } from '../error/tergo-error.ts';
import { ofByteKind } from './byte-kinds.ts';
import type { CodecExtension, CodecWorld } from './codec-world.ts';
import { hiddenPartsOf, ofErrorKind } from './error-kinds.ts';
import type { ShapeKey } from './shape-keys.ts';
import { shapeReader } from './shape-readers.ts';
import { ShapeTable } from './shape-table.ts';
import { type Memory, memoryOf } from './memory.ts';
import { MAX_CACHED, ShortTexts } from './short-texts.ts';
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
import { MAX_DEPTH } from './unencodable.ts';

/** Reads what `ValueWriter` has written; for anything else it throws `malformed`. */
export class ValueReader {
  /** Numbers of the blobs of the value that is read next: it names them by their place here. */
  blobs: readonly number[] = [];
  readonly #world: CodecWorld;
  readonly #extensions: (CodecExtension | undefined)[] = [];
  readonly #ownShapes = new ShapeTable((number) => this.#world.shapeText(number), shapeReader);
  readonly #variants: ShapeTable = new ShapeTable<ShapeKey>(
    (number) => this.#world.variantText(number),
    shapeReader,
  );
  #shapes: ShapeTable = this.#ownShapes;
  readonly #texts = new ShortTexts();
  #memory: Memory = memoryOf(Buffer.alloc(0));
  #bytes: Buffer = this.#memory.bytes;
  #view: DataView = this.#memory.view;
  #at = 0;
  #end = 0;
  #depth = 0;

  constructor(world: CodecWorld) {
    this.#world = world;
    for (const extension of world.extensions) this.#extensions[extension.type] = extension;
  }

  /** The value that takes exactly so many bytes; its shapes are those of this node unless a table says otherwise. */
  read(memory: Memory, at: number, length: number, shapes: ShapeTable = this.#ownShapes): unknown {
    this.#shapes = shapes;
    if (memory !== this.#memory) this.#turnTo(memory);
    this.#at = at;
    this.#end = at + length;
    this.#depth = 0;
    const value = this.value();
    if (this.#at !== this.#end) throw malformed(`it takes ${this.#at - at} of ${length} bytes`);
    return value;
  }

  #turnTo(memory: Memory): void {
    this.#memory = memory;
    this.#bytes = memory.bytes;
    this.#view = memory.view;
  }

  /** The next value. */
  value(): unknown {
    const tag = this.#bytes[this.#at++];
    switch (tag) {
      case SHORT_TEXT:
        return this.#shortText();
      case INT8:
        return (this.#byte() << 24) >> 24;
      case INT32:
        return this.#view.getInt32(this.#skip(this.#checked(4)), true);
      case FLOAT64:
        return this.#float();
      case SHAPED:
        return this.#shaped(this.#shapes);
      case VARIANT:
        return this.#shaped(this.#variants);
      case ARRAY:
        return this.#array();
      case TRUE:
        return true;
      case FALSE:
        return false;
      case NULL:
        return null;
      case UNDEFINED:
        return undefined;
      default:
        return this.#other(tag);
    }
  }

  #other(tag: number | undefined): unknown {
    switch (tag) {
      case ASCII:
      case UTF8:
      case UTF16:
        return this.#longText(tag);
      case BIGINT:
        return this.#bigint();
      case OBJECT:
        return this.#object();
      case MAP:
        return this.#map();
      case SET:
        return new Set(this.#array());
      case DATE:
        return new Date(this.#float());
      case ERROR:
        return this.#error();
      case BYTES:
        return this.#run();
      case BLOB:
        return this.#blob();
      case EXTENSION:
        return this.#extension();
      case REGEXP:
        return this.#regExp();
      case URL_TEXT:
        return this.#url();
      default:
        throw malformed(`there is no tag ${tag}`);
    }
  }

  #byte(): number {
    return this.#bytes[this.#at++]!;
  }

  #word(): number {
    return this.#view.getUint32(this.#skip(this.#checked(4)), true);
  }

  #float(): number {
    return this.#view.getFloat64(this.#skip(this.#checked(8)), true);
  }

  /** A length that the rest has room for. */
  #length(): number {
    let length = 0;
    let scale = 1;
    let byte = this.#byte();
    while (byte > 127) {
      length += (byte & 127) * scale;
      scale *= 128;
      byte = this.#byte();
    }
    length += byte * scale;
    return this.#checked(length);
  }

  #checked(length: number): number {
    if (length <= this.#end - this.#at) return length;
    throw malformed(`a length of ${length} goes beyond its end`);
  }

  /** Where a run of so many bytes begins; the next value comes after it. */
  #skip(length: number): number {
    const at = this.#at;
    this.#at = at + length;
    return at;
  }

  #shortText(): string {
    const length = this.#checked(this.#byte());
    const at = this.#skip(length);
    if (length <= MAX_CACHED) return this.#texts.read(this.#memory, at, length);
    return this.#bytes.toString('latin1', at, at + length);
  }

  #longText(tag: typeof ASCII | typeof UTF8 | typeof UTF16): string {
    const length = this.#checked(this.#word());
    const at = this.#skip(length);
    if (tag === ASCII) return this.#bytes.toString('latin1', at, at + length);
    if (tag === UTF8) return this.#bytes.toString('utf8', at, at + length);
    return this.#bytes.toString('utf16le', at, at + length);
  }

  #text(): string {
    const tag = this.#byte();
    if (tag === SHORT_TEXT) return this.#shortText();
    if (tag === ASCII || tag === UTF8 || tag === UTF16) return this.#longText(tag);
    throw malformed(`a string was expected, and the tag ${tag} stands there`);
  }

  #bigint(): bigint {
    const text = this.#text();
    try {
      return text.startsWith('-') ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`);
    } catch (cause) {
      throw malformed(`'${text}' is no number`, cause);
    }
  }

  #shaped(shapes: ShapeTable): object {
    const number = this.#byte() | (this.#byte() << 8);
    this.#enter();
    const object = shapes.readerOf(number)(this);
    this.#depth -= 1;
    return object;
  }

  #array(): unknown[] {
    const length = this.#length();
    this.#enter();
    const array: unknown[] = [];
    for (let index = 0; index < length; index++) array.push(this.value());
    this.#depth -= 1;
    return array;
  }

  #object(): Record<string, unknown> {
    const length = this.#length();
    this.#enter();
    const object: Record<string, unknown> = {};
    for (let index = 0; index < length; index++) {
      const key = this.#text();
      const value = this.value();
      // As an assignment it would change the prototype.
      if (key === '__proto__') Object.defineProperty(object, key, { value, ...OWN });
      else object[key] = value;
    }
    this.#depth -= 1;
    return object;
  }

  #map(): Map<unknown, unknown> {
    const length = this.#length();
    this.#enter();
    const map = new Map<unknown, unknown>();
    for (let index = 0; index < length; index++) {
      const key = this.value();
      map.set(key, this.value());
    }
    this.#depth -= 1;
    return map;
  }

  #error(): Error {
    this.#enter();
    const kind = this.#byte();
    const name = this.#text();
    const error = ofErrorKind(kind, this.#text());
    const stack = this.value();
    const cause = this.#byte() === 1 ? { cause: hidden(this.value()) } : {};
    const named = error.name === name ? {} : { name: hidden(name) };
    Object.defineProperties(error, { stack: hidden(stack), ...cause, ...named });
    const properties = this.value();
    this.#depth -= 1;
    if (typeof properties !== 'object') throw malformed('an error has no properties');
    return withProperties(error, properties);
  }

  #run(): object {
    const kind = this.#byte();
    const length = this.#length();
    const at = this.#skip(length);
    const copy = new Uint8Array(length);
    copy.set(this.#bytes.subarray(at, at + length));
    return this.#ofKind(kind, copy.buffer);
  }

  #blob(): object {
    const kind = this.#byte();
    const place = this.#word();
    const number = this.blobs[place];
    if (number === undefined) throw malformed(`it has no blob ${place}`);
    return this.#ofKind(kind, this.#world.takeBlob(number));
  }

  #ofKind(kind: number, buffer: ArrayBuffer): object {
    const value = ofByteKind(kind, buffer);
    if (value !== undefined) return value;
    throw malformed(`there are no bytes of kind ${kind} with a length of ${buffer.byteLength}`);
  }

  #extension(): unknown {
    const type = this.#byte();
    const extension = this.#extensions[type];
    if (extension === undefined) throw malformed(`there is no extension ${type}`);
    this.#enter();
    const plain = this.value();
    this.#depth -= 1;
    try {
      return extension.read(plain);
    } catch (cause) {
      throw malformed(`an extension ${type} does not stand for anything`, cause);
    }
  }

  #regExp(): RegExp {
    const source = this.#text();
    const flags = this.#text();
    try {
      return new RegExp(source, flags);
    } catch (cause) {
      throw malformed(`/${source}/${flags} is no regular expression`, cause);
    }
  }

  #url(): URL {
    const href = this.#text();
    const url = URL.parse(href);
    if (url === null) throw malformed(`'${href}' is no URL`);
    return url;
  }

  #enter(): void {
    this.#depth += 1;
    // Whoever wrote it may count an extension or an error as one more.
    if (this.#depth > 2 * MAX_DEPTH) throw malformed('it is nested too deeply');
  }
}

const OWN = { writable: true, enumerable: true, configurable: true } as const;

/** An error with its own properties. As an assignment some of them would do something else. */
function withProperties(error: Error, properties: object | null): Error {
  const parts = hiddenPartsOf(error);
  for (const [key, value] of Object.entries(properties ?? {})) {
    const isHidden = parts.includes(key);
    Object.defineProperty(error, key, isHidden ? hidden(value) : { value, ...OWN });
  }
  return error;
}

/** A property as errors have them. */
function hidden(value: unknown): PropertyDescriptor {
  return { value, writable: true, enumerable: false, configurable: true };
}

function malformed(what: string, cause?: unknown): TergoError {
  const options = cause === undefined ? {} : { cause };
  return new TergoError('malformed', `an encoded value cannot be read: ${what}`, options);
}
