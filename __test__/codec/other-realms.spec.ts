import { isDeepStrictEqual } from 'node:util';
import { createContext, runInContext } from 'node:vm';
import test from 'ava';
import { Codec, Desk, roundTrip } from '../support/codec-desk.ts';

const realm = createContext({});

/** What travels, by how it is written; the same text makes it here and in another context. */
const values: readonly string[] = [
  '({ a: [1, { b: 2 }] })',
  'new Map([[1, new Set([2])]])',
  'new Set([new Map()])',
  'new Date(5)',
  'new Date(NaN)',
  '/a+b/giu',
  'new Uint8Array([1, 2, 3]).subarray(1)',
  'new Uint8ClampedArray([1, 300])',
  'new Float64Array([0.5, -0])',
  'new BigInt64Array([-1n])',
  'new (class Bytes extends Uint16Array {})([1, 2]).slice()',
  'new DataView(new ArrayBuffer(8), 2, 3)',
  'new Uint8Array([7, 8]).buffer',
  'new Uint8Array(40_000).fill(9)',
  'new Uint8Array(40_000).fill(9).buffer',
];

for (const text of values) {
  test(`${text} of another context arrives as that of this one does`, (t) => {
    const desk = new Desk();
    const codec = new Codec(desk);
    const foreign: unknown = runInContext(text, realm);
    const own = roundTrip(codec, runInContext(text, createContext({ ...builtIn })));
    const arrived = roundTrip(codec, foreign);
    t.true(isDeepStrictEqual(arrived, own));
    t.is((arrived as object).constructor.name, (own as object).constructor.name);
    t.true(codec.isEncodable(foreign));
    t.is(desk.blobs.size, 0);
  });
}

/** Classes of this context. */
const builtIn = {
  ...{ Map, Set, Date, ArrayBuffer, DataView, Uint8Array, Uint8ClampedArray, Uint16Array },
  ...{ Float64Array, BigInt64Array, Error, TypeError, AggregateError },
};

test('errors of another context keep their class, and what they have', (t) => {
  const codec = new Codec(new Desk());
  const text = `
    class Late extends TypeError { name = 'Late'; details = new Map([['at', 3]]); }
    new Late('too late', { cause: new AggregateError([new RangeError('deep')], 'several') })
  `;
  const foreign = runInContext(text, realm) as Error;
  t.false(foreign instanceof Error);
  const arrived = roundTrip(codec, { foreign }) as { foreign: TypeError & { details: unknown } };
  const { foreign: error } = arrived;
  t.true(error instanceof TypeError);
  t.like(error, { name: 'Late', message: 'too late', stack: foreign.stack ?? '' });
  t.deepEqual(error.details, new Map([['at', 3]]));
  const cause = error.cause as AggregateError;
  t.true(cause instanceof AggregateError);
  t.is(cause.message, 'several');
  t.false(Object.keys(cause).includes('errors'));
  t.true(cause.errors[0] instanceof RangeError);
  t.is((cause.errors[0] as Error).message, 'deep');
});

for (const [text, what] of [
  ['new Map([["a", [() => 1]]])', "message.get('a')[0] is a function"],
  ['Object.assign(new Error("e"), { f: Symbol() })', 'message.f is a symbol'],
  ['Promise.resolve()', 'message is a Promise'],
  ['const map = new Map(); map.set(1, { map })', 'message.get(0).map refers to what it is part of'],
] as const) {
  test(`of another context is refused, with its path: ${text}`, (t) => {
    const codec = new Codec(new Desk());
    const error = t.throws(() => roundTrip(codec, runInContext(text, createContext({}))), {
      code: 'unencodable',
    });
    t.true(error?.message.startsWith(what), error?.message);
  });
}
