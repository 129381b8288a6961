import assert from 'node:assert';
import { test } from 'node:test';
import { probe } from 'tergo/testing';
import { Counter } from '../counter.ts';

test('the counter adds, answers, and ends when it is reset', async () => {
  await using counter = await probe(Counter, { args: [1] });
  await counter.send({ type: 'add', by: 2 });
  assert.equal(await counter.call({ type: 'total' }), 3);

  await counter.send({ type: 'reset' });
  assert.equal(counter.exited, 'normal');
  counter.shouldOnce('log', { level: 'info', fields: { total: 3 } });
});

test('the counter refuses a start that is no integer', async () => {
  await assert.rejects(probe(Counter, { args: [0.5] }), RangeError);
});
