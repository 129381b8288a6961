import { test } from 'node:test';
import { startNode } from 'tergo';
import { stage, virtualClock } from 'tergo/testing';
import { Counter } from '../counter.ts';
import { counterName } from '../counter-contract.ts';
import { Shop } from './shop.ts';

test('a message reaches the counter of a live node', async () => {
  await using node = await startNode('live@localhost', { log: { disableConsole: true } });
  using s = stage(node);
  const counter = await node.spawn(Counter, { args: [0], name: counterName });

  const mark = s.mark();
  node.sendAfter(counterName, { type: 'add', by: 1 }, 10);
  await s.shouldOnce('deliver', { to: counter, message: { type: 'add' } }, { withinMs: 2000 });
  await s.since(mark).shouldNot('terminate');

  node.send(counter, { type: 'reset' });
  await s.shouldOnce('terminate', { by: counter, reason: 'normal' });
});

test('a live node whose time the test moves', async () => {
  const clock = virtualClock({ startAt: new Date('2026-03-29T00:00:00Z') });
  await using node = await startNode('live@localhost', { clock, log: { disableConsole: true } });
  using s = stage(node);
  const shop = await node.spawn(Shop);
  node.send(shop, { type: 'open' });
  await clock.advance(12 * 3_600_000);
  await s.shouldOnce('terminate', { by: shop, atMs: 43_200_000 });
});
