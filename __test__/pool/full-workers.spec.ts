import test from 'ava';
import { consistentHash, eventName } from 'tergo';
import { workerPlaces } from '../support/child-places.ts';
import { closeShared } from '../support/places.ts';
import { ascending, pooled, rounds, type Pooled } from '../support/pooled.ts';
import { holdings, holdsAgain } from '../support/witness.ts';

/** Keeps a worker in a callback, so that its mailbox stands still. */
function block(pool: Pooled, until: Promise<void>): void {
  pool.node.send(pool.pid, () => until);
}

function losses(pool: Pooled): (number | undefined)[] {
  return pool.log
    .filter(({ message }) => message === 'no worker is free; messages are lost')
    .map(({ fields }) => fields['messages'] as number);
}

test.after.always(closeShared);

// What time decides is tested on one thread: the clocks of several go.
for (const place of workerPlaces) {
  const it = place.isThreaded ? test.serial : test;

  it(`what finds a full mailbox goes to the next worker; when all are full, messages are lost and counted, calls rejected at once${place.title}`, async (t) => {
    const pool = await pooled(t, 3, { workerMailboxSize: 2 }, { place });
    const { node, pid } = pool;
    const { mailboxFull } = node.info();
    for (let worker = 0; worker < 3; worker++) node.send(pid, '!hold');
    await pool.settle();
    const calls = rounds(6).map(() => pool.who());
    // With the virtual clock no time passes.
    const timeoutMs = place.isThreaded ? 60_000 : 1;
    await t.throwsAsync(node.call(pid, { type: 'who' }, { timeoutMs }), {
      code: 'process-mailbox-full',
      message: /no worker has room/,
    });
    t.is(node.send(pid, 'lost'), 'ok');
    await pool.settle();
    const full = await pool.inside((self) => self.statistics());
    t.like(full, { forwarded: 9, dropped: 2, workerMailboxSize: 2 });
    t.is(node.info().mailboxFull, mailboxFull + 1);
    // One of them has room again: everything goes there.
    pool.release(2);
    await pool.settle();
    t.deepEqual(await pool.cycle(5), [2, 2, 2, 2, 2]);
    pool.release();
    t.deepEqual(ascending(await Promise.all(calls)), [1, 1, 2, 2, 3, 3]);
    t.is(pool.got.length, 0);
  });

  it(`after a detour the round goes on behind the worker that took the message${place.title}`, async (t) => {
    const pool = await pooled(t, 3, { workerMailboxSize: 1 }, { place });
    pool.node.send(pool.pid, '!hold');
    await pool.settle();
    const waiting = pool.cycle(2);
    t.deepEqual(await waiting, [2, 3]);
    pool.node.send(pool.pid, 'fills 1');
    t.deepEqual(await pool.cycle(5), [2, 3, 2, 3, 2]);
    pool.release();
  });

  it(`by key, a full worker is not bypassed: the order of a key holds${place.title}`, async (t) => {
    const route = consistentHash(() => 0);
    const pool = await pooled(t, 3, { workerMailboxSize: 2, route }, { place });
    pool.node.send(pool.pid, '!hold');
    await pool.settle();
    for (let i = 0; i < 5; i++) pool.node.send(pool.pid, i);
    await t.throwsAsync(pool.who(), { code: 'process-mailbox-full' });
    pool.release();
    await pool.settle();
    t.deepEqual(
      pool.got.map(({ item }) => item),
      [0, 1],
    );
    t.is(new Set(pool.got.map(({ by }) => by)).size, 1);
  });
}

test('losses are logged at once and then once a second, with their number', async (t) => {
  const pool = await pooled(t, 1, { workerMailboxSize: 1 });
  const before = await holdings(pool.node);
  const gate = Promise.withResolvers<void>();
  block(pool, gate.promise);
  await pool.clock.settle();
  for (let i = 0; i < 5; i++) pool.node.send(pool.pid, i);
  await pool.clock.settle();
  t.deepEqual(losses(pool), [1]);
  await pool.clock.advance(999);
  pool.node.send(pool.pid, 5);
  await pool.clock.settle();
  t.deepEqual(losses(pool), [1]);
  await pool.clock.advance(1);
  pool.node.send(pool.pid, 6);
  await pool.clock.settle();
  t.deepEqual(losses(pool), [1, 5]);
  gate.resolve();
  await pool.clock.settle();
  t.is(pool.got.length, 1);
  t.like(await pool.inside((self) => self.statistics()), { dropped: 6 });
  await holdsAgain(pool.node, before);
});

test('events that no worker can take are lost and free their place', async (t) => {
  const pool = await pooled(t, 1, { workerMailboxSize: 1 });
  const news = eventName<string>('news');
  const publisher = pool.node.registerEvent(news);
  await pool.inside(async (self) => void (await self.monitorEvent(news)));
  const gate = Promise.withResolvers<void>();
  block(pool, gate.promise);
  await pool.clock.settle();
  const before = pool.node.info().slabEntries;
  for (const text of ['a', 'b', 'c']) pool.node.sendEvent(publisher, text);
  await pool.clock.settle();
  t.is(pool.node.info().slabEntries, before + 1);
  gate.resolve();
  await pool.clock.settle();
  t.deepEqual(
    pool.got.map(({ item }) => item),
    ['news: a'],
  );
});
