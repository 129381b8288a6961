import test from 'ava';
import {
  childSpec,
  consistentHash,
  Pool,
  poolSpec,
  processName,
  Supervisor,
  type ExitReason,
  type ProcessName,
  type SupervisorSpec,
} from 'tergo';
import { workerPlaces } from '../support/child-places.ts';
import { closeShared } from '../support/places.ts';
import {
  Hand,
  pooled,
  poolWorld,
  TestPool,
  type HandProtocol,
  type Shared,
} from '../support/pooled.ts';

const broken = new Error('broken');
function fail(): never {
  throw broken;
}

const never = new Promise<never>(() => undefined);

for (const how of ['throws', 'rejects'] as const) {
  test(`when the init of a worker ${how}, the others end, then the spawn rejects with that error`, async (t) => {
    const { node, clock, spawn, log } = await poolWorld(t);
    const gate = Promise.withResolvers<void>();
    const ends: string[] = [];
    const onInit = (number: number): Promise<void> | void => {
      if (number !== 3) return;
      if (how === 'rejects') return Promise.reject(broken);
      throw broken;
    };
    const spawned = spawn(
      (shared) => poolSpec(Hand, { size: 5, args: [shared] }),
      {},
      {
        ...{ onInit, ends },
        onTerminate: () => gate.promise,
      },
    );
    const error = t.throwsAsync(spawned);
    await clock.settle();
    t.true(ends.length >= 2 && ends.every((end) => end.endsWith('broken')));
    t.is(node.info().processes, 1);
    gate.resolve();
    t.is(await error, broken);
    t.is(node.info().processes, 0);
    t.deepEqual(log, []);
  });
}

test('a pool whose workers take over its initTimeoutMs to start leaves none of them', async (t) => {
  const { node, clock, spawn } = await poolWorld(t);
  const spawned = spawn(
    (shared) => poolSpec(Hand, { size: 2, args: [shared], initTimeoutMs: 0 }),
    { initTimeoutMs: 100 },
    { onInit: (number) => (number === 1 ? undefined : never) },
  );
  const error = t.throwsAsync(spawned, { code: 'timeout' });
  await clock.advance(100);
  await error;
  await clock.advance(5000);
  t.is(node.info().processes, 0);
});

test.after.always(closeShared);

// What time decides, and what a terminate waits for, is tested on one thread.
for (const place of workerPlaces) {
  const it = place.isThreaded ? test.serial : test;

  for (const reason of ['normal', 'shutdown', 'kill', broken] as readonly ExitReason[]) {
    it(`workers follow the pool that ends by ${reason instanceof Error ? 'an error' : reason}, trapping or not${place.title}`, async (t) => {
      const pool = await pooled(t, 3, {}, { place });
      pool.node.send(pool.pid, '!trap');
      await pool.settle();
      if (reason === 'kill') pool.node.kill(pool.pid);
      else pool.node.sendExit(pool.pid, reason);
      await pool.settle();
      const text = reason instanceof Error ? reason.message : reason;
      t.is(pool.ends[0], `pool ${text}`);
      t.deepEqual(
        pool.ends.slice(1).toSorted(),
        [1, 2, 3].map((number) => `${number} ${text}`),
      );
      t.is(pool.population(), 0);
      t.is(pool.node.info().pendingTimers, 0);
      const errors = pool.log.filter(({ level }) => level === 'error');
      t.is(errors.length, reason instanceof Error ? 1 : 0);
    });
  }

  it(`a crash of any callback of the pool is its end, and that of its workers${place.title}`, async (t) => {
    const callbacks = ['handleMessage', 'handleCall', 'handleEvent', 'handleInspect'] as const;
    for (const callback of callbacks) {
      const pool = await pooled(t, 2, {}, { place });
      await pool.inside((self) => void Object.assign(self, { [callback]: fail }));
      const calls: Record<(typeof callbacks)[number], () => unknown> = {
        handleMessage: () => pool.node.send(pool.pid, 'x', { priority: 'high' }),
        handleCall: () =>
          t.throwsAsync(pool.node.call(pool.pid, { type: 'who' }, { priority: 'high' })),
        handleEvent: () => pool.node.sendExit(pool.pid, broken),
        handleInspect: () => t.throwsAsync(pool.node.inspect(pool.pid)),
      };
      await calls[callback]();
      await pool.settle();
      t.deepEqual(pool.ends.toSorted(), ['1 broken', '2 broken', 'pool broken'], callback);
      t.is(pool.population(), 0);
    }
  });

  it(`a pool that is killed while it adds workers leaves none${place.title}`, async (t) => {
    const gate = Promise.withResolvers<void>();
    const onInit = (number: number): Promise<void> | void =>
      number > 2 ? gate.promise : undefined;
    const pool = await pooled(t, 2, {}, { place, shared: { onInit } });
    const added = t.throwsAsync(pool.inside((self) => self.addWorkers(2)));
    await pool.settle();
    pool.node.kill(pool.pid);
    await pool.settle();
    gate.resolve();
    await added;
    await pool.settle();
    t.is(pool.population(), 0);
    t.is(pool.node.info().pendingTimers, 0);
  });

  it(`calls that wait for a pool or for its worker reject when the pool ends${place.title}`, async (t) => {
    const pool = await pooled(t, 1, {}, { place });
    const gate = Promise.withResolvers<void>();
    pool.node.send(pool.pid, '!hold');
    const atWorker = pool.who();
    await pool.settle();
    pool.node.send(pool.pid, () => gate.promise, { priority: 'high' });
    const atPool = pool.who();
    await pool.settle();
    pool.node.kill(pool.pid);
    await t.throwsAsync(atPool, { code: 'process-terminated' });
    // The worker does what it has in hand, then the end of the pool reaches it.
    gate.resolve();
    pool.release();
    await t.throwsAsync(atWorker, { code: 'process-terminated' });
  });
}

test('a node that stops asks the pool, whose workers follow; a stubborn one is killed in its time, and that is told', async (t) => {
  const pool = await pooled(t, 3, { shutdownTimeoutMs: 300 });
  const { node, clock } = pool;
  for (let i = 0; i < 2; i++) node.send(pool.pid, () => (i === 1 ? never : undefined));
  await clock.settle();
  const stopped = node.stop();
  await clock.advance(299);
  t.deepEqual(pool.ends, ['pool shutdown', '1 shutdown', '3 shutdown']);
  await clock.advance(1);
  t.deepEqual(await stopped, { killed: [] });
  t.is(pool.ends.at(-1), '2 kill');
  const errors = pool.log.filter(({ level }) => level === 'error');
  t.like(errors, [
    { message: 'a worker did not end in time; it is killed', fields: { child: 'worker 2' } },
  ]);
});

test('a pool counts as over when the terminate of its workers is', async (t) => {
  const gate = Promise.withResolvers<void>();
  const pool = await pooled(t, 2, {}, { shared: { onTerminate: () => gate.promise } });
  let isStopped = false;
  const stopped = pool.node.stop().then(() => (isStopped = true));
  await pool.clock.settle();
  t.is(pool.ends.length, 3);
  t.false(isStopped);
  gate.resolve();
  await stopped;
  t.true(isStopped);
});

test('a removed worker that is not done belongs to the pool to the end', async (t) => {
  const pool = await pooled(t, 2, { shutdownTimeoutMs: 100 });
  pool.node.send(pool.pid, () => never);
  await pool.clock.settle();
  await pool.inside((self) => self.removeWorkers(1));
  const stopped = pool.node.stop();
  await pool.clock.advance(100);
  t.deepEqual(await stopped, { killed: [] });
  t.deepEqual(pool.ends.toSorted(), ['1 kill', '2 shutdown', 'pool shutdown']);
});

const name: ProcessName<HandProtocol> = processName('crew');

/** A supervised pool. */
class Team extends Supervisor {
  override init(shared: Shared): SupervisorSpec {
    const specOf = (): ReturnType<TestPool['init']> => poolSpec(Hand, { size: 2, args: [shared] });
    return {
      strategy: 'one-for-one',
      restart: 'permanent',
      children: [childSpec(name, TestPool, { args: [shared, specOf as never] })],
    };
  }
}

test('a supervised pool is restarted when all of its workers are gone, and stops with its supervisor', async (t) => {
  const { node, clock } = await poolWorld(t);
  const gate = Promise.withResolvers<void>();
  const shared: Shared = {
    ...{ started: 0, got: [], ends: [], onInit: () => {} },
    onTerminate: (number) => (number <= 2 ? gate.promise : undefined),
  };
  const team = await node.spawn(Team, { args: [shared] });
  t.is(await node.call(name, { type: 'who' }), 1);
  const first = node.whereis(name)!;
  node.kill(first);
  await clock.settle();
  t.deepEqual(shared.ends, ['pool kill', '1 kill', '2 kill']);
  t.is(node.whereis(name), undefined);
  gate.resolve();
  await clock.settle();
  t.is(await node.call(name, { type: 'who' }), 3);
  node.sendExit(team, 'shutdown');
  await clock.settle();
  t.deepEqual(shared.ends.slice(3), ['pool shutdown', '3 shutdown', '4 shutdown']);
  t.is(node.info().processes, 0);
});

const badOptions: readonly (readonly [options: unknown, says: string])[] = [
  ['four', 'options must be an object'],
  [null, 'options must be an object'],
  [{ size: 0 }, 'options.size must be a whole number from 1'],
  [{ size: -1 }, 'options.size must be'],
  [{ size: 1.5 }, 'options.size must be'],
  [{ size: '3' }, 'options.size must be'],
  [{ size: 1_000_001 }, 'options.size must be'],
  [{ workerMailboxSize: -1 }, 'options.workerMailboxSize must be'],
  [{ workerMailboxSize: Number.NaN }, 'options.workerMailboxSize must be'],
  [{ route: 'random' }, "options.route must be 'round-robin', 'least-loaded' or"],
  [{ route: () => 1 }, 'options.route must be'],
  [{ route: null }, 'options.route must be'],
  [{ shutdownTimeoutMs: -1 }, 'options.shutdownTimeoutMs must be'],
  [{ shutdownTimeoutMs: 'never' }, 'options.shutdownTimeoutMs must be'],
  [{ args: 'x' }, 'options.args must be a list'],
  [{ initTimeoutMs: -1 }, 'options.initTimeoutMs must be'],
  [{ priority: 'urgent' }, 'options.priority must be'],
  [{ logLevel: 'all' }, 'options.logLevel must be'],
  [{ name: 'x' }, 'options.name must be left out'],
  [{ mailboxSize: 1 }, 'options.mailboxSize must be left out'],
  [{ linkParent: false }, 'options.linkParent must be left out'],
  [{ sise: 3 }, 'options.sise must be left out'],
];

test('options that are none are refused at once, with the key named', (t) => {
  for (const [options, says] of badOptions) {
    const error = t.throws(() => poolSpec(Hand, options as never), { code: 'incorrect' });
    t.true(error!.message.startsWith(says), error!.message);
  }
  for (const worker of [undefined, null, 'Hand', Date, {}, new Map()])
    t.throws(() => poolSpec(worker as never), { code: 'incorrect', message: /^worker must be/ });
  for (const key of [undefined, 'id', {}])
    t.throws(() => consistentHash(key as never), { code: 'incorrect', message: /^key must be/ });
});

test('a spec that is none makes the spawn reject before any worker starts', async (t) => {
  const { node, spawn } = await poolWorld(t);
  for (const spec of [undefined, null, {}, { size: 3 }, Hand, 'spec']) {
    for (const given of [spec, Promise.resolve(spec)]) {
      await t.throwsAsync(
        spawn(() => given as never),
        { code: 'incorrect', message: /^spec must be what init returns/ },
      );
    }
  }
  await t.throwsAsync(
    spawn(() => {
      throw broken;
    }),
    { message: 'broken' },
  );
  class Empty extends (Pool as unknown as typeof Hand) {}
  const spawned = node.spawn(Empty, { args: [undefined as never] });
  await t.throwsAsync(spawned, { code: 'incorrect', message: /^init of Empty must be/ });
  t.is(node.info().processes, 0);
});
