import assert from 'node:assert';
import { test } from 'node:test';
import { anyPid, capture, ofType, probe, startUnit } from 'tergo/testing';
import { Packer, Shop, storeName } from './shop.ts';

test('the shop sells what the store has', async () => {
  await using unit = await startUnit();
  const store = await unit.standIn({ name: storeName });
  store.answer('stock', ({ item }) => (item === 'apple' ? 2 : 0));
  const shop = await probe(Shop, { unit });

  await shop.send({ type: 'buy', item: 'apple' });
  await shop.send({ type: 'buy', item: 'pear' });

  shop.shouldOnce('send', { to: storeName, message: { type: 'take', item: 'apple' } });
  shop.shouldOnce('log', { level: 'info', message: 'out of stock', fields: { item: 'pear' } });
  shop.shouldNot('log', { level: 'error' });
  assert.deepEqual(store.received.length, 1);
  assert.equal(await shop.call({ type: 'sold' }), 1);
});

test('the shop waits for an answer of the store that comes late', async () => {
  await using unit = await startUnit();
  const store = await unit.standIn({ name: storeName });
  const shop = await probe(Shop, { unit });

  await shop.send({ type: 'buy', item: 'apple' });
  shop.shouldOnce('call', { to: storeName, state: 'pending' });

  const [call] = store.calls('stock');
  assert.equal(call?.request.item, 'apple');
  call?.reply(0);
  await unit.settle();
  shop.shouldOnce('log', { message: 'out of stock' });
});

test('the shop hands what it sold to its packer, and notices that the packer is gone', async () => {
  await using unit = await startUnit();
  const store = await unit.standIn({ name: storeName });
  store.answer('stock', 5);
  const shop = await probe(Shop, { unit });

  await shop.send({ type: 'open' });
  const { pid } = shop.shouldOnce('spawn', { behaviour: Packer, args: [1], name: 'packer' });
  await shop.send({ type: 'buy', item: 'apple' });
  const packer = unit.standInOf(pid);
  assert.deepEqual(packer.received[0]?.message, { type: 'pack', item: 'apple' });

  await packer.end(new Error('out of paper'));
  shop.shouldOnce('log', { level: 'warning', fields: { reason: { message: 'out of paper' } } });
});

test('patterns, matchers and captures', async () => {
  await using unit = await startUnit();
  await using shop = await probe(Shop, { unit });
  const child = capture(anyPid());
  await shop.send({ type: 'open' });
  shop.shouldOnce('spawn', { name: /^pack/, args: [ofType('number')], pid: child });
  shop.should('monitor', { target: child.value, state: 'done' });
});

test('the shop closes after twelve hours', async () => {
  await using shop = await probe(Shop);
  await shop.send({ type: 'open' });
  shop.shouldOnce('timer', { message: { type: 'close' }, afterMs: 43_200_000 });

  await shop.advance(43_199_999);
  assert.equal(shop.exited, undefined);
  await shop.advance(1);
  assert.equal(shop.exited, 'shutdown');
});

test('a store that does not answer in time', async () => {
  await using unit = await startUnit();
  await unit.standIn({ name: storeName });
  const shop = await probe(Shop, { unit });
  await shop.send({ type: 'buy', item: 'apple' });
  await unit.advance(5000);
  shop.shouldOnce('call', { state: 'failed', error: { code: 'timeout' } });
  shop.shouldOnce('terminate', { reason: { code: 'timeout' } });
});

test('what cannot be sent is logged', async () => {
  await using unit = await startUnit();
  const store = await unit.standIn({ name: storeName });
  store.answer('stock', 5);
  const shop = await probe(Shop, { unit });

  const fault = shop.fail('send', {
    with: 'process-mailbox-full',
    when: { to: storeName },
    after: 1,
    times: 2,
  });
  for (let n = 0; n < 4; n += 1) await shop.send({ type: 'buy', item: 'apple' });

  shop.shouldTimes(2, 'log', { level: 'error', fields: { taken: 'process-mailbox-full' } });
  assert.equal(store.received.length, 2);
  assert.deepEqual([fault.seen, fault.failed], [4, 2]);
});

test('what a mark parts', async () => {
  await using shop = await probe(Shop);
  await shop.send({ type: 'open' });
  const mark = shop.mark();
  await shop.exit('shutdown');
  shop.since(mark).shouldNot('spawn');
  shop.since(mark).shouldOnce('terminate', { reason: 'shutdown' });
});
