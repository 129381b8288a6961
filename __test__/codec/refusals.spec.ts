import test, { type ExecutionContext } from 'ava';
import * as fc from 'fast-check';
import { TergoError } from '../../ts/error/tergo-error.ts';
import { memoryOf } from '../../ts/codec/memory.ts';
import { Codec, Desk, Point, roundTrip } from '../support/codec-desk.ts';
import { stuck, wrappings } from '../support/travelling-values.ts';

test('what cannot travel is refused with the path to it, and leaves nothing behind', (t) => {
  const desk = new Desk();
  const codec = new Codec(desk);
  fc.assert(
    fc.property(stuck, fc.array(wrappings, { maxLength: 8 }), ({ value, what }, around) => {
      let whole = value;
      let path = '';
      for (const { path: step, wrap } of around) {
        whole = wrap(whole);
        path = step + path;
      }
      const bytes = Buffer.alloc(64 * 1024);
      const error = refusal(() => codec.encode(whole, memoryOf(bytes), 0));
      return (
        error.code === 'unencodable' &&
        error.message.startsWith(`message${path} ${what},`) &&
        !codec.isEncodable(whole) &&
        desk.blobs.size === 0 &&
        roundTrip(codec, 'next') === 'next'
      );
    }),
    { numRuns: 1000 },
  );
  t.pass();
});

test('what refers to itself is refused, wherever it does', (t) => {
  const codec = new Codec(new Desk());
  const list: unknown[] = [];
  list.push({ list });
  const map = new Map();
  map.set('self', [map]);
  const error = new Error('e');
  error.cause = new Map([['e', error]]);
  const wide: Record<string, unknown> = {};
  for (let n = 0; n < 20; n++) wide[`k${n}`] = [wide, wide];
  for (const ring of [list, map, error, wide]) {
    t.regex(refusal(() => roundTrip(codec, ring)).message, /refers to what it is part of/);
    t.false(codec.isEncodable(ring));
  }
});

test('what refers to itself is refused with its path where the stack is short, too', (t) => {
  const codec = new Codec(new Desk());
  const ring: Record<string, unknown> = {};
  ring['self'] = new Map([[1, ring]]);
  const descend = (left: number, work: () => string): string =>
    left === 0 ? work() : descend(left - 1, work);
  const hasRoom = (depth: number): boolean => {
    try {
      return descend(depth, () => 'room') === 'room';
    } catch {
      return false;
    }
  };
  let room = 0;
  for (let step = 2 ** 16; step > 16; step /= 2) if (hasRoom(room + step)) room += step;
  const told = descend(Math.floor(room * 0.9), () => refusal(() => roundTrip(codec, ring)).message);
  t.regex(told, /^message\.self\.get\(0\) refers to what it is part of/);
});

/** What can be nested, each level inside the next one. */
const nestings: readonly (readonly [title: string, nest: (inner: unknown) => unknown])[] = [
  ['lists', (inner) => [inner]],
  ['objects', (inner) => ({ inner })],
  ['Maps', (inner) => new Map([[1, inner]])],
  ['Sets', (inner) => new Set([inner])],
  ['causes', (inner) => new Error('e', { cause: inner })],
  ['several errors', (inner) => new AggregateError([inner])],
];

for (const [title, nest] of nestings) {
  for (const bottom of ['text', new Point(1, 2)]) {
    test(`however deep ${title} are nested around ${typeof bottom}, it arrives or is refused with its path`, (t) => {
      const codec = new Codec(new Desk());
      let value: unknown = bottom;
      for (let depth = 1; depth <= 1010; depth++) {
        value = nest(value);
        if (depth % 100 === 0 || (depth > 485 && depth < 505) || depth > 985)
          check(t, codec, value);
      }
    });
  }
}

function check(t: ExecutionContext, codec: Codec, value: unknown): void {
  const isEncodable = codec.isEncodable(value);
  try {
    roundTrip(codec, value);
  } catch (error) {
    t.false(isEncodable);
    t.regex((error as TergoError).message, /^message.+ is nested more than \d+ deep/);
  }
}

test('the deepest that can travel does', (t) => {
  const codec = new Codec(new Desk());
  let value: unknown = 'bottom';
  for (let depth = 1; depth <= 1000; depth++) value = [value];
  t.deepEqual(roundTrip(codec, value), value);
  t.throws(() => roundTrip(codec, [value]), { code: 'unencodable' });
  t.true(codec.isEncodable(value));
  t.false(codec.isEncodable([value]));
});

test('what a getter throws is thrown to the sender, and nothing is left behind', (t) => {
  const desk = new Desk();
  const codec = new Codec(desk);
  const value = {
    big: new Uint8Array(20_000),
    get part(): never {
      throw new RangeError('mine');
    },
  };
  t.throws(() => codec.encode(value, memoryOf(Buffer.alloc(1000)), 0), { instanceOf: RangeError });
  t.is(desk.blobs.size, 0);
  t.is(roundTrip(codec, 'next'), 'next');
  t.false(codec.isEncodable(value));
});

/** A part of a list that takes away what stands after it. */
function shrinking(): unknown[] {
  const list: unknown[] = [];
  list.push(
    {
      get total() {
        list.length = 1;
        return 0;
      },
    },
    'b',
    'c',
  );
  return list;
}

function growing<T extends Map<unknown, unknown> | Set<unknown>>(into: T): T {
  const part = {
    get more() {
      const { size } = into instanceof Map ? into.set(into.size, 1) : into.add({});
      return size;
    },
  };
  if (into instanceof Map) into.set('first', part);
  else into.add(part);
  return into;
}

class OddMap extends Map<unknown, unknown> {
  override get size(): number {
    return 5;
  }
}

/** What changes its size while it is read. */
const changing: readonly (readonly [title: string, make: () => object])[] = [
  ['a list that shrinks', shrinking],
  [
    'a list that grows',
    () => {
      const list: unknown[] = [
        {
          get more() {
            return list.push(1);
          },
        },
      ];
      return list;
    },
  ],
  ['a Map that grows', () => growing(new Map())],
  ['a Set that grows', () => growing(new Set())],
  [
    'a Set that shrinks',
    () => {
      const set = new Set<unknown>();
      for (const part of [
        {
          get less() {
            return set.delete(2);
          },
        },
        1,
        2,
      ])
        set.add(part);
      return set;
    },
  ],
  ['a Map that lies', () => new OddMap([[1, 2]])],
];

for (const [title, make] of changing) {
  test(`${title} while it is read is refused with the path to it`, (t) => {
    const desk = new Desk();
    const codec = new Codec(desk);
    const value = { big: new Uint8Array(20_000), inside: [make()] };
    const { code, message } = refusal(() => roundTrip(codec, value));
    t.is(code, 'unencodable');
    t.regex(message, /^message\.inside\[0\] changed its size while it was read,/);
    t.is(desk.blobs.size, 0);
    const hidden = {
      get inside() {
        return make();
      },
    };
    t.regex(refusal(() => roundTrip(codec, hidden)).message, /^message changed while it was read,/);
    t.is(roundTrip(codec, 'next'), 'next');
  });
}

test('an object whose getters change its keys arrives with the keys that it had', (t) => {
  const codec = new Codec(new Desk());
  for (let round = 0; round < 20; round++) {
    const value: Record<string, unknown> = {
      get a() {
        delete value['b'];
        value['later'] = 1;
        return 1;
      },
      b: 2,
      c: 3,
    };
    t.deepEqual(roundTrip(codec, value), { a: 1, b: undefined, c: 3 });
  }
});

function detached<T extends ArrayBuffer | ArrayBufferView>(value: T): T {
  (value instanceof ArrayBuffer ? value : (value.buffer as ArrayBuffer)).transfer();
  return value;
}

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function beyond(): DataView {
  const buffer = new ArrayBuffer(16, { maxByteLength: 32 });
  const view = new DataView(buffer, 8, 8);
  buffer.resize(4);
  return view;
}

const unreadable: readonly (readonly [title: string, value: unknown, what: RegExp])[] = [
  ['a detached buffer', detached(new ArrayBuffer(10)), /is detached/],
  ['a view of a detached buffer', detached(new Float64Array(10)), /is detached/],
  ['a large one', detached(Buffer.alloc(40_000)), /is detached/],
  ['a view beyond its buffer', beyond(), /lies beyond the end of its buffer/],
  ['a revoked proxy', revoked({}), /is a revoked proxy/],
  ['one of a list', revoked([]), /is a revoked proxy/],
  ['one of a function', revoked(() => 1), /is a revoked proxy/],
];

for (const [title, value, what] of unreadable) {
  test(`what cannot be read is refused with the path to it: ${title}`, (t) => {
    const codec = new Codec(new Desk());
    const { code, message } = refusal(() => roundTrip(codec, { a: [value] }));
    t.is(code, 'unencodable');
    t.true(message.startsWith('message.a[0] '), message);
    t.regex(message, what);
    t.false(codec.isEncodable([value]));
  });
}

test('a TypeError of a getter is thrown to the sender as it is', (t) => {
  const codec = new Codec(new Desk());
  const value = {
    get part(): never {
      throw new TypeError('mine');
    },
  };
  t.throws(() => roundTrip(codec, value), { instanceOf: TypeError, message: 'mine' });
});

test('a getter cannot write another value meanwhile', (t) => {
  const codec = new Codec(new Desk());
  const bytes = Buffer.alloc(1000);
  for (const inner of ['text', 5]) {
    const value = {
      get part(): number {
        return codec.encode(inner, memoryOf(bytes), 0);
      },
    };
    t.is(refusal(() => codec.encode(value, memoryOf(bytes), 0)).code, 'not-allowed');
  }
  t.is(roundTrip(codec, 'next'), 'next');
});

function refusal(work: () => unknown): TergoError {
  try {
    work();
  } catch (error) {
    if (error instanceof TergoError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}
