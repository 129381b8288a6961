import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import * as fc from 'fast-check';
import { memoryOf } from '../../ts/codec/memory.ts';
import { Codec, Desk, roundTrip } from '../support/codec-desk.ts';

/** Texts that a source text, JSON or UTF-8 may stumble over. */
const hard = ['', '__proto__', '"', '\\', '\u2028', '\ud800', 'é', '\0', "'", '${0}', '*/'];

function sizeOf(codec: Codec, value: unknown): number {
  return codec.encode(value, memoryOf(Buffer.alloc(4096)), 0);
}

function sizeAfter(codec: Codec, messages: number, make: (index: number) => unknown): number {
  let size = 0;
  for (let index = 0; index < messages; index++) size = sizeOf(codec, make(index));
  return size;
}

function someone(index: number): unknown {
  return { name: `name ${1000 + index}` };
}

test('the text by which messages are told apart travels no more, whichever key it has', (t) => {
  const text = 'an order that came by post';
  for (const make of [
    (id: number) => ({ type: text, id: id % 100 }),
    (id: number) => ({ id: id % 100, type: text }),
    (id: number) => ({ from: `somebody ${1000 + id}`, type: text }),
  ]) {
    const codec = new Codec(new Desk());
    const before = sizeAfter(codec, 9, make);
    t.is(sizeAfter(codec, 50, make), before - text.length - 2);
    t.deepEqual(roundTrip(codec, make(1)), make(1));
  }
});

test('a key whose text is another one each time is written, and takes no numbers', (t) => {
  const desk = new Desk();
  const codec = new Codec(desk);
  t.is(sizeAfter(codec, 1000, someone), sizeAfter(codec, 9, someone));
  t.is(desk.variantText(1), undefined);
});

test('eight texts of a key make a variant, and others are written beside them', (t) => {
  const desk = new Desk();
  const codec = new Codec(desk);
  for (let index = 0; index < 2000; index++) {
    const message = { type: `type ${index % 20}`, index };
    t.true(isDeepStrictEqual(roundTrip(codec, message), message));
  }
  t.not(desk.variantText(8), undefined);
  t.is(desk.variantText(9), undefined);
});

function secret(index: number): object {
  return { token: 'for b only', index: index % 100 };
}

test('nothing of it reaches a peer, for which texts are no more than what messages say', (t) => {
  const desk = new Desk();
  const codec = new Codec(desk);
  desk.isForThread = false;
  const before = sizeAfter(codec, 9, secret);
  t.is(sizeAfter(codec, 1000, secret), before);
  t.is(desk.variantText(1), undefined);
  desk.isForThread = true;
  t.true(sizeAfter(codec, 50, secret) < before);
  t.is(desk.variantText(1), JSON.stringify([['token', 'for b only'], 'index']));
  desk.isForThread = false;
  t.is(sizeOf(codec, secret(1)), before);
  t.deepEqual(roundTrip(codec, secret(1)), secret(1));
  t.false(desk.shapeText(1)!.includes('for b only'));
  t.is(desk.shapeText(2), undefined);
});

const fewTexts = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom('order', 'payment', ...hard) },
  { weight: 1, arbitrary: fc.oneof(fc.string(), fc.constant(undefined), fc.nat()) },
);
const typed = fc.record(
  { type: fewTexts, id: fc.oneof(fc.nat(9), fc.string()) },
  { noNullPrototype: true },
);

test('whatever texts tell messages apart, all arrive as they are, with their keys in order', (t) => {
  fc.assert(
    fc.property(fc.array(typed, { minLength: 200, maxLength: 400, size: 'max' }), (messages) => {
      const codec = new Codec(new Desk());
      return messages.every((message) => {
        const arrived = roundTrip(codec, message) as object;
        return (
          isDeepStrictEqual(arrived, message) &&
          isDeepStrictEqual(Object.keys(arrived), Object.keys(message))
        );
      });
    }),
    { numRuns: 50, endOnFailure: true },
  );
  t.pass();
});

test('objects with the keys of a shape that are none of its objects arrive as before', (t) => {
  class Order {
    type = 'order';
    id = 1;
  }
  const bare = Object.assign(Object.create(null) as object, { type: 'order', id: 1 });
  const heir = Object.assign(Object.create({ id: 2 }) as object, { type: 'order' });
  const odd = { type: 'order', constructor: Object };
  const codec = new Codec(new Desk());
  const plain = { type: 'order', id: 1 };
  for (let index = 0; index < 100; index++) roundTrip(codec, plain);
  for (let index = 0; index < 20; index++) {
    t.deepEqual(roundTrip(codec, new Order()), plain);
    t.deepEqual(roundTrip(codec, bare), plain);
    t.deepEqual(roundTrip(codec, heir), { type: 'order' });
    t.throws(() => roundTrip(codec, odd), { code: 'unencodable' });
    t.deepEqual(roundTrip(codec, { ...odd, constructor: 1 }), { ...odd, constructor: 1 });
  }
});

test('a getter is read once, whoever it belongs to', (t) => {
  const codec = new Codec(new Desk());
  for (let index = 0; index < 100; index++) roundTrip(codec, { type: 'order', id: index });
  let reads = 0;
  const property = { enumerable: true, get: () => (reads += 1) };
  for (const prototype of [Object.prototype, null, { other: 1 }]) {
    reads = 0;
    const object = Object.create(prototype, { type: property, id: property }) as object;
    t.deepEqual(roundTrip(codec, object), { type: 1, id: 2 });
    t.is(reads, 2);
  }
});
