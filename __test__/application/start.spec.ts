import test from 'ava';
import { childSpec, env, envKey, TergoError, type EnvKey, type ExitReason } from 'tergo';
import { childPlaces, failingAt, tendedAt } from '../support/child-places.ts';
import { Tended, type Manners } from '../support/keeper.ts';
import { member, members, theatre } from '../support/troupe.ts';
import { turn, waitFor } from '../support/wait-for.ts';

const failed = 'application-failed';
const noLuck = new Error('no luck');
const fail = (): never => {
  throw noLuck;
};
const never = (): Promise<never> => new Promise(() => undefined);

for (const place of childPlaces) {
  test(`when a member does not come up, those before it end, last first, and the start rejects${place.title}`, async (t) => {
    const { load, node, story, told } = await theatre(t, place);
    const first = ['x', 'y'].map((name) => tendedAt(place, story, name));
    const group = [...first, failingAt(place, 'z', 'no luck')];
    await load({ name: 'a', mode: 'permanent', group });
    const error = await t.throwsAsync(node.applications.start('a'), { code: failed });
    t.like(error?.cause, { message: 'no luck' });
    t.deepEqual(await told(), [
      ...['init a permanent', 'up x', 'up y'],
      ...['down y shutdown', 'down x shutdown', 'terminate a no luck'],
    ]);
    const { state, processes, lastReason } = node.applications.info('a');
    t.deepEqual([state, processes], ['loaded', 0]);
    t.is(lastReason, error?.cause as ExitReason);
  });
}

test('when an asynchronous init of a member rejects, it is the same', async (t) => {
  const { load, node, story, told } = await theatre(t);
  const group = [
    ...members(story, 'x'),
    member(story, 'z', { onInit: () => Promise.reject(noLuck) }),
  ];
  await load({ name: 'a', group });
  const error = await t.throwsAsync(node.applications.start('a'), { code: failed });
  t.is(error?.cause, noLuck);
  t.deepEqual((await told()).slice(-2), ['down x shutdown', 'terminate a no luck']);
});

test('a member whose name is taken makes the start reject', async (t) => {
  const { load, node, story, told } = await theatre(t);
  await load({ name: 'a', group: members(story, 'x') });
  await load({ name: 'b', group: members(story, 'y', 'x') });
  await node.applications.start('a');
  await told();
  const error = await t.throwsAsync(node.applications.start('b'), {
    instanceOf: TergoError,
    code: failed,
  });
  t.true(TergoError.is(error.cause, 'taken'));
  t.deepEqual((await told()).slice(-2), [
    'down y shutdown',
    `terminate b ${(error.cause as Error).message}`,
  ]);
});

test('when init throws, no member starts and terminate does not run', async (t) => {
  const { load, node, story, told } = await theatre(t);
  await load({ name: 'a', group: members(story, 'x') }, { onInit: fail });
  const error = await t.throwsAsync(node.applications.start('a'), { code: failed });
  t.is(error?.cause, noLuck);
  t.deepEqual(await told(), ['init a temporary']);
  t.is(node.applications.info('a').state, 'loaded');
});

test('when start throws, the members end and terminate runs, but not stop', async (t) => {
  const { load, node, story, told } = await theatre(t);
  await load({ name: 'a', group: members(story, 'x') }, { onStart: () => Promise.reject(noLuck) });
  await t.throwsAsync(node.applications.start('a'), { code: failed });
  t.deepEqual((await told()).slice(2), [
    'start a temporary',
    'down x shutdown',
    'terminate a no luck',
  ]);
});

for (const [callback, conduct] of [
  ['init', { onInit: never }],
  ['start', { onStart: never }],
] as const) {
  test(`${callback} has its time, and the error says which option to raise`, async (t) => {
    const { load, node, clock } = await theatre(t);
    await load({ name: 'a', [`${callback}TimeoutMs`]: 100, group: members([], 'x') }, conduct);
    const start = t.throwsAsync(node.applications.start('a'), { code: failed });
    await clock.advance(99);
    t.is(node.applications.info('a').state, 'starting');
    await clock.advance(1);
    const cause = (await start)?.cause;
    t.true(TergoError.is(cause, 'timeout') && cause.message.includes(`${callback}TimeoutMs`));
    t.is(node.applications.info('a').state, 'loaded');
  });
}

test('after a start that failed it can be started again', async (t) => {
  const { load, node, story } = await theatre(t);
  let tries = 0;
  const onInit = (): void => {
    tries += 1;
    if (tries < 3) throw noLuck;
  };
  await load({ name: 'a', group: [member(story, 'x', { onInit })] });
  await t.throwsAsync(node.applications.start('a'), { code: failed });
  await t.throwsAsync(node.applications.start('a'), { code: failed });
  await node.applications.start('a');
  t.is(node.applications.info('a').state, 'running');
});

test('a start that fails also undoes the starts of what it depends on, last first, but of nothing that ran before', async (t) => {
  const { load, node, story, told } = await theatre(t);
  await load({ name: 'ground', group: members(story, 'g') });
  await load({ name: 'one', depends: ['ground'], group: members(story, 'o') });
  await load({ name: 'two', depends: ['one'], group: members(story, 't') });
  await load({ name: 'top', depends: ['two'], group: [member(story, 'x', { onInit: fail })] });
  await node.applications.start('ground');
  await told();
  await t.throwsAsync(node.applications.start('top'), { code: failed });
  t.deepEqual(await told(), [
    ...['init one temporary', 'up o', 'start one temporary'],
    ...['init two temporary', 'up t', 'start two temporary', 'init top temporary'],
    ...['terminate top no luck', 'stop two shutdown', 'down t shutdown', 'terminate two shutdown'],
    ...['stop one shutdown', 'down o shutdown', 'terminate one shutdown'],
  ]);
  t.deepEqual(
    node.applications.list().map(({ name, state }) => `${name} ${state}`),
    ['system running', 'ground running', 'one loaded', 'two loaded', 'top loaded'],
  );
});

test('when one that it depends on does not start, those that did before are undone, too', async (t) => {
  const { load, node, story } = await theatre(t);
  await load({ name: 'ground', group: members(story, 'g') });
  await load({ name: 'bad', group: [member(story, 'x', { onInit: fail })] });
  await load({ name: 'top', depends: ['ground', 'bad'], group: members(story, 'y') });
  await t.throwsAsync(node.applications.start('top'), { code: failed, message: /'bad'/ });
  t.is(node.applications.info('ground').state, 'loaded');
});

test('a start is undone, and says why, beside one whose dependency was stopped and unloaded', async (t) => {
  const { load, node, story } = await theatre(t);
  await load({ name: 'gone', group: members(story, 'g') });
  await load({ name: 'user', depends: ['gone'], group: members(story, 'u') });
  await node.applications.start('user');
  await node.applications.stop('gone');
  node.applications.unload('gone');
  await load({ name: 'ground', group: members(story, 'x') });
  const bad = { name: 'bad', depends: ['ground'], group: [member(story, 'y', { onInit: fail })] };
  await load(bad);
  await t.throwsAsync(node.applications.start('bad'), { code: failed, message: /'bad'/ });
  t.is(node.applications.info('ground').state, 'loaded');
});

test('a stop while it waits for what it depends on gives the start up, which is undone', async (t) => {
  const { load, node, story } = await theatre(t);
  const gate = Promise.withResolvers<void>();
  await load({ name: 'ground', group: members(story, 'g') }, { onInit: () => gate.promise });
  await load({ name: 'a', depends: ['ground'], group: members(story, 'x') });
  const start = t.throwsAsync(node.applications.start('a'), { code: failed });
  t.throws(() => node.applications.unload('a'), { code: 'application-running' });
  await t.throwsAsync(node.applications.start('a'), { message: /is starting/ });
  const stop = node.applications.stop('a');
  gate.resolve();
  t.deepEqual(await stop, { killed: [] });
  const error = await start;
  t.like(error?.cause, { code: 'application-stopping' });
  t.false(story.includes('init a temporary'));
  t.is(node.applications.info('ground').state, 'loaded');
  await node.applications.start('a');
  t.is(node.applications.info('a').state, 'running');
});

test('what another application has come to depend on meanwhile is not undone', async (t) => {
  const { load, node, story } = await theatre(t);
  const gate = Promise.withResolvers<void>();
  await load({ name: 'ground', group: members(story, 'g') });
  await load({ name: 'good', depends: ['ground'], group: members(story, 'x') });
  await load(
    { name: 'bad', depends: ['ground'], group: members(story, 'y') },
    {
      onInit: async () => {
        await gate.promise;
        fail();
      },
    },
  );
  const bad = t.throwsAsync(node.applications.start('bad'), { code: failed });
  await node.applications.start('good');
  gate.resolve();
  await bad;
  t.is(node.applications.info('ground').state, 'running');
  t.is(node.applications.info('good').state, 'running');
});

test('two that start at once start what both depend on once', async (t) => {
  const { load, node, story } = await theatre(t);
  await load({ name: 'ground', group: [member(story, 'g', { onInit: turn })] });
  await load({ name: 'a', depends: ['ground'], group: members(story, 'x') });
  await load({ name: 'b', depends: ['ground'], group: members(story, 'y') });
  await Promise.all([node.applications.start('a'), node.applications.start('b')]);
  t.deepEqual(story.filter((line) => line.startsWith('up')).toSorted(), ['up g', 'up x', 'up y']);
});

test('what starts or runs is not started a second time', async (t) => {
  const { load, node } = await theatre(t);
  await load({ name: 'a', group: members([], 'x') });
  const first = node.applications.start('a');
  await t.throwsAsync(node.applications.start('a'), { code: 'application-running' });
  await first;
  await t.throwsAsync(node.applications.start('a'), { code: 'application-running' });
  const stop = node.applications.stop('a');
  await t.throwsAsync(node.applications.start('a'), { code: 'application-stopping' });
  t.throws(() => node.applications.unload('a'), { code: 'application-stopping' });
  await stop;
  await node.applications.start('a');
});

test('a stop while it starts makes the start reject, and ends what was up', async (t) => {
  const { load, node, story, told } = await theatre(t);
  await load({ name: 'a', group: members(story, 'x') }, { onStart: never });
  const start = t.throwsAsync(node.applications.start('a'), { code: failed });
  await waitFor('the start', () => story.includes('start a temporary'));
  await node.applications.stop('a');
  t.true(TergoError.is((await start)?.cause, 'application-stopping'));
  t.deepEqual((await told()).slice(-2), ['down x shutdown', 'terminate a shutdown']);
});

test('a stop while a member is in its init ends that one, too', async (t) => {
  const { load, node, story } = await theatre(t);
  const gate = Promise.withResolvers<void>();
  await load({ name: 'a', group: [member(story, 'x', { onInit: () => gate.promise })] });
  const start = t.throwsAsync(node.applications.start('a'), { code: failed });
  await waitFor('the init', () => node.info().processes === 1);
  const stop = node.applications.stop('a');
  gate.resolve();
  t.deepEqual(await stop, { killed: [] });
  await start;
  t.is(node.info().processes, 0);
});

const colour: EnvKey<string> = envKey('colour');

test('a process sees its own value, else that of the start, of the spec, of the node', async (t) => {
  const { load, node } = await theatre(t);
  const [own, run, spec, none] = ['own', 'run', 'spec', 'none'].map((name) => envKey<string>(name));
  for (const key of [own, run, spec, none]) node.setEnv(key!, 'node');
  const seen: unknown[] = [];
  const onInit: Manners['onInit'] = (_ups, self) => {
    seen.push(...[own, run, spec, none].map((key) => self.env(key!)));
    seen.push(...['OWN', 'RUN', 'SPEC', 'NONE'].map((key) => self.envList().get(key)));
  };
  await load({
    name: 'a',
    env: [own, run, spec].map((key) => env(key!, 'spec')),
    group: [childSpec('x', Tended, { args: [[], 'x', { onInit }], env: [env(own!, 'own')] })],
  });
  await node.applications.start('a', { env: [own, run].map((key) => env(key!, 'run')) });
  const all = ['own', 'run', 'spec', 'node'];
  t.deepEqual(seen, [...all, ...all]);
  t.is(node.env(run!), 'node');
});

test('the environment of a start lasts for that run only', async (t) => {
  const { load, node } = await theatre(t);
  const seen: unknown[] = [];
  const onInit: Manners['onInit'] = (_ups, self) => void seen.push(self.env(colour));
  await load({ name: 'a', group: [member([], 'x', { onInit })] });
  await node.applications.start('a', { env: [env(colour, 'red')] });
  await node.applications.restart('a', { env: [env(colour, 'blue')] });
  await node.applications.restart('a');
  t.deepEqual(seen, ['red', 'blue', undefined]);
});

test('the environment shows in the information only where the node exposes it', async (t) => {
  const { load, node } = await theatre(t);
  await load({ name: 'a', env: [env(colour, 'red')], group: members([], 'x') });
  await node.applications.start('a');
  t.is(node.applications.info('a').env.size, 0);
});

test('a process is logged from its own level, else from its parent’s, its application’s, its node’s', async (t) => {
  const { load, node } = await theatre(t);
  const group = [
    childSpec('own', Tended, { args: [[], 'own'], logLevel: 'warning' }),
    childSpec('none', Tended, { args: [[], 'none'] }),
  ];
  await load({ name: 'with', logLevel: 'error', group });
  await load({ name: 'without', group: members([], 'other') });
  await node.applications.start('with');
  await node.applications.start('without');
  const levelOf = (name: string) => node.processInfo(node.whereis(name)!).logLevel;
  t.deepEqual(['own', 'none', 'other'].map(levelOf), ['warning', 'error', 'info']);
  node.log.level = 'debug';
  node.applications.setLogLevel('with', 'disabled');
  t.deepEqual(['own', 'none', 'other'].map(levelOf), ['warning', 'disabled', 'debug']);
});

test('what it depends on must still run when its turn comes', async (t) => {
  const { load, node, story, told } = await theatre(t);
  await load({ name: 'brief', group: members(story, 'b') });
  await load(
    { name: 'second', group: members(story, 's') },
    {
      onStart: async (self) => void (await self.node.applications.stop('brief')),
    },
  );
  await load({ name: 'top', depends: ['brief', 'second'], group: members(story, 't') });
  const error = await t.throwsAsync(node.applications.start('top'), {
    code: 'application-depends',
  });
  t.true(error?.message.includes("'brief', which has ended again"), error?.message);
  t.false((await told()).includes('up t'));
  t.is(node.applications.info('second').state, 'loaded');
});
