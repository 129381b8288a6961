import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import * as fc from 'fast-check';
import { memoryOf } from '../../ts/codec/memory.ts';
import { Codec, Desk, NO_BLOBS, NO_ROOM, Point, roundTrip } from '../support/codec-desk.ts';
import { travelling } from '../support/travelling-values.ts';

test('whatever can travel arrives as it is', (t) => {
  const desk = new Desk();
  const codec = new Codec(desk);
  fc.assert(
    fc.property(travelling, (value) => {
      const arrived = roundTrip(codec, value);
      return isDeepStrictEqual(arrived, value) && desk.blobs.size === 0;
    }),
    { numRuns: 3000 },
  );
  t.pass();
});

test('it does so again and again, though objects of one shape are written otherwise by then', (t) => {
  const desk = new Desk();
  const codec = new Codec(desk);
  fc.assert(
    fc.property(travelling, (value) => {
      for (let round = 0; round < 12; round++)
        if (!isDeepStrictEqual(roundTrip(codec, { value, round }), { value, round })) return false;
      return true;
    }),
    { numRuns: 200 },
  );
  t.pass();
});

test.serial(
  'what somebody has given all objects is not a property of each, however often they were met',
  (t) => {
    const codec = new Codec(new Desk());
    const all = Object.prototype as { given?: number };
    all.given = 1;
    t.teardown(() => delete all.given);
    for (let round = 0; round < 20; round++)
      t.deepEqual(Object.keys(roundTrip(codec, { round, own: 2 }) as object), ['round', 'own']);
  },
);

test('a value that does not fit the room that is left travels as a whole, and leaves nothing behind before', (t) => {
  const desk = new Desk();
  const codec = new Codec(desk);
  fc.assert(
    fc.property(travelling, fc.nat(300), fc.nat(40), (value, room, at) => {
      const bytes = Buffer.alloc(at + room);
      const end = codec.encode(value, memoryOf(bytes), at);
      if (end === NO_ROOM && desk.blobs.size > 0) return false;
      codec.forgetBlobs();
      return isDeepStrictEqual(roundTrip(codec, value, room, at), value) && desk.blobs.size === 0;
    }),
    { numRuns: 3000 },
  );
  t.pass();
});

test('keys and members keep their order', (t) => {
  const codec = new Codec(new Desk());
  fc.assert(
    fc.property(fc.uniqueArray(fc.string(), { maxLength: 50 }), (keys) => {
      const object = Object.fromEntries(keys.map((key) => [key, 1]));
      const map = new Map(keys.map((key) => [key, 1]));
      const arrived = roundTrip(codec, { object, map, set: new Set(keys) }) as {
        object: object;
        map: Map<string, number>;
        set: Set<string>;
      };
      return (
        isDeepStrictEqual(Object.keys(arrived.object), Object.keys(object)) &&
        isDeepStrictEqual([...arrived.map.keys()], keys) &&
        isDeepStrictEqual([...arrived.set], keys)
      );
    }),
  );
  t.pass();
});

class Money {
  readonly amount = 5;
  get double(): number {
    return 2 * this.amount;
  }
}
class OwnBytes extends Uint8Array {}
class OwnError extends TypeError {
  override readonly name = 'OwnError';
  readonly code = 'E_OWN';
}

const shared = { deep: [1] };
const sparse = Array.from<number | undefined>({ length: 3 });
// oxlint-disable-next-line typescript/no-array-delete -- a hole is what is wanted
delete sparse[1];

/** What does not arrive as it is, by what it becomes. */
const becomes: readonly (readonly [title: string, value: unknown, arrives: unknown])[] = [
  ['an instance of a class is its own properties', new Money(), { amount: 5 }],
  [
    'an object without a prototype is a plain one',
    Object.assign(Object.create(null), { a: 1 }),
    { a: 1 },
  ],
  ['a hole of a list is undefined', sparse, [undefined, undefined, undefined]],
  ['properties of a list stay behind', Object.assign([1], { more: 2 }), [1]],
  ['where a RegExp was stays behind', Object.assign(/a/g, { lastIndex: 3 }), /a/g],
  ['keys that are symbols stay behind', { [Symbol('s')]: 1, a: 2 }, { a: 2 }],
  ['what is shared arrives twice', [shared, shared], [{ deep: [1] }, { deep: [1] }]],
  [
    'a class made of a typed array is what it was made of',
    new OwnBytes([1, 2]),
    new Uint8Array([1, 2]),
  ],
  ['a property that is undefined is there', { a: undefined }, { a: undefined }],
  ['an extension becomes itself', [new Point(1, -0)], [new Point(1, -0)]],
  [
    'an empty string, list and object',
    ['', [], {}, new Map(), new Set()],
    ['', [], {}, new Map(), new Set()],
  ],
];

for (const [title, value, arrives] of becomes) {
  test(title, (t) => {
    const codec = new Codec(new Desk());
    for (let round = 0; round < 20; round++)
      t.true(isDeepStrictEqual(roundTrip(codec, value), arrives));
  });
}

test('a Buffer is a Buffer and a Uint8Array is none', (t) => {
  const codec = new Codec(new Desk());
  for (const length of [3, 20_000]) {
    t.true(Buffer.isBuffer(roundTrip(codec, Buffer.alloc(length))));
    t.false(Buffer.isBuffer(roundTrip(codec, new Uint8Array(length))));
  }
});

test('an error of an own class keeps name, properties, cause and stack, and is of the nearest class that others know', (t) => {
  const codec = new Codec(new Desk());
  const error = new OwnError('wrong', {
    cause: new AggregateError([new RangeError('a'), 'b'], 'all'),
  });
  const arrived = roundTrip(codec, error) as OwnError;
  t.true(arrived instanceof TypeError);
  t.deepEqual([arrived.name, arrived.message, arrived.code], ['OwnError', 'wrong', 'E_OWN']);
  t.is(arrived.stack, error.stack);
  const cause = arrived.cause as AggregateError;
  t.true(cause instanceof AggregateError && cause.errors[0] instanceof RangeError);
  t.is(cause.errors[1], 'b');
  t.deepEqual(Object.keys(cause), []);
  t.deepEqual(Object.keys(arrived), Object.keys(error));
});

test('a SuppressedError keeps both of its errors, which do not show', (t) => {
  const codec = new Codec(new Desk());
  const error = new SuppressedError(new RangeError('later'), { first: true }, 'both');
  const arrived = roundTrip(codec, error) as SuppressedError;
  t.true(arrived instanceof SuppressedError && arrived.error instanceof RangeError);
  t.deepEqual([arrived.name, arrived.message], ['SuppressedError', 'both']);
  t.deepEqual(arrived.suppressed, { first: true });
  t.deepEqual(Object.keys(arrived), []);
  const stuck = new SuppressedError(1, () => 1);
  t.throws(() => roundTrip(codec, stuck), { message: /^message\.suppressed is a function/ });
});

test('an error whose name, message or stack is no text arrives with one', (t) => {
  const codec = new Codec(new Desk());
  const odd = Object.assign(new Error('x'), { message: 5, name: { a: 1 }, stack: () => 1 });
  const arrived = roundTrip(codec, { odd }) as { odd: Error };
  t.true(arrived.odd instanceof Error);
  t.is(typeof arrived.odd.stack, 'undefined');
});

test("a key '__proto__' of an error changes no prototype", (t) => {
  const codec = new Codec(new Desk());
  const error = new Error('x');
  Object.defineProperty(error, '__proto__', { value: { polluted: true }, enumerable: true });
  const arrived = roundTrip(codec, error) as Error & { polluted?: boolean };
  t.true(arrived instanceof Error);
  t.is(arrived.polluted, undefined);
  t.true(Object.hasOwn(arrived, '__proto__'));
});

test('huge strings of every kind arrive', (t) => {
  const codec = new Codec(new Desk());
  for (const unit of ['a', 'é', '日', '🎭', '\ud800']) {
    const text = unit.repeat(3_000_000);
    t.true(roundTrip(codec, text) === text);
    t.true((roundTrip(codec, { text, more: [text] }) as { more: string[] }).more[0] === text);
  }
});

test('many large parts in one value arrive', (t) => {
  const desk = new Desk();
  const codec = new Codec(desk);
  const parts = Array.from({ length: 5000 }, (_, n) => new Uint8Array(16_384).fill(n));
  const arrived = roundTrip(codec, parts) as Uint8Array[];
  t.is(arrived.length, 5000);
  t.true(arrived.every((part, n) => part.length === 16_384 && part[0] === n % 256));
  t.is(desk.blobs.size, 0);
});

test('no more parts leave a value than a frame has room to name', (t) => {
  const desk = new Desk();
  const codec = new Codec(desk);
  const parts = Array.from({ length: 3000 }, () => new Uint8Array(16_384));
  codec.encodeWhole(parts);
  t.true(codec.blobs.length > 0 && codec.blobs.length <= 1024, `${codec.blobs.length} blobs`);
});

test('without room for a large part nothing of the value is left behind', (t) => {
  const desk = new Desk(2);
  const codec = new Codec(desk);
  const bytes = Buffer.alloc(1000);
  const parts = Array.from({ length: 3 }, () => new Uint8Array(20_000));
  t.is(codec.encode(parts, memoryOf(bytes), 0), NO_BLOBS);
  t.is(codec.encodeWhole(parts), undefined);
  t.is(desk.blobs.size, 0);
});
