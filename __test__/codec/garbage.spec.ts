import test from 'ava';
import * as fc from 'fast-check';
import { memoryOf } from '../../ts/codec/memory.ts';
import { TergoError } from '../../ts/error/tergo-error.ts';
import { Codec, Desk } from '../support/codec-desk.ts';
import { travelling } from '../support/travelling-values.ts';

const FORMAT_VALUE = 1;

/** Decodes what may be anything; true if it was refused in good order, or came to no more than it had bytes for. */
function isOrderly(codec: Codec, bytes: Buffer, besides = 0): boolean {
  try {
    const limit = 8 * bytes.length + 64 + besides;
    return weightOf(codec.decode(FORMAT_VALUE, memoryOf(bytes), 0, bytes.length)) <= limit;
  } catch (error) {
    if (error instanceof TergoError && error.code === 'malformed') return true;
    throw error;
  }
}

/** Roughly how much memory a value takes: its parts, characters and bytes. */
function weightOf(value: unknown): number {
  if (typeof value === 'string') return 1 + value.length;
  if (typeof value !== 'object' || value === null) return 1;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return 1 + value.byteLength;
  const parts = value instanceof Map ? [...value].flat() : value instanceof Set ? [...value] : [];
  const causes = value instanceof Error ? [value.message, value.cause] : [];
  return [...parts, ...causes, ...Object.values(value)].reduce<number>(
    (sum, part) => sum + weightOf(part),
    1,
  );
}

test('bytes that nobody wrote are refused as malformed, or are a value of their size', (t) => {
  const codec = new Codec(new Desk());
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => isOrderly(codec, Buffer.from(bytes))),
    { numRuns: 30_000 },
  );
  t.pass();
});

test('tags with whatever follows are refused as malformed, or are a value of their size', (t) => {
  const codec = new Codec(new Desk());
  const tagged = fc.array(fc.integer({ min: 0, max: 24 }), { maxLength: 300 });
  fc.assert(
    fc.property(tagged, (bytes) => isOrderly(codec, Buffer.from(bytes))),
    { numRuns: 30_000 },
  );
  t.pass();
});

test('values of which some bytes were changed are refused as malformed, or are a value of their size', (t) => {
  const desk = new Desk();
  const codec = new Codec(desk);
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(travelling, changes, fc.nat(1000), (value, places, cut) => {
      const bytes = Buffer.from(codec.encodeWhole(value)!);
      for (const [place, byte] of places) bytes[place % bytes.length] = byte;
      const besides = [...desk.blobs.values()].reduce((sum, blob) => sum + blob.byteLength, 0);
      const result =
        isOrderly(codec, bytes, besides) && isOrderly(codec, bytes.subarray(0, cut), besides);
      desk.blobs.clear();
      return result;
    }),
    { numRuns: 5000 },
  );
  t.pass();
});

test('a length beyond the end is refused in good order', (t) => {
  const codec = new Codec(new Desk());
  for (let tag = 0; tag < 32; tag++) {
    for (const rest of [[], [0], [0xff, 0xff, 0xff, 0xff, 0x7f], [7, 0xff, 0xff, 0xff, 0x0f, 1]]) {
      const bytes = Buffer.from([tag, ...rest]);
      t.true(isOrderly(codec, bytes), `tag ${tag}, ${rest.join(' ')}`);
    }
  }
});

test('what is nested without end is refused before the stack is full', (t) => {
  const codec = new Codec(new Desk());
  for (let tag = 0; tag < 32; tag++) {
    for (const length of [1, 2]) {
      const bytes = Buffer.alloc(300_000, Buffer.from([tag, length]));
      t.true(isOrderly(codec, bytes), `tag ${tag}`);
      t.true(isOrderly(codec, Buffer.alloc(300_000, tag)), `tag ${tag}`);
    }
  }
});

test('a format that there is not is refused', (t) => {
  const codec = new Codec(new Desk());
  t.throws(() => codec.decode(9, memoryOf(Buffer.alloc(4)), 0, 4), { code: 'malformed' });
});

test('a value that takes fewer bytes than it should, or more, is refused', (t) => {
  const codec = new Codec(new Desk());
  const values = ['short', 'x'.repeat(100), 'ä', [1, 2], new Map([[1, 2]]), new Uint8Array(9), 1.5];
  for (const value of values) {
    // What follows could be read as a part of it.
    const bytes = Buffer.alloc(400);
    const end = codec.encodeBytes(value, memoryOf(bytes), 0);
    const read = (length: number): unknown =>
      codec.decode(FORMAT_VALUE, memoryOf(bytes), 0, length);
    t.deepEqual(read(end), value);
    for (const length of [end - 1, end + 1])
      t.throws(() => read(length), { code: 'malformed' }, `${String(value)} in ${length} bytes`);
  }
});

test('a length beyond the end allocates nothing', (t) => {
  const codec = new Codec(new Desk());
  const huge = [0xff, 0xff, 0xff, 0xff, 0x7f];
  // A run of bytes, an array, an object, a map and a long string.
  for (const head of [[20, 1], [12], [14], [15], [9]]) {
    const bytes = Buffer.from([...head, ...huge]);
    const message = /a length of \d+ goes beyond its end/;
    const read = (): unknown => codec.decode(FORMAT_VALUE, memoryOf(bytes), 0, bytes.length);
    t.throws(read, { code: 'malformed', message }, `tag ${head[0]}`);
  }
});
