import { types } from 'node:util';
import { TergoError } from '../error/tergo-error.ts';
import { byteKindOf, bytesRefusalOf } from './byte-kinds.ts';
import type { CodecExtension } from './codec-world.ts';
import { hiddenPartsOf } from './error-kinds.ts';
import { ofThisRealm } from './other-realms.ts';

/** Deeper values are refused: there is no end to what refers to itself. */
export const MAX_DEPTH = 1000;

/** How deep what stands for an instance of an extension is nested at most: an alias has a list with a pid, which is a list. */
const EXTENSION_DEPTH = 3;

/** Characters of a path that are shown. */
const MAX_PATH = 200;

/** Thrown while a value is being written, and turned into an error with the path. */
export const UNENCODABLE: unique symbol = Symbol('unencodable');
/** Thrown when there is no room for a blob. */
export const NO_BLOB_ROOM: unique symbol = Symbol('no room for a blob');

/** Tag of objects that are nothing but their properties. */
const PLAIN = '[object Object]';

/** Thrown while a value is being written: a list, `Map` or `Set` of it has changed its size meanwhile. */
export class Changed {
  readonly container: object;

  constructor(container: object) {
    this.container = container;
  }
}

/** The error for a value that cannot travel: says where the culprit is, what it is and what to do. */
export function unencodable(culprit: Culprit): TergoError {
  const text =
    `${shortened(culprit.path)} ${culprit.what}, which cannot travel to another thread or node; ` +
    'send plain data (see docs/threads.md), or send a pid and let that process do the work';
  return new TergoError('unencodable', text);
}

/** Writes a message that stands at a path of ours, by which its sender does not know it. */
export function asMessage<T>(ours: RegExp, write: () => T): T {
  return asPath(ours, 'message', write);
}

/** The same for what its sender knows by another path. */
export function asPath<T>(ours: RegExp, theirs: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw withPath(error, ours, theirs);
  }
}

/** The same error with the path that the sender knows: what it said was wrapped into something of ours, whose path has this form. */
export function withPath(error: unknown, ours: RegExp, theirs: string): unknown {
  if (!TergoError.is(error, 'unencodable')) return error;
  const text = error.message.replace(ours, theirs);
  return text === error.message ? error : new TergoError('unencodable', text);
}

/** Both ends of a path that nobody would read as a whole. */
function shortened(path: string): string {
  return path.length <= MAX_PATH
    ? path
    : `${path.slice(0, MAX_PATH / 2)} … ${path.slice(-MAX_PATH / 2)}`;
}

/** What of a value cannot travel, if anything; `changed` is what was seen to change while it was read. */
export function culpritOf(
  value: unknown,
  extensions: readonly CodecExtension[],
  changed?: object,
): Culprit | undefined {
  return new Search(extensions, changed).find(value, 'message', []);
}

/** Why an object cannot travel; `undefined` when its class does not stand in its way. */
export function refusalOf(value: object): string | undefined {
  const tag = Object.prototype.toString.call(value);
  if (tag === PLAIN || Array.isArray(value)) return undefined;
  return `is ${article(tag.slice(8, -1))}`;
}

/** The part of a value that cannot travel, and why. */
export interface Culprit {
  readonly path: string;
  readonly what: string;
}

class Search {
  readonly #extensions: readonly CodecExtension[];
  readonly #changed: object | undefined;

  constructor(extensions: readonly CodecExtension[], changed: object | undefined) {
    this.#extensions = extensions;
    this.#changed = changed;
  }

  find(value: unknown, path: string, above: readonly object[]): Culprit | undefined {
    if (isRevoked(value)) return { path, what: 'is a revoked proxy' };
    if (typeof value === 'function') return { path, what: functionText(value) };
    if (typeof value === 'symbol') return { path, what: 'is a symbol' };
    if (typeof value !== 'object' || value === null) return undefined;
    if (value === this.#changed) return { path, what: 'changed its size while it was read' };
    if (above.includes(value)) return { path, what: 'refers to what it is part of' };
    const isExtension = this.#extensions.some(({ Class }) => value instanceof Class);
    // What stands for it is nested itself.
    if (above.length + (isExtension ? EXTENSION_DEPTH : 0) >= MAX_DEPTH)
      return { path, what: `is nested more than ${MAX_DEPTH} deep` };
    const parts = isExtension ? extensionParts(value) : partsOf(value);
    if (typeof parts === 'string') return { path, what: parts };
    const inner = isExtension ? [...above, value, value] : [...above, value];
    for (const [place, part] of parts) {
      const culprit = this.find(part, `${path}${place}`, inner);
      if (culprit !== undefined) return culprit;
    }
    return undefined;
  }
}

/** Nothing at all can be asked of it. */
function isRevoked(value: unknown): boolean {
  if (!types.isProxy(value)) return false;
  let isList: boolean | undefined;
  try {
    // Asks no trap. What comes of it is used, or the bundler would leave it out.
    isList = Array.isArray(value);
  } catch {
    return true;
  }
  return isList === undefined;
}

/** What these are is not in their properties: nothing can be read of what has their prototype and is none. */
const BUILT_IN: readonly (readonly [
  Class: abstract new (...args: never[]) => object,
  isOne: (value: object) => boolean,
])[] = [
  [Map, types.isMap],
  [Set, types.isSet],
  [Date, types.isDate],
  [RegExp, types.isRegExp],
  [ArrayBuffer, types.isArrayBuffer],
  [URL, isUrl],
];

function isUrl(value: object): boolean {
  try {
    return typeof (value as URL).href === 'string';
  } catch {
    return false;
  }
}

type Part = readonly [place: string, part: unknown];

/** What a value consists of, each with its place; or why it cannot travel at all. */
function partsOf(value: object): readonly Part[] | string {
  const guise = BUILT_IN.find(([Class, isOne]) => value instanceof Class && !isOne(value))?.[0];
  if (guise !== undefined)
    return `is no ${guise.name}, though it has its prototype: a proxy of one is none, either`;
  if (value instanceof Map) return [...value].flatMap(mapParts);
  if (value instanceof Set) return [...value].map((part, index) => [`.values()[${index}]`, part]);
  if (value instanceof Date || value instanceof RegExp || value instanceof URL) return [];
  if (byteKindOf(value) !== undefined)
    return bytesRefusalOf(value as ArrayBuffer | ArrayBufferView) ?? [];
  if (value instanceof Error) return errorParts(value);
  const refusal = refusalOf(value);
  if (refusal === undefined) return propertiesOf(value);
  const own = ofThisRealm(value);
  return own === undefined ? refusal : partsOf(own);
}

/** Of an instance of an extension: only errors have something that anybody may have put there. */
function extensionParts(value: object): readonly Part[] {
  return value instanceof Error ? [['.cause', value.cause]] : [];
}

function errorParts(error: Error): Part[] {
  const properties = propertiesOf(error).filter(([place]) => place !== '.stack');
  const hidden = hiddenPartsOf(error).map((key): Part => [`.${key}`, Reflect.get(error, key)]);
  return [...properties, ['.cause', error.cause], ...hidden];
}

function mapParts([key, part]: [unknown, unknown], index: number): Part[] {
  const name = typeof key === 'string' ? `'${key}'` : index;
  return [
    [`.keys()[${index}]`, key],
    [`.get(${name})`, part],
  ];
}

function propertiesOf(value: object): Part[] {
  const isList = Array.isArray(value);
  return Object.entries(value).map(([key, part]) => {
    if (isList) return [`[${key}]`, part];
    return [/^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`, part];
  });
}

function functionText(value: { readonly name: string }): string {
  return value.name === '' ? 'is a function' : `is the function ${value.name}`;
}

function article(name: string): string {
  return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`;
}
