import * as fc from 'fast-check';
import test from 'ava';
import {
  Actor,
  consistentHash,
  eventName,
  Pool,
  poolSpec,
  startNode,
  type EventName,
  type Publisher,
} from 'tergo';
import { FarHands, type HandRequest } from '../support/far-hand.ts';
import { behaviors } from '../support/places.ts';
import { turnstile } from '../support/turnstile.ts';
import { ascending, Hand, pooled, poolWorld, rounds, type Pooled } from '../support/pooled.ts';

/** Sends as many messages as told and gives who got them. */
async function sendRound(pool: Pooled, count: number): Promise<number[]> {
  const before = pool.got.length;
  for (let i = 0; i < count; i++) pool.node.send(pool.pid, i);
  await pool.clock.settle();
  return pool.got.slice(before).map(({ by }) => by);
}

test('high and max calls and sends reach the pool itself; 10 calls and 10 sends go round robin over five workers; with three more the cycle has eight; with five less it goes over the newest three [L67]', async (t) => {
  const pool = await pooled(t, 5);
  const { node, pid } = pool;
  for (const priority of ['high', 'max'] as const) {
    t.is(await node.call(pid, { type: 'who' }, { priority }), 0);
    t.is(node.send(pid, priority, { priority }), 'ok');
    await pool.clock.settle();
    t.like(pool.got.at(-1), { by: 0, item: priority });
  }
  t.deepEqual(await pool.cycle(10), rounds(5, 2));
  t.deepEqual(ascending(await sendRound(pool, 10)), ascending(rounds(5, 2)));
  t.is(await pool.inside((self) => self.addWorkers(3)), 8);
  t.deepEqual(await pool.cycle(16), rounds(8, 2));
  t.is(await pool.inside((self) => self.removeWorkers(5)), 3);
  t.deepEqual(await pool.cycle(9), rounds(3, 3, 6));
  t.deepEqual(ascending(await sendRound(pool, 3)), [6, 7, 8]);
});

/** Where the workers live; the pool is on thread 0. */
const workerPlaces: readonly (readonly [title: string, thread: number | undefined])[] = [
  [', with the workers on another thread', 1],
  [', with the workers spread over all threads', undefined],
];

for (const [title, thread] of workerPlaces) {
  test(`high and max calls and sends reach the pool itself; 10 calls and 10 sends go round robin over five workers; with three more the cycle has eight; with five less it goes over the newest three [L67]${title}`, async (t) => {
    await turnstile(t);
    const log = { disableConsole: true };
    const node = await startNode('pools@localhost', { threads: 3, behaviors, log });
    t.teardown(() => node.stopForce());
    const pid = await node.spawn(FarHands, { args: [5, thread] });
    const ask = (type: HandRequest['type'], rest: object = {}): Promise<unknown> =>
      node.call(pid, { type, ...rest });
    const own = (rest: object = {}): Promise<unknown> =>
      node.call(pid, { type: 'got', ...rest }, { priority: 'high' });
    const cycle = async (calls: number): Promise<unknown[]> => {
      const answers = [];
      for (let n = 0; n < calls; n++) answers.push(await ask('who'));
      return answers;
    };
    for (const priority of ['high', 'max'] as const) {
      t.is((await node.call(pid, { type: 'who' }, { priority })) as unknown, pid);
      t.is(node.send(pid, priority, { priority }), 'ok');
    }
    t.deepEqual(await own(), ['high', 'max']);
    const ten = await cycle(10);
    const five = ten.slice(0, 5);
    t.is(new Set(five).size, 5);
    t.deepEqual(ten, [...five, ...five]);
    for (let n = 0; n < 10; n++) t.is(node.send(pid, n), 'ok');
    const got = await Promise.all(five.map(() => ask('got')));
    t.deepEqual(ascending((got.flat() as number[]).slice()), ascending([...Array(10).keys()]));
    t.true(got.every((items) => (items as number[]).length === 2));
    t.is(await own({ more: 3 }), 8);
    const sixteen = await cycle(16);
    const eight = sixteen.slice(0, 8);
    t.deepEqual(sixteen, [...eight, ...eight]);
    t.is(new Set(eight).size, 8);
    t.is(await own({ more: -5 }), 3);
    const nine = await cycle(9);
    const newest = eight.filter((worker) => !five.includes(worker));
    t.deepEqual(nine, [...nine.slice(0, 3), ...nine.slice(0, 3), ...nine.slice(0, 3)]);
    t.deepEqual(new Set(nine), new Set(newest));
  });
}

test('messages, calls and events share one round', async (t) => {
  const pool = await pooled(t, 4);
  const news: EventName<string> = eventName('news');
  const publisher: Publisher<string> = pool.node.registerEvent(news);
  await pool.inside(async (self) => void (await self.monitorEvent(news)));
  pool.node.send(pool.pid, 'first');
  t.is(await pool.who(), 2);
  pool.node.sendEvent(publisher, 'third');
  t.is(await pool.who(), 4);
  await pool.clock.settle();
  t.like(pool.got, [
    { by: 1, item: 'first' },
    { by: 3, item: 'news: third' },
  ]);
  pool.node.sendEvent(publisher, 'urgent', { priority: 'high' });
  await pool.clock.settle();
  t.like(pool.got.at(-1), { by: 0, item: 'news: urgent' });
});

test('least loaded: the worker with the fewest messages waiting, an unfinished callback counted; among equals one after the other', async (t) => {
  const pool = await pooled(t, 3, { route: 'least-loaded' });
  t.deepEqual(await pool.cycle(6), rounds(3, 2));
  const gates = [1, 2].map(() => Promise.withResolvers<void>());
  for (const { promise } of gates) pool.node.send(pool.pid, () => promise);
  await pool.clock.settle();
  // Workers 1 and 2 are busy, 3 is not.
  t.deepEqual(await pool.cycle(4), [3, 3, 3, 3]);
  const third = Promise.withResolvers<void>();
  pool.node.send(pool.pid, () => third.promise);
  await pool.clock.settle();
  for (let i = 0; i < 5; i++) pool.node.send(pool.pid, i);
  await pool.clock.settle();
  const { workers } = await pool.inside((self) => self.statistics());
  t.deepEqual(ascending(workers.map(({ waiting }) => waiting)), [1, 2, 2]);
  for (const { resolve } of [...gates, third]) resolve();
  await pool.clock.settle();
  t.is(pool.got.length, 5);
});

test('least loaded: a limited mailbox is no obstacle to it', async (t) => {
  const pool = await pooled(t, 2, { route: 'least-loaded', workerMailboxSize: 2 });
  const gate = Promise.withResolvers<void>();
  pool.node.send(pool.pid, () => gate.promise);
  await pool.clock.settle();
  t.deepEqual(await pool.cycle(3), [2, 2, 2]);
  gate.resolve();
});

const byKey = consistentHash<unknown>((item) => {
  const { key } = item as { key?: string | number };
  return key ?? (typeof item === 'string' ? item : 'none');
});

async function owners(pool: Pooled, keys: readonly (string | number)[]): Promise<number[]> {
  return await Promise.all(keys.map((key) => pool.who(key)));
}

test('by key: the same key always goes to the same worker, be it in a message, a call or an event', async (t) => {
  const pool = await pooled(t, 5, { route: byKey });
  const news: EventName<string> = eventName('news');
  const publisher = pool.node.registerEvent(news);
  await pool.inside(async (self) => void (await self.monitorEvent(news)));
  for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) {
    const owner = await pool.who(key);
    t.is(await pool.who(key), owner);
    pool.node.send(pool.pid, key);
    pool.node.sendEvent(publisher, key);
    await pool.clock.settle();
    t.deepEqual(
      pool.got.slice(-2).map(({ by }) => by),
      [owner, owner],
    );
  }
});

test('by key: a worker that is replaced keeps its keys, and the others keep theirs', async (t) => {
  const pool = await pooled(t, 4, { route: byKey });
  const keys = Array.from({ length: 100 }, (_, i) => i);
  const before = await owners(pool, keys);
  await pool.kill(1);
  const after = await owners(pool, keys);
  t.deepEqual(
    after,
    before.map((owner) => (owner === 2 ? 5 : owner)),
  );
});

test('by key: every worker has its share, and one worker more or less moves hardly more keys than it must', async (t) => {
  const keys = Array.from({ length: 2000 }, (_, i) => `key ${i}`);
  for (const size of [1, 2, 7, 16]) {
    const pool = await pooled(t, size, { route: byKey });
    const before = await owners(pool, keys);
    for (const worker of rounds(size)) {
      const share = before.filter((owner) => owner === worker).length * size;
      t.true(share > 0.5 * keys.length && share < 1.6 * keys.length, `${worker} of ${size}`);
    }
    await pool.inside((self) => self.addWorkers(1));
    const more = await owners(pool, keys);
    const moved = more.filter((owner, i) => owner !== before[i]);
    t.true(moved.every((owner) => owner === size + 1));
    t.true(moved.length < (2 * keys.length) / (size + 1));
    await pool.inside((self) => self.removeWorkers(1));
    const less = await owners(pool, keys);
    t.true(less.every((owner, i) => owner === more[i] || more[i] === 1));
  }
});

test('by key: whatever the keys, equal ones stay together while workers come and go', async (t) => {
  const pool = await pooled(t, 3, { route: byKey });
  const key = fc.oneof(fc.string(), fc.integer(), fc.double());
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(key, { maxLength: 20 }), fc.boolean(), async (keys, grows) => {
      const before = await owners(pool, keys);
      const { size } = await pool.inside((self) => self.statistics());
      const oldest = pool.started - size + 1;
      const shrinks = !grows && size > 1;
      await pool.inside((self) => (shrinks ? self.removeWorkers(1) : self.addWorkers(1)));
      const after = await owners(pool, keys);
      t.deepEqual(await owners(pool, keys), after);
      for (const [i, owner] of after.entries())
        t.true(owner === before[i] || (shrinks ? before[i] === oldest : owner === pool.started));
    }),
    { numRuns: 60 },
  );
});

for (const [what, key] of [
  [
    'throws',
    () => {
      throw new Error('no key');
    },
  ],
  ['gives no key', () => ({}) as string],
  ['gives a promise', () => Promise.resolve('a') as never],
] as const) {
  test(`by key: a key function that ${what} ends the pool like a callback, and the call in hand is rejected`, async (t) => {
    const { node, clock, log, spawn } = await poolWorld(t);
    const pool = await spawn((shared) =>
      poolSpec(Hand, { route: consistentHash(key), args: [shared] }),
    );
    const error = await t.throwsAsync(pool.who('a'), { code: 'process-terminated' });
    t.regex(String(error!.cause), /no key|the key of consistentHash must be a string or a number/);
    await clock.settle();
    t.is(node.info().processes, 0);
    t.deepEqual(
      log.filter(({ level }) => level === 'error').map(({ message }) => message),
      ['process crashed'],
    );
    // The same for what nobody waits for: nothing is left behind.
    const other = await spawn((shared) =>
      poolSpec(Hand, { route: consistentHash(key), args: [shared] }),
    );
    node.send(other.pid, 'x');
    await clock.settle();
    t.is(node.processState(other.pid), 'terminated');
    t.is(node.info().slabEntries, 0);
  });
}

test('a worker may be any behaviour, its class needs no init', async (t) => {
  class Plain extends Actor<{ message: string }> {
    static got = 0;
    override handleMessage() {
      Plain.got += 1;
      return undefined as never;
    }
  }
  const { node, clock } = await poolWorld(t);
  class Plains extends Pool<{ message: string }> {
    override init() {
      return poolSpec(Plain);
    }
  }
  const pid = await node.spawn(Plains);
  for (let i = 0; i < 7; i++) node.send(pid, 'x');
  await clock.settle();
  t.is(Plain.got, 7);
  t.is(node.info().processes, 4);
});
