import { types } from 'node:util';

/** What a run of bytes is in JavaScript: the place in the list is its number in the format. */
const KINDS = [
  ArrayBuffer,
  Buffer,
  Uint8Array,
  Uint8ClampedArray,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigUint64Array,
  BigInt64Array,
  DataView,
  Float16Array,
] as const;

/** What makes one that looks at a buffer. */
interface ViewKind {
  readonly BYTES_PER_ELEMENT?: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): ArrayBufferView;
}

const DATA_VIEW = KINDS.indexOf(DataView);

const NUMBERS = new Map<unknown, number>(KINDS.map((kind, number) => [kind, number]));

/** The number of the kind of a buffer or view; `undefined` for what is neither. */
export function byteKindOf(value: object): number | undefined {
  if (value instanceof ArrayBuffer) return types.isArrayBuffer(value) ? 0 : undefined;
  if (!ArrayBuffer.isView(value)) return undefined;
  // A class that someone derived from one of them arrives as what it was derived from.
  for (let type = Object.getPrototypeOf(value); type !== null; type = Object.getPrototypeOf(type)) {
    const number = NUMBERS.get(type.constructor);
    if (number !== undefined) return number;
  }
  return undefined;
}

/** The kind of view of that name; `undefined` for what is none. */
export function viewKindNamed(name: string): ViewKind | undefined {
  const kind = KINDS.find((Kind) => Kind !== ArrayBuffer && Kind.name === name);
  return kind as ViewKind | undefined;
}

/** The bytes of a buffer or view, not copied. */
export function bytesOf(value: ArrayBuffer | ArrayBufferView): Uint8Array {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

/** Why the bytes of a buffer or view cannot be read; `undefined` when they can. */
export function bytesRefusalOf(value: ArrayBuffer | ArrayBufferView): string | undefined {
  try {
    bytesOf(value);
    return undefined;
  } catch {
    const buffer = value instanceof ArrayBuffer ? value : value.buffer;
    const isDetached = buffer instanceof ArrayBuffer && buffer.detached;
    return isDetached ? 'is detached (it was transferred)' : 'lies beyond the end of its buffer';
  }
}

/** The buffer as a value of its kind; `undefined` for an unknown number or a length that does not fit it. */
export function ofByteKind(kind: number, buffer: ArrayBuffer): object | undefined {
  if (kind === 0) return buffer;
  if (kind === 1) return Buffer.from(buffer);
  if (kind === DATA_VIEW) return new DataView(buffer);
  const Kind = KINDS[kind] as typeof Uint8Array | undefined;
  if (Kind === undefined || buffer.byteLength % Kind.BYTES_PER_ELEMENT !== 0) return undefined;
  return new Kind(buffer);
}
