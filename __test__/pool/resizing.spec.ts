import test from 'ava';
import { Actor, noreply, Pool, poolSpec, type Next } from 'tergo';
import { everyValue } from '../support/bad-values.ts';
import { workerPlaces } from '../support/child-places.ts';
import { closeShared, isReason } from '../support/places.ts';
import { ascending, Hand, pooled, poolWorld, rounds } from '../support/pooled.ts';
import { holdings, holdsAgain } from '../support/witness.ts';

class Sink extends Actor<{ message: unknown }> {
  override handleMessage(): Next {
    return noreply;
  }
}

const broken = new Error('broken');

test.after.always(closeShared);

for (const place of workerPlaces) {
  const it = place.isThreaded ? test.serial : test;

  it(`new workers start all at once, and the pool hands on to them when all are up${place.title}`, async (t) => {
    const gates = new Map<number, PromiseWithResolvers<void>>();
    const onInit = (number: number): Promise<void> | void => {
      if (number <= 2) return;
      gates.set(number, Promise.withResolvers<void>());
      return gates.get(number)!.promise;
    };
    const pool = await pooled(t, 2, {}, { place, shared: { onInit } });
    const added = pool.inside((self) => self.addWorkers(2));
    await pool.settle();
    t.is(pool.started, 4);
    gates.get(4)!.resolve();
    await pool.settle();
    const waiting = pool.cycle(4);
    gates.get(3)!.resolve();
    t.is(await added, 4);
    t.deepEqual(await waiting, [1, 2, 3, 4]);
  });

  for (const how of ['throws', 'rejects'] as const) {
    it(`when the init of an added worker ${how}, the pool is as it was${place.title}`, async (t) => {
      const onInit = async (number: number): Promise<void> => {
        if (number === 4) throw broken;
      };
      const onInitNow = (number: number): void => {
        if (number === 4) throw broken;
      };
      const shared = { onInit: how === 'throws' ? onInitNow : onInit };
      const pool = await pooled(t, 2, {}, { place, shared });
      await pool.settle();
      const before = await holdings(pool.node);
      const error = await t.throwsAsync(pool.inside((self) => self.addWorkers(3)));
      isReason(t, place, error as Error, broken);
      await holdsAgain(pool.node, before);
      t.deepEqual(await pool.cycle(4), rounds(2, 2));
      t.is(await pool.inside((self) => self.addWorkers(1)), 3);
    });
  }

  it(`removed workers are the oldest, end with the reason normal, and do before what waits for them${place.title}`, async (t) => {
    const pool = await pooled(t, 3, {}, { place });
    for (let i = 0; i < 3; i++) pool.node.send(pool.pid, '!hold');
    await pool.settle();
    for (let i = 0; i < 9; i++) pool.node.send(pool.pid, i);
    const call = pool.who();
    await pool.settle();
    t.is(await pool.inside((self) => self.removeWorkers(2)), 1);
    t.is(pool.population(), 4);
    pool.node.send(pool.pid, 'after');
    pool.release();
    await pool.settle();
    t.is(await call, 1);
    t.deepEqual(pool.ends.toSorted(), ['1 normal', '2 normal']);
    t.is(pool.got.length, 10);
    t.is(pool.got.findLast(({ by }) => by === 3)?.item, 'after');
    t.deepEqual(await pool.cycle(2), [3, 3]);
    t.is(pool.population(), 2);
  });

  it(`the round goes on where it was: over the new workers at its end, from the next one when the oldest are gone${place.title}`, async (t) => {
    const pool = await pooled(t, 5, {}, { place });
    t.deepEqual(await pool.cycle(3), [1, 2, 3]);
    await pool.inside((self) => self.addWorkers(2));
    t.deepEqual(await pool.cycle(5), [4, 5, 6, 7, 1]);
    t.deepEqual(await pool.cycle(3), [2, 3, 4]);
    await pool.inside((self) => self.removeWorkers(2));
    t.deepEqual(await pool.cycle(4), [5, 6, 7, 3]);
    await pool.inside((self) => self.removeWorkers(3));
    t.deepEqual(await pool.cycle(3), [6, 7, 6]);
    for (const route of ['round-robin', 'least-loaded'] as const) {
      const other = await pooled(t, 4, { route }, { place });
      await other.cycle(3);
      await other.inside((self) => self.removeWorkers(2));
      t.deepEqual(await other.cycle(2), [4, 3], route);
    }
  });

  it(`a worker that is removed while it starts in the place of another does what waits for it, and ends${place.title}`, async (t) => {
    const gate = Promise.withResolvers<void>();
    const onInit = (number: number): Promise<void> | void => {
      if (number > 2) return gate.promise;
    };
    const pool = await pooled(t, 2, {}, { place, shared: { onInit } });
    for (const index of [0, 1]) await pool.kill(index);
    await pool.settle();
    const calls = [pool.who(), pool.who()];
    await pool.settle();
    t.is(await pool.inside((self) => self.removeWorkers(1)), 1);
    gate.resolve();
    t.deepEqual(ascending(await Promise.all(calls)), [3, 4]);
    await pool.settle();
    t.deepEqual(
      pool.ends.filter((end) => end.endsWith('normal')),
      ['3 normal'],
    );
    t.is(pool.population(), 2);
  });

  it(`a worker that traps exits ends all the same when it is removed${place.title}`, async (t) => {
    const pool = await pooled(t, 2, {}, { place });
    for (let i = 0; i < 2; i++) pool.node.send(pool.pid, '!trap');
    await pool.inside((self) => self.removeWorkers(1));
    await pool.settle();
    t.deepEqual(pool.ends, ['1 normal']);
  });

  it(`nothing is lost and nothing comes twice while workers come and go in the traffic${place.title}`, async (t) => {
    for (const route of ['round-robin', 'least-loaded'] as const) {
      const pool = await pooled(t, 3, { route }, { place });
      let sent = 0;
      for (let round = 0; round < 60; round++) {
        for (let i = 0; i < 40; i++) pool.node.send(pool.pid, sent++);
        const change = pool.inside((self) =>
          round % 3 === 0 ? self.removeWorkers(1) : self.addWorkers((round % 2) + 1),
        );
        for (let i = 0; i < 40; i++) pool.node.send(pool.pid, sent++);
        await change;
      }
      await pool.settle();
      t.is(pool.got.length, sent);
      t.is(new Set(pool.got.map(({ item }) => item)).size, sent);
      const { size } = await pool.inside((self) => self.statistics());
      t.is(pool.population(), size + 1);
    }
  });
}

test('one worker must be left: removing as many or more is pool-empty, and nothing happens', async (t) => {
  const pool = await pooled(t, 3);
  for (const count of [3, 4, 1_000_000]) {
    await t.throwsAsync(
      pool.inside((self) => self.removeWorkers(count)),
      { code: 'pool-empty', message: new RegExp(`^${count} of 3 workers`) },
    );
  }
  t.deepEqual(await pool.cycle(3), rounds(3));
  t.deepEqual(pool.ends, []);
  t.is(await pool.inside((self) => self.removeWorkers(2)), 1);
});

test('a count that is none is refused, and nothing happens', async (t) => {
  const pool = await pooled(t, 2);
  for (const [, value] of everyValue) {
    if (value === 42) continue;
    for (const method of ['addWorkers', 'removeWorkers'] as const) {
      await t.throwsAsync(
        pool.inside((self) => self[method](value as number)),
        { code: 'incorrect', message: /^count must be a whole number from 1/ },
      );
    }
  }
  t.like(await pool.inside((self) => self.statistics()), { size: 2 });
});

test('before init has returned the spec and after the end of the pool there is nothing to change', async (t) => {
  const { spawn, clock, node } = await poolWorld(t);
  const early: unknown[] = [];
  const pool = await spawn(async (shared, self) => {
    for (const change of [() => self.addWorkers(1), () => self.removeWorkers(1)])
      early.push(await change().catch((error: { code: string }) => error.code));
    t.throws(() => self.statistics(), { code: 'not-allowed' });
    return poolSpec(Hand, { args: [shared] });
  });
  t.deepEqual(early, ['not-allowed', 'not-allowed']);
  const self = await pool.inside((one) => one);
  node.kill(pool.pid);
  await clock.settle();
  await t.throwsAsync(self.addWorkers(1), { code: 'not-allowed' });
  await t.throwsAsync(self.removeWorkers(1), { code: 'not-allowed' });
  t.is(node.info().processes, 0);
});

test('a pool tells its statistics, and an inspection the same as text, with what the pool adds', async (t) => {
  const pool = await pooled(t, 2, { workerMailboxSize: 7 });
  await pool.cycle(3);
  const statistics = await pool.inside((self) => self.statistics());
  t.like(statistics, {
    ...{ size: 2, behaviour: 'Hand', workerMailboxSize: 7, route: 'round-robin' },
    ...{ forwarded: 3, dropped: 0, restarts: 0, failedRestarts: 0 },
  });
  t.deepEqual(Object.keys(await pool.node.inspect(pool.pid)), Object.keys(statistics));
  t.deepEqual(await pool.node.inspect(pool.pid, 'size', 'route', 'unknown'), {
    size: '2',
    route: 'round-robin',
  });
  const { workers = '' } = await pool.node.inspect(pool.pid, 'workers');
  const [{ pid } = { pid: undefined }] = statistics.workers;
  t.deepEqual(JSON.parse(workers)[0], { pid: String(pid), isAlive: true, waiting: 0 });
  await pool.inside((self) => {
    self.handleInspect = () => ({ own: 'yes' });
  });
  t.deepEqual(await pool.node.inspect(pool.pid, 'own', 'size'), { size: '2', own: 'yes' });
});

test('a pool without callbacks of its own logs what it gets at high priority and refuses calls', async (t) => {
  const { node, clock, log } = await poolWorld(t);
  class Bare extends Pool<{ message: unknown }> {
    override init() {
      return poolSpec(Sink);
    }
  }
  const pid = await node.spawn(Bare);
  node.send(pid, 1, { priority: 'high' });
  const call = node.call(pid as never, { type: 'who' } as never, { priority: 'max' });
  await t.throwsAsync(call, { code: 'unsupported', message: /Bare has no handleCall/ });
  await clock.settle();
  t.deepEqual(
    log.map(({ message }) => message),
    ['handleMessage is not implemented; the message is lost'],
  );
});
