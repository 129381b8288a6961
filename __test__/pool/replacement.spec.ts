import test from 'ava';
import { consistentHash } from 'tergo';
import { ascending, pooled, rounds, type Pooled } from '../support/pooled.ts';

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

test('a worker that has ended is replaced when something is to go to it, not before', async (t) => {
  const pool = await pooled(t, 3);
  await pool.kill(1);
  await pool.clock.settle();
  t.is(pool.started, 3);
  const { workers } = await pool.inside((self) => self.statistics());
  t.deepEqual(
    workers.map(({ isAlive }) => isAlive),
    [true, false, true],
  );
  t.is(await pool.who(), 1);
  t.is(pool.started, 3);
  t.deepEqual(await pool.cycle(4), [4, 3, 1, 4]);
  t.like(await pool.inside((self) => self.statistics()), { size: 3, restarts: 1, dropped: 0 });
});

test('what waited in the mailbox of a worker that ends is lost, its calls reject; the rest goes on', async (t) => {
  const pool = await pooled(t, 2);
  const gate = Promise.withResolvers<void>();
  pool.node.send(pool.pid, () => gate.promise);
  await pool.clock.settle();
  const calls = rounds(4).map(() => pool.who());
  pool.node.send(pool.pid, 'to 2');
  pool.node.send(pool.pid, 'to 1');
  await pool.clock.settle();
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
  t.is(pool.node.info().messagesDropped, 1);
});

test('a worker that crashes on every message is replaced every time, and no message comes twice', async (t) => {
  const pool = await pooled(t, 4);
  let runs = 0;
  for (let i = 0; i < 200; i++) {
    pool.node.send(pool.pid, () => {
      runs += 1;
      throw broken;
    });
    await pool.clock.settle();
  }
  t.is(runs, 200);
  t.is(pool.started, 200);
  t.like(await pool.inside((self) => self.statistics()), { forwarded: 200, restarts: 196 });
  t.is(pool.node.info().processes, 1);
});

test('all workers of a large pool die at once: the pool replaces each with its next message', async (t) => {
  const pool = await pooled(t, 500);
  const { workers } = await pool.inside((self) => self.statistics());
  for (const { pid } of workers) pool.node.kill(pid);
  await pool.clock.settle();
  const answers = await Promise.all(rounds(1000).map(() => pool.who()));
  t.deepEqual(
    answers.toSorted((a, b) => a - b),
    rounds(500, 2, 501).toSorted((a, b) => a - b),
  );
});

test('while a new worker starts, the others take its turn; alone it takes what waits when it is up', async (t) => {
  const gate = Promise.withResolvers<void>();
  const onInit = (number: number): Promise<void> | void => (number > 2 ? gate.promise : undefined);
  const pool = await pooled(t, 2, {}, { shared: { onInit } });
  await pool.kill(0);
  t.deepEqual(await pool.cycle(4), [2, 2, 2, 2]);
  t.is(pool.started, 3);
  await pool.kill(1);
  const waiting = rounds(4).map(() => pool.who());
  await pool.clock.settle();
  t.is(pool.started, 4);
  t.like(await pool.inside((self) => self.statistics()), { restarts: 0, dropped: 0 });
  gate.resolve();
  t.deepEqual(ascending(await Promise.all(waiting)), [3, 3, 4, 4]);
  t.like(await pool.inside((self) => self.statistics()), { restarts: 2 });
});

test('by key, what is for a worker that starts waits for it, in order', async (t) => {
  const gate = Promise.withResolvers<void>();
  const onInit = (number: number): Promise<void> | void => (number > 3 ? gate.promise : undefined);
  const pool = await pooled(t, 3, same, { shared: { onInit } });
  const owner = await pool.who();
  await pool.kill(owner - 1);
  for (let i = 0; i < 10; i++) pool.node.send(pool.pid, i);
  await pool.clock.settle();
  t.is(pool.got.length, 0);
  gate.resolve();
  await pool.clock.settle();
  t.deepEqual(
    pool.got.map(({ by, item }) => [by, item]),
    Array.from({ length: 10 }, (_, i) => [4, i]),
  );
});

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

test('while no worker is there and none comes up, messages are lost and calls rejected with the error of its init', async (t) => {
  for (const options of [{}, same, { route: 'least-loaded' } as const]) {
    const pool = await pooled(t, 1, options, { shared: { onInit: onlyOne } });
    await pool.kill(0);
    for (let i = 0; i < 3; i++) {
      const error = await t.throwsAsync(pool.who(), { code: 'process-terminated' });
      t.regex(error!.message, /no worker is there/);
      if (i > 0) t.is(error!.cause, broken);
    }
    t.is(pool.started, 2);
    t.like(await pool.inside((self) => self.statistics()), { dropped: 3, failedRestarts: 1 });
  }
});

test('what a call waits for in a worker that then fails to start rejects', async (t) => {
  const gate = Promise.withResolvers<void>();
  const onInit = (number: number): Promise<void> | void => (number > 1 ? gate.promise : undefined);
  const pool = await pooled(t, 1, {}, { shared: { onInit } });
  await pool.kill(0);
  const call = t.throwsAsync(pool.who(), { code: 'process-terminated' });
  await pool.clock.settle();
  gate.reject(broken);
  t.is((await call)!.cause, broken);
  t.deepEqual(failures(pool), [broken]);
});
