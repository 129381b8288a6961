import test from 'ava';
import { childSpec } from 'tergo';
import { keep, Keeper, Listener } from '../support/keeper.ts';
import { deafen, never, tended } from './tended.ts';

test('a stubborn child is killed when its time is over, and that is logged; the next one is told then', async (t) => {
  const kept = await keep(t, (story) => ({
    strategy: 'one-for-one',
    children: [tended(story, 'a'), tended(story, 'b', {}, 300), tended(story, 'c')],
  }));
  await kept.told();
  const b = await kept.child('b');
  await deafen(kept, 'b', never);
  const stopped = kept.node.stop();
  await kept.clock.advance(299);
  t.deepEqual(await kept.told(), ['down c shutdown']);
  await kept.clock.advance(1);
  t.deepEqual(await kept.told(), ['down b kill', 'down a shutdown', 'end shutdown by exit']);
  t.deepEqual(await stopped, { killed: [] });
  const reported = kept.log.filter(({ level }) => level === 'error');
  t.is(reported.length, 1);
  t.like(reported[0], {
    message: 'a child did not end in time; it is killed',
    fields: { child: 'b', pid: b, shutdownTimeoutMs: 300 },
  });
});

test('by default a child has five seconds to end, a supervisor as a child has all the time it needs', async (t) => {
  const kept = await keep(t, (story) => ({
    strategy: 'one-for-one',
    children: [
      tended(story, 'a'),
      childSpec('sub', Keeper, {
        args: [{ strategy: 'one-for-one', children: [tended(story, 'leaf', {}, 60_000)] }, story],
      }),
    ],
  }));
  await kept.told();
  const leaf = kept.node.processList().find((pid) => kept.node.processInfo(pid).name === 'leaf')!;
  kept.node.send(leaf as never, (() => never) as never);
  await deafen(kept, 'a', never);
  const stopped = kept.node.stop();
  await kept.clock.advance(59_999);
  t.deepEqual(await kept.told(), []);
  await kept.clock.advance(1);
  t.deepEqual(await kept.told(), ['down leaf kill', 'end shutdown by exit']);
  await kept.clock.advance(4999);
  t.deepEqual(await kept.told(), []);
  await kept.clock.advance(1);
  t.deepEqual(await kept.told(), ['down a kill', 'end shutdown by exit']);
  t.deepEqual(await stopped, { killed: [] });
});

test('a child whose time is 0 is killed without asking', async (t) => {
  const kept = await keep(t, (story) => ({
    strategy: 'one-for-one',
    children: [tended(story, 'a', {}, 0), tended(story, 'b')],
  }));
  await kept.told();
  await kept.ask((self) => self.disableChild('a'));
  t.deepEqual(await kept.told(), ['down a kill']);
  t.deepEqual(
    kept.log.filter(({ level }) => level === 'error'),
    [],
  );
  t.like((await kept.children())[0], { state: 'stopped', isDisabled: true });
});

test('a child that ends by itself just before its time is over is not killed, and its end counts once', async (t) => {
  const gate = Promise.withResolvers<void>();
  const kept = await keep(
    t,
    (story) => ({
      ...{ strategy: 'all-for-one', restart: 'permanent', intensity: 1 },
      children: [tended(story, 'a', {}, 100), tended(story, 'b')],
    }),
    { as: Listener },
  );
  await kept.told();
  await deafen(kept, 'a', gate.promise);
  await kept.end('b', 'kill');
  await kept.clock.advance(99);
  gate.resolve();
  t.deepEqual(await kept.told(), ['down b kill', 'down a kill', 'up a', 'up b']);
  await kept.clock.advance(1000);
  t.deepEqual(await kept.told(), []);
  t.is(kept.heard.filter((line) => line.startsWith('terminated a')).length, 1);
  t.is((await kept.ask((self) => self.restarts())).length, 1);
});

test('a child that is killed when its time is over is restarted with its group, once', async (t) => {
  const kept = await keep(
    t,
    (story) => ({
      ...{ strategy: 'all-for-one', restart: 'permanent', intensity: 1 },
      children: [tended(story, 'a', {}, 100), tended(story, 'b')],
    }),
    { as: Listener },
  );
  await kept.told();
  await deafen(kept, 'a', never);
  await kept.end('b', 'normal');
  t.deepEqual(await kept.told(), ['down b normal']);
  await kept.clock.advance(100);
  t.deepEqual(await kept.told(), ['down a kill', 'up a', 'up b']);
  t.true(kept.isAlive());
  const pids = (await kept.children()).map(({ pid }) => pid!.id);
  t.deepEqual(
    kept.heard.slice(2).map((line) => line.replace(/ \d+/, '')),
    ['terminated b normal', 'terminated a kill', 'started a', 'started b'],
  );
  t.true(
    pids.every((id) =>
      kept.heard.some((line) => line.startsWith('started') && line.endsWith(` ${id}`)),
    ),
  );
});

test('a child is restarted only when the terminate of the one before is over', async (t) => {
  const gate = Promise.withResolvers<void>();
  const kept = await keep(t, (story) => ({
    ...{ strategy: 'one-for-one', restart: 'permanent' },
    children: [tended(story, 'a', { onTerminate: () => gate.promise }), tended(story, 'b')],
  }));
  await kept.told();
  await kept.end('a', 'kill');
  t.deepEqual(await kept.told(), ['down a kill']);
  // Meanwhile it takes care of the others, and answers.
  await kept.end('b', 'kill');
  t.deepEqual(await kept.told(), ['down b kill', 'up b']);
  gate.resolve();
  t.deepEqual(await kept.told(), ['up a']);
});

for (const keepOrder of [false, true]) {
  const how = keepOrder ? 'one by one' : 'at once';
  for (const [strategy, group] of [
    ['rest-for-one', ['b', 'c', 'd']],
    ['all-for-one', ['a', 'b', 'c', 'd']],
  ] as const) {
    test(`${strategy}: siblings stop ${how} as soon as one has ended, and start when its terminate is over`, async (t) => {
      const gate = Promise.withResolvers<void>();
      const kept = await keep(t, (story) => ({
        ...{ strategy, keepOrder, restart: 'permanent', intensity: 1 },
        children: [
          tended(story, 'a'),
          tended(story, 'b', { onTerminate: () => gate.promise }),
          tended(story, 'c'),
          tended(story, 'd'),
        ],
      }));
      await kept.told();
      await kept.end('b', 'kill');
      const others = group.filter((name) => name !== 'b').toReversed();
      // One by one: who comes before it has to wait for it.
      const told = keepOrder ? others.filter((name) => name !== 'a') : others;
      t.deepEqual(await kept.told(), ['down b kill', ...told.map((name) => `down ${name} kill`)]);
      gate.resolve();
      const last = others.filter((name) => !told.includes(name));
      t.deepEqual(await kept.told(), [
        ...last.map((name) => `down ${name} kill`),
        ...group.map((name) => `up ${name}`),
      ]);
      const restarts = (await kept.children()).map((child) => child.restarts);
      t.deepEqual(restarts, [0, 1, 0, 0]);
    });
  }
}

test('rest-for-one: a sibling that ends while one before it is about to is not restarted for itself', async (t) => {
  const gate = Promise.withResolvers<void>();
  const kept = await keep(t, (story) => ({
    ...{ strategy: 'rest-for-one', restart: 'permanent', intensity: 1 },
    children: [tended(story, 'a', { onTerminate: () => gate.promise }), tended(story, 'b')],
  }));
  await kept.told();
  const [a, b] = [await kept.child('a'), await kept.child('b')];
  kept.node.kill(a);
  kept.node.kill(b);
  t.deepEqual(await kept.told(), ['down a kill', 'down b kill']);
  gate.resolve();
  t.deepEqual(await kept.told(), ['up a', 'up b']);
  t.is((await kept.ask((self) => self.restarts())).length, 1);
});

test('a supervisor that is to end waits for the terminate of a child that had ended before', async (t) => {
  const gate = Promise.withResolvers<void>();
  const kept = await keep(t, (story) => ({
    ...{ strategy: 'one-for-one', restart: 'permanent' },
    children: [tended(story, 'a', { onTerminate: () => gate.promise }), tended(story, 'b')],
  }));
  await kept.told();
  await kept.end('a', 'kill');
  kept.node.sendExit(kept.pid, 'shutdown');
  t.deepEqual(await kept.told(), ['down a kill', 'down b shutdown']);
  gate.resolve();
  t.deepEqual(await kept.told(), ['end shutdown by exit']);
});

test('a terminate that takes too long is left behind, and that is logged', async (t) => {
  const gate = Promise.withResolvers<void>();
  const kept = await keep(t, (story) => ({
    ...{ strategy: 'one-for-one', restart: 'permanent' },
    children: [tended(story, 'a', { onTerminate: () => gate.promise }, 200), tended(story, 'b')],
  }));
  await kept.told();
  await kept.end('a', 'kill');
  await kept.clock.advance(199);
  t.deepEqual(await kept.told(), ['down a kill']);
  await kept.clock.advance(1);
  t.deepEqual(await kept.told(), ['up a']);
  const reported = kept.log.filter(({ level }) => level === 'error');
  t.like(reported, [
    { message: 'the terminate of a child is not over in time; it is left behind' },
  ]);
  // When it is over at last, nobody cares.
  gate.resolve();
  t.deepEqual(await kept.told(), []);
  t.deepEqual(
    (await kept.children()).map(({ state, restarts }) => `${state} ${restarts}`),
    ['running 1', 'running 0'],
  );
});
