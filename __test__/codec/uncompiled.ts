import { deepStrictEqual } from 'node:assert/strict';
import { dataShapeReader } from '../../ts/codec/shape-readers.ts';
import { ShapeTable } from '../../ts/codec/shape-table.ts';
import { memoryOf } from '../../ts/codec/memory.ts';
import { Codec, Desk, roundTrip } from '../support/codec-desk.ts';

// Sends objects of a shape to a thread and to a peer, often enough that writers and readers would be compiled.
const desk = new Desk();
const codec = new Codec(desk);
const peerShapes = new ShapeTable((number) => desk.shapeText(number), dataShapeReader);
const memory = memoryOf(Buffer.alloc(1024));
for (let id = 0; id < 600; id++) {
  const order = { type: 'order', id, lines: [{ article: 'x', count: id }] };
  desk.isForThread = id % 2 === 0;
  deepStrictEqual(roundTrip(codec, order), order);
  desk.isForThread = false;
  const end = codec.encode(order, memory, 0);
  deepStrictEqual(codec.decode(codec.format, memory, 0, end, peerShapes), order);
}
console.log('all arrived');
