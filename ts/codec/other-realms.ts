import { types } from 'node:util';
import { viewKindNamed } from './byte-kinds.ts';
import { errorKindNamed, ofErrorKind } from './error-kinds.ts';

/**
 * What another context of `node:vm` has made (test runners have one for their tests) is no instance of a class of this one. Gives
 * what it would be here: the parts are the same. `undefined`: it is nothing that the codec knows.
 */
export function ofThisRealm(value: object): object | undefined {
  if (types.isMap(value)) return new Map(value);
  if (types.isSet(value)) return new Set(value);
  if (types.isDate(value)) return new Date(value.getTime());
  if (types.isRegExp(value)) return new RegExp(value.source, value.flags);
  if (types.isNativeError(value)) return errorOf(value);
  if (types.isArrayBuffer(value)) return Uint8Array.from(new Uint8Array(value)).buffer;
  return ArrayBuffer.isView(value) ? viewOf(value) : undefined;
}

/** Over the same memory; `undefined` also for one that cannot be read. */
function viewOf(view: ArrayBufferView): object | undefined {
  const Kind = viewKindNamed(tagOf(view));
  if (Kind === undefined) return undefined;
  const { buffer, byteOffset, byteLength } = view;
  const length = byteLength / (Kind.BYTES_PER_ELEMENT ?? 1);
  try {
    return new Kind(buffer, byteOffset, length);
  } catch {
    return undefined;
  }
}

/** `Uint8Array` and the like: what it is, whatever class was derived from that. */
function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

function errorOf(error: Error): Error {
  const own = ofErrorKind(errorKindNamed(error), '');
  for (const key of [...Object.getOwnPropertyNames(error), 'name']) {
    const value: unknown = Reflect.get(error, key);
    if (value === Reflect.get(own, key)) continue;
    const enumerable = Object.prototype.propertyIsEnumerable.call(error, key);
    Object.defineProperty(own, key, { value, enumerable, writable: true, configurable: true });
  }
  return own;
}
