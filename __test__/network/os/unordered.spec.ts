import test from 'ava';
import { puppet } from '../../threads/stage.ts';
import { receivers } from '../cluster.ts';
import { bytesOf, relayed } from './relayed.ts';

const COUNT = 2000;

/** Numbered, each tenth so large that it travels in pieces. */
const messages = Array.from({ length: COUNT }, (_, index) => [
  { index, text: 'x'.repeat(index % 10 === 9 ? 50_000 : 500) },
]);

for (const { title, thread } of receivers) {
  test(`what a process sends without order arrives once, over several links, ${title}`, async (t) => {
    const { a, b, relay } = await relayed(t);
    const from = await puppet(a, 0, { keepNetworkOrder: false });
    const to = await puppet(b, thread);
    const before = bytesOf(relay);
    t.deepEqual(new Set(await from.do<string[]>('sendAll', to.pid, messages)), new Set(['ok']));
    const seen = (await to.messages(COUNT)) as readonly { readonly index: number }[];
    t.is(seen.length, COUNT);
    t.is(new Set(seen.map(({ index }) => index)).size, COUNT);
    const carried = bytesOf(relay).map((bytes, link) => bytes - before[link]!);
    t.true(carried.filter((bytes) => bytes > 100_000).length > 1, String(carried));
    // Calls as well, one answer each.
    const asked = Array.from({ length: 50 }, (_, index) => ({ type: 'echo', index }));
    const answers = await from.do('callAll', to.pid, asked);
    t.deepEqual(answers, asked);
  });

  test(`what a process sends with order arrives in order, over one link, ${title}`, async (t) => {
    const { a, b, relay } = await relayed(t);
    const from = await puppet(a, 0);
    const to = await puppet(b, thread);
    const before = bytesOf(relay);
    t.deepEqual(new Set(await from.do<string[]>('sendAll', to.pid, messages)), new Set(['ok']));
    const seen = (await to.messages(COUNT)) as readonly { readonly index: number }[];
    t.deepEqual(
      seen.map(({ index }) => index),
      Array.from({ length: COUNT }, (_, index) => index),
    );
    const carried = bytesOf(relay).map((bytes, link) => bytes - before[link]!);
    t.is(carried.filter((bytes) => bytes > 100_000).length, 1, String(carried));
  });
}

test('order can be given up and taken again by a living process', async (t) => {
  const { a, b } = await relayed(t);
  const from = await puppet(a, 0);
  const to = await puppet(b, 1);
  for (const keeps of [false, true]) {
    await from.do('set', 'keepNetworkOrder', keeps);
    t.is(await from.do('get', 'keepNetworkOrder'), keeps);
    const heard = (await to.seen()).length;
    await from.do('sendAll', to.pid, messages);
    const seen = (await to.messages(heard + COUNT)).slice(heard);
    const order = (seen as readonly { readonly index: number }[]).map(({ index }) => index);
    t.is(new Set(order).size, COUNT);
    const sorted = order.toSorted((one, other) => one - other);
    if (keeps) t.deepEqual(order, sorted);
  }
});
