import test from 'ava';
import {
  Actor,
  childSpec,
  noreply,
  startNode,
  Supervisor,
  type ChildSpec,
  type Next,
  type SupervisorSpec,
} from 'tergo';
import { failingAt, tendedAt, workerPlaces } from '../support/child-places.ts';
import { keep, Keeper, stillNode, Tended, type Manners, type Story } from '../support/keeper.ts';
import { closeShared } from '../support/places.ts';
import { waitFor } from '../support/wait-for.ts';

const broken = new Error('broken');

function tended(
  story: Story,
  name: string,
  manners: Manners = {},
  shutdownTimeoutMs = 5000,
): ChildSpec {
  return childSpec(name, Tended, { args: [story, name, manners], shutdownTimeoutMs });
}

test('children start in order, each when the one before is up, and the spawn resolves with the last', async (t) => {
  const { node, clock } = await stillNode(t);
  const story: Story = [];
  const gates = ['a', 'b', 'c'].map((name) => [name, Promise.withResolvers<void>()] as const);
  const children = gates.map(([name, { promise }]) =>
    tended(story, name, { onInit: () => promise }),
  );
  const spawned = node.spawn(Keeper, { args: [{ strategy: 'one-for-one', children }, story] });
  const upToNow: Story = [];
  for (const [name, { resolve }] of gates) {
    await clock.settle();
    t.deepEqual(story, upToNow);
    t.is(node.info().processes, upToNow.length + 2);
    upToNow.push(`up ${name}`);
    resolve();
  }
  const pid = await spawned;
  t.deepEqual(story, upToNow);
  t.is(node.processState(pid), 'sleep');
});

test('an asynchronous init gives the spec, too', async (t) => {
  const { node } = await stillNode(t);
  const story: Story = [];
  await node.spawn(Keeper, {
    args: [async () => ({ strategy: 'one-for-one', children: [tended(story, 'a')] }), story],
  });
  t.deepEqual(story, ['up a']);
});

for (const strategy of ['one-for-one', 'all-for-one', 'rest-for-one'] as const) {
  for (const how of ['throws', 'rejects'] as const) {
    test(`${strategy}: when the init of a child ${how}, those before it end, last first and one by one, and the spawn rejects with that error`, async (t) => {
      const { node, clock } = await stillNode(t);
      const story: Story = [];
      const gate = Promise.withResolvers<void>();
      const fail: Manners = {
        onInit: () => {
          if (how === 'rejects') return Promise.reject(broken);
          throw broken;
        },
      };
      // What traps obeys, and a terminate that lasts is waited for.
      const slow: Manners = { trapExit: true, onTerminate: () => gate.promise };
      const children = [
        ...[tended(story, 'a'), tended(story, 'b', slow), tended(story, 'c')],
        ...[tended(story, 'd', fail), tended(story, 'e')],
      ];
      const spawned = node.spawn(Keeper, { args: [{ strategy, children }, story], name: 'top' });
      const error = t.throwsAsync(spawned);
      await clock.settle();
      t.deepEqual(story, ['up a', 'up b', 'up c', 'down c broken', 'down b broken']);
      gate.resolve();
      t.is(await error, broken);
      t.deepEqual(story.slice(5), ['down a broken']);
      t.is(node.info().processes, 0);
      t.is(node.info().registeredNames, 0);
      t.is(node.info().pendingTimers, 0);
    });
  }
}

test.after.always(closeShared);

for (const place of workerPlaces) {
  const it = place.isThreaded ? test.serial : test;
  for (const strategy of ['one-for-one', 'all-for-one', 'rest-for-one'] as const) {
    it(`${strategy}: a child that does not come up ends those before it, last first, and the spawn rejects with its error${place.title}`, async (t) => {
      let told: Story = [];
      const specOf = (story: Story): SupervisorSpec => {
        told = story;
        const first = ['a', 'b'].map((name) => tendedAt(place, story, name));
        const last = [failingAt(place, 'c', 'broken'), tendedAt(place, story, 'd')];
        return { strategy, children: [...first, ...last] };
      };
      await t.throwsAsync(keep(t, specOf, { place }), { message: 'broken' });
      await waitFor('the end of all', () => told.length === 4);
      t.deepEqual(told, ['up a', 'up b', 'down b broken', 'down a broken']);
    });
  }
}

test('when the init of a child fails, one before it that does not end in time is killed', async (t) => {
  const { node, clock, log } = await stillNode(t);
  const story: Story = [];
  const never = new Promise<never>(() => undefined);
  const deaf: Manners = { onInit: (_ups, self) => void node.send(self.pid, () => never) };
  const gate = Promise.withResolvers<void>();
  const fail: Manners = { onInit: () => gate.promise };
  const children = [tended(story, 'a', deaf, 100), tended(story, 'b', fail)];
  const spawned = node.spawn(Keeper, { args: [{ strategy: 'one-for-one', children }, story] });
  const error = t.throwsAsync(spawned);
  await clock.settle();
  gate.reject(broken);
  await clock.advance(99);
  t.deepEqual(story, ['up a']);
  await clock.advance(1);
  t.is(await error, broken);
  t.deepEqual(story, ['up a', 'down a kill']);
  t.is(log.filter(({ message }) => message.includes('killed')).length, 1);
});

test('a child that ends while others still start is dealt with when all are up', async (t) => {
  const { node, clock } = await stillNode(t);
  const story: Story = [];
  const gate = Promise.withResolvers<void>();
  const children = [tended(story, 'a'), tended(story, 'b', { onInit: () => gate.promise })];
  const spec: SupervisorSpec = { strategy: 'one-for-one', restart: 'permanent', children };
  const spawned = node.spawn(Keeper, { args: [spec, story] });
  await clock.settle();
  node.kill(node.whereis('a')!);
  await clock.settle();
  t.deepEqual(story, ['up a', 'down a kill']);
  gate.resolve();
  await spawned;
  await clock.settle();
  t.deepEqual(story, ['up a', 'down a kill', 'up b', 'up a']);
});

test('a supervisor that takes over its initTimeoutMs, children included, leaves none of them', async (t) => {
  const { node, clock } = await stillNode(t);
  const story: Story = [];
  const never = new Promise<never>(() => undefined);
  const slow = childSpec('b', Tended, {
    ...{ args: [story, 'b', { onInit: () => never }] as [Story, string, Manners] },
    initTimeoutMs: 0,
  });
  const spec: SupervisorSpec = { strategy: 'one-for-one', children: [tended(story, 'a'), slow] };
  const spawned = node.spawn(Keeper, { args: [spec, story], initTimeoutMs: 1000 });
  const error = t.throwsAsync(spawned, { code: 'timeout' });
  await clock.advance(1000);
  await error;
  await clock.settle();
  t.true(story.includes('up a') && story.some((line) => line.startsWith('down a')));
  t.is(node.whereis('a'), undefined);
  await clock.advance(5000);
  t.is(node.whereis('b'), undefined);
  t.like(node.info(), { processes: 0, pendingTimers: 0 });
});

test('of a supervisor that ends while a child is in its init, that child has its time to come up and end in order', async (t) => {
  const { node, clock, log } = await stillNode(t);
  const story: Story = [];
  const gate = Promise.withResolvers<void>();
  const child = (name: string, promise: Promise<void>): ChildSpec =>
    childSpec(name, Tended, {
      ...{ args: [story, name, { onInit: () => promise }] as [Story, string, Manners] },
      ...{ initTimeoutMs: 0, shutdownTimeoutMs: 300 },
    });
  for (const one of [child('a', gate.promise), child('b', new Promise(() => undefined))]) {
    const spec: SupervisorSpec = { strategy: 'one-for-one', children: [one] };
    void t.throwsAsync(node.spawn(Keeper, { name: `over-${one.name}`, args: [spec, story] }));
    await clock.settle();
    node.kill(node.whereis(`over-${one.name}`)!);
  }
  const b = node.whereis('b');
  await clock.advance(299);
  gate.resolve();
  await clock.settle();
  t.deepEqual(story, ['up a', 'down a kill']);
  t.is(log.filter(({ level }) => level === 'error').length, 0);
  t.truthy(b);
  await clock.advance(1);
  t.deepEqual(story, ['up a', 'down a kill']);
  t.like(log.at(-1), { level: 'error', fields: { child: 'b', pid: b, shutdownTimeoutMs: 300 } });
  t.like(node.info(), { processes: 0, pendingTimers: 0, registeredNames: 0 });
});

test('a node that stops while a supervisor starts ends what has started', async (t) => {
  const { node, clock } = await stillNode(t);
  const story: Story = [];
  const gate = Promise.withResolvers<void>();
  const children = [
    ...[tended(story, 'a'), tended(story, 'b', { onInit: () => gate.promise })],
    tended(story, 'c'),
  ];
  const spawned = node.spawn(Keeper, { args: [{ strategy: 'one-for-one', children }, story] });
  const failed = t.throwsAsync(spawned, { code: 'node-terminated' });
  await clock.settle();
  const stopped = node.stop();
  await clock.settle();
  gate.resolve();
  await failed;
  t.deepEqual(await stopped, { killed: [] });
  t.is(story.filter((line) => line.startsWith('up')).length, 2);
  t.is(story.filter((line) => line.startsWith('down')).length, 2);
});

test('a restart that cannot start its child ends the supervisor with that error, siblings first', async (t) => {
  const { node, clock } = await stillNode(t);
  for (const strategy of ['one-for-one', 'all-for-one', 'rest-for-one'] as const) {
    const story: Story = [];
    const once: Manners = {
      onInit: (ups) => {
        if (ups > 0) throw broken;
      },
    };
    const children = [tended(story, 'a'), tended(story, 'b', once), tended(story, 'c')];
    const pid = await node.spawn(Keeper, { args: [{ strategy, children }, story] });
    story.length = 3;
    node.kill(node.whereis('b')!);
    await clock.settle();
    t.is(node.processState(pid), 'terminated');
    t.is(story.at(-1), 'end broken');
    t.is(story.filter((line) => line === 'down a broken').length, 1);
    t.is(node.info().processes, 0);
  }
});

test('a class without init is refused', async (t) => {
  const { node } = await stillNode(t);
  // What JavaScript lets pass.
  class Empty extends (Supervisor as unknown as typeof Actor) {
    override handleMessage(): Next {
      return noreply;
    }
  }
  await t.throwsAsync(node.spawn(Empty), { code: 'incorrect', message: /^init of Empty must be/ });
  t.is(node.info().processes, 0);
});

test('supervisors need no clock but that of their node', async (t) => {
  const node = await startNode('real@localhost', { log: { disableConsole: true } });
  t.teardown(() => node.stopForce());
  const story: Story = [];
  await node.spawn(Keeper, {
    args: [{ strategy: 'rest-for-one', children: [tended(story, 'a'), tended(story, 'b')] }, story],
  });
  t.deepEqual(await node.stop(), { killed: [] });
  t.deepEqual(story, [
    'up a',
    'up b',
    'down b shutdown',
    'down a shutdown',
    'end shutdown by exit',
  ]);
});
