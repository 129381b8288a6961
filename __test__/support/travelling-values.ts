import * as fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { Point } from './codec-desk.ts';

const KINDS = [
  Uint8Array,
  Uint8ClampedArray,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float16Array,
  Float32Array,
  Float64Array,
  BigUint64Array,
  BigInt64Array,
] as const;

/** Runs of bytes, some of them longer than what stands in a frame. */
const runs: Arbitrary<ArrayBuffer> = fc
  .tuple(
    fc.uint8Array({ maxLength: 64 }),
    fc.oneof({ weight: 20, arbitrary: fc.constant(0) }, fc.integer({ min: 16_000, max: 40_000 })),
  )
  .map(([start, rest]) => {
    const bytes = new Uint8Array(8 * (start.length + rest));
    bytes.set(start);
    return bytes.buffer;
  });

const views: Arbitrary<ArrayBufferView> = fc
  .tuple(fc.constantFrom(...KINDS), runs, fc.nat(2))
  .map(([Kind, buffer, skip]) => {
    const all = new Kind(buffer);
    return skip < all.length ? all.subarray(skip) : all;
  });

const bytes: Arbitrary<unknown> = fc.oneof(
  runs,
  views,
  runs.map((buffer) => Buffer.from(buffer)),
  runs.map((buffer) => new DataView(buffer, buffer.byteLength > 3 ? 3 : 0)),
);

/** Any sequence of UTF-16 units, lone surrogates included. */
const units: Arbitrary<string> = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 })
  .map((codes) => String.fromCharCode(...codes));

const texts: Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 80 }),
  fc.string({ unit: 'grapheme', maxLength: 80 }),
  units,
  fc
    .tuple(fc.string({ minLength: 1, maxLength: 3 }), fc.nat(40_000))
    .map(([s, n]) => s.repeat(n / 3)),
);

const keys: Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom('__proto__', 'constructor', 'toString', '0', '17', '', 'x'.repeat(100)),
  units,
);

const regExps: Arbitrary<RegExp> = fc.constantFrom(/a+b/giu, /(?:)/, /[\]/]\//ms, /\u{1f600}/v);

/** What programs send; all of it arrives as it is. */
const leaves: Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, true, false, 0, -0, Number.NaN, Infinity, -Infinity),
  fc.integer(),
  fc.integer({ min: -200, max: 200 }),
  fc.double(),
  fc.bigInt(),
  texts,
  fc.date({ noInvalidDate: false }),
  regExps,
  fc.webUrl().map((href) => new URL(href)),
  bytes,
);

const points: Arbitrary<unknown> = fc
  .tuple(fc.integer(), fc.integer())
  .map(([x, y]) => new Point(x, y));

const ERRORS = [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError];

interface ErrorParts {
  readonly Kind: (typeof ERRORS)[number] | typeof AggregateError;
  readonly message: string;
  readonly name: string | undefined;
  readonly cause: { readonly value: unknown } | undefined;
  readonly errors: readonly unknown[];
  readonly own: readonly (readonly [string, unknown])[];
}

function errorOf({ Kind, message, name, cause, errors, own }: ErrorParts): Error {
  const options = cause === undefined ? {} : { cause: cause.value };
  const error =
    Kind === AggregateError
      ? new AggregateError([...errors], message, options)
      : new (Kind as ErrorConstructor)(message, options);
  for (const [key, value] of own)
    Object.defineProperty(error, key, {
      ...{ value, writable: true, enumerable: true, configurable: true },
    });
  if (name !== undefined) error.name = name;
  return error;
}

function errors(inner: Arbitrary<unknown>): Arbitrary<Error> {
  return fc
    .record<ErrorParts>({
      Kind: fc.constantFrom(...ERRORS, AggregateError),
      message: texts,
      name: fc.option(fc.string(), { nil: undefined }),
      cause: fc.option(fc.record({ value: inner }), { nil: undefined }),
      errors: fc.array(inner, { maxLength: 3 }),
      own: fc.array(
        fc.tuple(
          keys.filter((key) => !['message', 'name', 'stack', 'cause', 'errors'].includes(key)),
          inner,
        ),
        { maxLength: 3 },
      ),
    })
    .map(errorOf);
}

/** These, and whatever they may stand in. */
function valuesOf(leaf: Arbitrary<unknown>): Arbitrary<unknown> {
  return fc.letrec<{ value: unknown; node: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      { weight: 3, arbitrary: leaf },
      { weight: 2, arbitrary: tie('node') },
    ),
    node: fc.oneof(
      fc.array(tie('value'), { maxLength: 6 }),
      fc
        .array(fc.tuple(keys, tie('value')), { maxLength: 6 })
        .map((entries) => Object.fromEntries(entries)),
      fc
        .array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 })
        .map((pairs) => new Map(pairs)),
      fc.array(tie('value'), { maxLength: 4 }).map((parts) => new Set(parts)),
      errors(tie('value')),
    ),
  })).value;
}

/** Whatever can travel, and arrives as it is. */
export const travelling: Arbitrary<unknown> = valuesOf(fc.oneof(leaves, points));

/** Of that what a node sends: without the extension of `codec-desk.ts`. */
export const sent: Arbitrary<unknown> = valuesOf(leaves);

/** What can never travel. */
export const stuck: Arbitrary<{ readonly value: unknown; readonly what: string }> = fc.constantFrom(
  {
    value: (
      () => () =>
        1
    )(),
    what: 'is a function',
  },
  { value: function work() {}, what: 'is the function work' },
  { value: Symbol('x'), what: 'is a symbol' },
  { value: Promise.resolve(), what: 'is a Promise' },
  { value: new WeakMap(), what: 'is a WeakMap' },
  { value: new SharedArrayBuffer(1), what: 'is a SharedArrayBuffer' },
  { value: new AbortController().signal, what: 'is an AbortSignal' },
  { value: Object(5), what: 'is a Number' },
  { value: new Proxy(() => 1, {}), what: 'is a function' },
  ...[
    new Map([[1, 2]]),
    new Set([1]),
    new Date(0),
    /x/,
    new URL('a:b'),
    new ArrayBuffer(8),
  ].flatMap((value: object) => {
    const what = `is no ${value.constructor.name}, though it has its prototype: a proxy of one is none, either`;
    const twins = [new Proxy(value, {}), Object.create(Object.getPrototypeOf(value) as object)];
    return twins.map((twin: unknown) => ({ value: twin, what }));
  }),
);

/** One more container around what is at a path. */
interface Wrapping {
  readonly path: string;
  wrap(inner: unknown): unknown;
}

const big = new Uint8Array(20_000);

export const wrappings: Arbitrary<Wrapping> = fc.constantFrom<Wrapping>(
  { path: '.a', wrap: (inner) => ({ big, a: inner, z: 1 }) },
  { path: '["odd key"]', wrap: (inner) => ({ 'odd key': inner }) },
  { path: '.__proto__', wrap: (inner) => Object.fromEntries([['__proto__', inner]]) },
  { path: '[1]', wrap: (inner) => [big, inner] },
  { path: ".get('m')", wrap: (inner) => new Map([['m', inner]]) },
  { path: '.keys()[0]', wrap: (inner) => new Map([[inner, 1]]) },
  { path: '.values()[1]', wrap: (inner) => new Set([1, inner]) },
  { path: '.cause', wrap: (inner) => new Error('outer', { cause: inner }) },
  { path: '.errors[0]', wrap: (inner) => new AggregateError([inner], 'several') },
  { path: '.detail', wrap: (inner) => Object.assign(new Error('outer'), { detail: inner }) },
);
