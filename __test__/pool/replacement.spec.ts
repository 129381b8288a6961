import test from 'ava';
import { consistentHash } from 'tergo';
import { workerPlaces } from '../support/child-places.ts';
import { closeShared, isReason } from '../support/places.ts';
import { ascending, pooled, rounds, type Pooled } from '../support/pooled.ts';
import { waitFor } from '../support/wait-for.ts';

const broken = new Error('broken');
const same = { route: consistentHash(() => 'same') };

function onlyOne(number: number): void {
  if (number > 1) throw broken;
}

function failures(pool: Pooled): readonly unknown[] {
  return pool.log
    .filter(({ message }) => message.startsWith('a worker could not be replaced'))
    .map(({ fields }) => fields['error']);
}

test.after.always(closeShared);

// What time decides is tested on one thread: the clocks of several go.
for (const place of workerPlaces) {
  const it = place.isThreaded ? test.serial : test;

  it(`a worker that has ended is replaced when something is to go to it, not before${place.title}`, async (t) => {
    const pool = await pooled(t, 3, {}, { place });
    await pool.kill(1);
    await pool.settle();
    t.is(pool.started, 3);
    const { workers } = await pool.inside((self) => self.statistics());
    t.deepEqual(
      workers.map(({ isAlive }) => isAlive),
      [true, false, true],
    );
    t.is(await pool.who(), 1);
    t.is(pool.started, 3);
    // While it comes up on another thread, the next one takes its turn.
    if (place.isThreaded) t.is(await pool.who(), 3);
    await pool.settle();
    t.deepEqual(await pool.cycle(4), place.isThreaded ? [1, 4, 3, 1] : [4, 3, 1, 4]);
    t.like(await pool.inside((self) => self.statistics()), { size: 3, restarts: 1, dropped: 0 });
  });

  it(`what waited in the mailbox of a worker that ends is lost, its calls reject; the rest goes on${place.title}`, async (t) => {
    const pool = await pooled(t, 2, {}, { place });
    const before = pool.node.info().messagesDropped;
    pool.node.send(pool.pid, '!hold');
    await pool.settle();
    const calls = rounds(4).map(() => pool.who());
    pool.node.send(pool.pid, 'to 2');
    pool.node.send(pool.pid, 'to 1');
    await pool.settle();
    await pool.kill(0);
    const settled = await Promise.allSettled(calls);
    t.deepEqual(
      settled.map((result) => (result.status === 'fulfilled' ? result.value : result.reason.code)),
      [2, 'process-terminated', 2, 'process-terminated'],
    );
    t.deepEqual(
      pool.got.map(({ item }) => item),
      ['to 2'],
    );
    await pool.settle();
    t.is(pool.node.info().messagesDropped, before + 1);
  });

  it(`a worker that crashes on every message is replaced every time, and no message comes twice${place.title}`, async (t) => {
    const pool = await pooled(t, 4, {}, { place });
    const times = place.isThreaded ? 20 : 200;
    for (let i = 0; i < times; i++) {
      pool.node.send(pool.pid, '!crash');
      await pool.settle();
    }
    t.is(pool.ends.filter((end) => end.endsWith('broken')).length, times);
    t.is(pool.started, times);
    const statistics = await pool.inside((self) => self.statistics());
    t.like(statistics, { forwarded: times, restarts: times - 4 });
    t.is(pool.population(), 1);
  });

  it(`all workers of a large pool die at once: the pool replaces each with its next message${place.title}`, async (t) => {
    const pool = await pooled(t, 500, {}, { place });
    const { workers } = await pool.inside((self) => self.statistics());
    for (const { pid } of workers) pool.node.kill(pid);
    await pool.settle();
    const ask = (): Promise<number[]> => Promise.all(rounds(1000).map(() => pool.who()));
    if (!place.isThreaded) {
      t.deepEqual(ascending(await ask()), ascending(rounds(500, 2, 501)));
      return;
    }
    // Those that are up first take what the others cannot take yet.
    const by = new Set<number>();
    await waitFor('all new workers', async () => {
      for (const one of await ask()) by.add(one);
      return by.size >= 500;
    });
    t.deepEqual(ascending([...by]), rounds(500, 1, 501));
  });

  it(`while a new worker starts, the others take its turn; alone it takes what waits when it is up${place.title}`, async (t) => {
    const gate = Promise.withResolvers<void>();
    const onInit = (number: number): Promise<void> | void =>
      number > 2 ? gate.promise : undefined;
    const pool = await pooled(t, 2, {}, { place, shared: { onInit } });
    await pool.kill(0);
    await pool.settle();
    t.deepEqual(await pool.cycle(4), [2, 2, 2, 2]);
    t.is(pool.started, 3);
    await pool.kill(1);
    await pool.settle();
    const waiting = rounds(4).map(() => pool.who());
    await pool.settle();
    t.is(pool.started, 4);
    t.like(await pool.inside((self) => self.statistics()), { restarts: 0, dropped: 0 });
    gate.resolve();
    t.deepEqual(ascending(await Promise.all(waiting)), [3, 3, 4, 4]);
    t.like(await pool.inside((self) => self.statistics()), { restarts: 2 });
  });

  it(`by key, what is for a worker that starts waits for it, in order${place.title}`, async (t) => {
    const gate = Promise.withResolvers<void>();
    const onInit = (number: number): Promise<void> | void =>
      number > 3 ? gate.promise : undefined;
    const pool = await pooled(t, 3, same, { place, shared: { onInit } });
    const owner = await pool.who();
    await pool.kill(owner - 1);
    await pool.settle();
    for (let i = 0; i < 10; i++) pool.node.send(pool.pid, i);
    await pool.settle();
    t.is(pool.got.length, 0);
    gate.resolve();
    await pool.settle();
    t.deepEqual(
      pool.got.map(({ by, item }) => [by, item]),
      Array.from({ length: 10 }, (_, i) => [4, i]),
    );
  });

  it(`while no worker is there and none comes up, messages are lost and calls rejected with the error of its init${place.title}`, async (t) => {
    for (const options of [{}, same, { route: 'least-loaded' } as const]) {
      const pool = await pooled(t, 1, options, { place, shared: { onInit: onlyOne } });
      await pool.kill(0);
      await pool.settle();
      for (let i = 0; i < 3; i++) {
        const error = await t.throwsAsync(pool.who(), { code: 'process-terminated' });
        t.regex(error!.message, /no worker is there/);
        if (i > 0) isReason(t, place, error!.cause as Error, broken);
      }
      t.like(await pool.inside((self) => self.statistics()), { dropped: 3 });
      // The machine may take longer than the pool waits before it tries again.
      if (!place.isThreaded) t.is(pool.started, 2);
    }
  });

  it(`what a call waits for in a worker that then fails to start rejects${place.title}`, async (t) => {
    const gate = Promise.withResolvers<void>();
    const onInit = (number: number): Promise<void> | void =>
      number > 1 ? gate.promise : undefined;
    const pool = await pooled(t, 1, {}, { place, shared: { onInit } });
    await pool.kill(0);
    await pool.settle();
    const call = t.throwsAsync(pool.who(), { code: 'process-terminated' });
    await pool.settle();
    gate.reject(broken);
    isReason(t, place, (await call)!.cause as Error, broken);
    t.deepEqual(failures(pool), [broken]);
  });
}

for (const how of ['throws', 'rejects'] as const) {
  test(`when the init of a new worker ${how}, that is logged and counted, and tried again a second later at the earliest`, async (t) => {
    let isBroken = true;
    const onInit = (number: number): Promise<void> | void => {
      if (number <= 2 || !isBroken) return;
      if (how === 'rejects') return Promise.reject(broken);
      throw broken;
    };
    const pool = await pooled(t, 2, {}, { shared: { onInit } });
    await pool.kill(0);
    t.deepEqual(await pool.cycle(6), [2, 2, 2, 2, 2, 2]);
    t.is(pool.started, 3);
    t.deepEqual(failures(pool), [broken]);
    await pool.clock.advance(999);
    t.deepEqual(await pool.cycle(4), [2, 2, 2, 2]);
    t.is(pool.started, 3);
    await pool.clock.advance(1);
    t.deepEqual(await pool.cycle(4), [2, 2, 2, 2]);
    t.is(pool.started, 4);
    t.like(await pool.inside((self) => self.statistics()), { restarts: 0, failedRestarts: 2 });
    isBroken = false;
    await pool.clock.advance(1000);
    t.deepEqual(ascending(await pool.cycle(4)), [2, 2, 5, 5]);
    t.like(await pool.inside((self) => self.statistics()), { restarts: 1, failedRestarts: 2 });
    t.is(pool.node.info().processes, 3);
  });
}
