import test from 'ava';
import {
  Actor,
  Application,
  childSpec,
  env,
  envKey,
  noreply,
  startNode,
  TergoError,
  processName,
  type AnyPid,
  type ApplicationSpec,
  type EnvKey,
  type Next,
  type Pid,
  type ProcessName,
} from 'tergo';
import { member, members, theatre, troupe } from '../support/troupe.ts';
import type { Story } from '../support/keeper.ts';
import { childPlaces, tendedAt } from '../support/child-places.ts';
import { Server, type ServerProtocol } from '../support/far-server.ts';
import { behaviors, infoOf } from '../support/places.ts';
import { turnstile } from '../support/turnstile.ts';
import { waitFor } from '../support/wait-for.ts';
import { quietNode } from '../support/witness.ts';

const colour: EnvKey<string> = envKey('colour');

/** Spawns one more when told to. */
class Parent extends Actor<{ message: (pid: Pid<object>) => void }> {
  override async handleMessage(tell: (pid: Pid<object>) => void): Promise<Next> {
    tell(await this.spawn(Parent));
    return noreply;
  }
}

test('an application that starts with the node has its members under their names, and so has what they spawn [L61]', async (t) => {
  const spec = { name: 'shop', env: [env(colour, 'red')], group: [childSpec('till', Parent)] };
  const node = await quietNode(t, {
    applications: [troupe([], spec)],
    security: { exposeEnvInfo: true },
  });
  t.deepEqual(node.processList(), [node.whereis('till')]);
  const till = node.processInfo(node.whereis('till')!);
  t.like(till, { application: 'shop', name: 'till', parent: node.pid, leader: node.pid });
  t.is(till.env.get('COLOUR'), 'red');

  const child = await new Promise<Pid<object>>((resolve) => {
    node.send(node.whereis('till') as Pid<unknown>, resolve);
  });
  const info = node.processInfo(child);
  t.like(info, { application: 'shop', name: undefined });
  t.is(info.env.get('COLOUR'), 'red');
  t.deepEqual(node.applications.processes('shop'), [till.pid, child]);
  t.is(node.applications.info('shop').processes, 2);

  t.throws(() => node.applications.unload('shop'), { code: 'application-running' });
  t.deepEqual(await node.applications.stop('shop'), { killed: [] });
  t.is(node.applications.info('shop').state, 'loaded');
  t.deepEqual(node.processList(), []);
  node.applications.unload('shop');
  t.throws(() => node.applications.info('shop'), { code: 'application-unknown' });
});

for (const place of childPlaces) {
  test(`an application starts only when what it depends on is loaded, and starts that before itself [L61]${place.title}`, async (t) => {
    const { load, node, story, told } = await theatre(t, place);
    await load({ name: 'front', depends: ['back'], group: [tendedAt(place, story, 'f')] });
    const refused = await t.throwsAsync(node.applications.start('front'), {
      code: 'application-depends',
    });
    t.true(refused?.message.includes("'front'") && refused.message.includes("'back'"));
    t.is(node.applications.info('front').state, 'loaded');
    await load({ name: 'back', group: [tendedAt(place, story, 'b')] });
    await node.applications.start('front');
    t.deepEqual(await told(), [
      ...['init back temporary', 'up b', 'start back temporary'],
      ...['init front temporary', 'up f', 'start front temporary'],
    ]);
    t.like(node.info(), { applications: 3, applicationsRunning: 3 });
  });
}

for (const place of childPlaces.filter(({ isThreaded }) => isThreaded)) {
  test(`an application that starts with the node has its members under their names, and so has what they spawn [L61]${place.title}`, async (t) => {
    await turnstile(t);
    const till: ProcessName<ServerProtocol> = processName('till');
    const thread = place.threadOf('till');
    const group = [childSpec(till, Server, { thread, args: [] })];
    const node = await startNode('shop@localhost', {
      ...{ threads: 3, behaviors, log: { disableConsole: true } },
      applications: [troupe([], { name: 'shop', env: [env(colour, 'red')], group })],
      security: { exposeEnvInfo: true },
    });
    t.teardown(() => node.stopForce());
    const pid = node.whereis(till)!;
    t.deepEqual(node.processList(), [pid]);
    const info = await node.fetchProcessInfo(pid);
    t.like(info, { application: 'shop', name: 'till', parent: node.pid, leader: node.pid });
    t.is(info.env.get('COLOUR'), 'red');
    for (const on of [0, 1, 2]) {
      const child = (await node.call(pid, { type: 'spawn', thread: on })) as unknown as AnyPid;
      const spawned = await node.fetchProcessInfo(child);
      t.like(spawned, { application: 'shop', name: undefined, parent: pid });
      t.is(spawned.env.get('COLOUR'), 'red');
    }
    await waitFor('the count', () => node.applications.info('shop').processes === 4);
    t.is(node.applications.processes('shop').length, 4);
    t.like(node.applications.tree('shop'), [
      { pid, name: 'till', behaviour: 'Server', children: { length: 3 } },
    ]);
    const levels = async (): Promise<unknown> =>
      (await Promise.all(node.applications.processes('shop').map((one) => infoOf(node, one)))).map(
        ({ logLevel }) => logLevel,
      );
    node.applications.setLogLevel('shop', 'error');
    await waitFor(
      'the level',
      async () => (await levels())?.toString() === 'error,error,error,error',
    );
    t.throws(() => node.applications.unload('shop'), { code: 'application-running' });
    t.deepEqual(await node.applications.stop('shop'), { killed: [] });
    t.is(node.applications.info('shop').state, 'loaded');
    t.deepEqual(node.processList(), []);
    node.applications.unload('shop');
    t.throws(() => node.applications.info('shop'), { code: 'application-unknown' });
  });
}

test('callbacks and members come in one order when it starts, and in the other when it ends', async (t) => {
  const { load, node, story, told } = await theatre(t);
  await load({ name: 'a', mode: 'permanent', group: members(story, 'x', 'y') });
  await node.applications.start('a');
  t.deepEqual(await told(), ['init a permanent', 'up x', 'up y', 'start a permanent']);
  t.is(node.applications.info('a').lastReason, undefined);
  await node.applications.stop('a');
  const ends = ['stop a shutdown', 'down y shutdown', 'down x shutdown', 'terminate a shutdown'];
  t.deepEqual(await told(), ends);
  t.is(node.applications.info('a').lastReason, 'shutdown');
});

test('one instance lives as long as the application is loaded, over all its runs', async (t) => {
  const { load, node } = await theatre(t);
  const seen = new Set<unknown>();
  await load({ name: 'a', group: members([], 'x') }, { onInit: (self) => void seen.add(self) });
  await node.applications.start('a');
  await node.applications.restart('a');
  await node.applications.restart('a', { timeoutMs: 1000, mode: 'permanent' });
  t.is(seen.size, 1);
  t.like(node.applications.info('a'), { state: 'running', mode: 'permanent' });
});

test('its callbacks know name, node, state, mode, environment and log', async (t) => {
  const { load, node, log } = await theatre(t);
  node.setEnv(envKey('place'), 'here');
  const seen: unknown[] = [];
  const spec = { name: 'a', env: [env(colour, 'red')], group: members([], 'x') };
  await load(spec, {
    onStart: (self) => {
      seen.push(self.name, self.node, self.state, self.mode, self.env(colour));
      seen.push(self.env(envKey('PLACE')), self.env(envKey('none')), self.env(envKey('none'), 7));
      self.log.warning('hello', { n: 1 });
    },
  });
  await node.applications.start('a', { mode: 'transient' });
  t.deepEqual(seen, ['a', node, 'starting', 'transient', 'red', 'here', undefined, 7]);
  t.like(
    log.find(({ message }) => message === 'hello'),
    { level: 'warning', source: { type: 'application', node: node.name, name: 'a' } },
  );
});

test('start and end are told in its log', async (t) => {
  const { load, node, log } = await theatre(t);
  await load({ name: 'a', group: members([], 'x') });
  await node.applications.start('a');
  await node.applications.stop('a');
  t.deepEqual(
    log.map(({ level, message, source }) => [level, message, source.type]),
    [
      ['info', 'application started', 'application'],
      ['info', 'application ended', 'application'],
    ],
  );
});

test('the arguments of a load come to load', async (t) => {
  const { node } = await theatre(t);
  class Sized extends troupe([], { name: 'unused', group: [] }) {
    override load(name: string = '?', size: number = 0) {
      return { name, description: `size ${size}`, group: members([], 'x') };
    }
  }
  t.is(await node.applications.load(Sized, { args: ['a', 3] }), 'a');
  t.is(node.applications.info('a').description, 'size 3');
});

test('info tells all of the spec and of the run', async (t) => {
  const { load, node, clock } = await theatre(t);
  await load({
    ...{ name: 'a', description: 'what it is', version: '1.2.3', mode: 'permanent', weight: 5 },
    ...{ tags: ['blue', 'canary'], logLevel: 'error', env: [env(colour, 'red')] },
    group: members([], 'x', 'y'),
  });
  const loaded = {
    ...{ name: 'a', description: 'what it is', version: '1.2.3', mode: 'permanent', depends: [] },
    ...{ weight: 5, tags: ['blue', 'canary'], logLevel: 'error', state: 'loaded', processes: 0 },
    ...{ uptimeMs: 0, lastReason: undefined, env: new Map<string, unknown>() },
  };
  const ended = ['x', 'y'].map((name) => ({ name, behaviour: 'Tended', pid: undefined }));
  t.deepEqual<unknown, unknown>(node.applications.info('a'), { ...loaded, group: ended });
  await node.applications.start('a', { mode: 'transient' });
  await clock.advance(1500);
  const group = ['x', 'y'].map((name) => ({
    ...{ name, behaviour: 'Tended', pid: node.whereis(name) },
  }));
  t.deepEqual<unknown, unknown>(node.applications.info('a'), {
    ...{ ...loaded, mode: 'transient', state: 'running', processes: 2, uptimeMs: 1500, group },
  });
});

test('weight, tags and log level can be changed while it runs', async (t) => {
  const { load, node } = await theatre(t);
  await load({ name: 'a', tags: ['blue'], group: members([], 'x') });
  await node.applications.start('a');
  node.applications.setWeight('a', 7);
  node.applications.setTags('a', ['green']);
  node.applications.setLogLevel('a', 'debug');
  t.like(node.applications.info('a'), { weight: 7, tags: ['green'], logLevel: 'debug' });
  t.is(node.processInfo(node.whereis('x')!).logLevel, 'debug');
});

test('the tree shows each process below its parent', async (t) => {
  const { load, node } = await theatre(t);
  await load({ name: 'a', group: [childSpec('p', Parent), childSpec('q', Parent)] });
  await node.applications.start('a');
  const spawnBelow = (pid: Pid<never>): Promise<Pid<object>> =>
    new Promise((resolve) => void node.send(pid as Pid<unknown>, resolve));
  const child = await spawnBelow(node.whereis('p')!);
  const grandchild = await spawnBelow(child);
  const leaf = { pid: grandchild, name: undefined, behaviour: 'Parent', children: [] };
  t.deepEqual<unknown, unknown>(node.applications.tree('a'), [
    {
      ...{ pid: node.whereis('p'), name: 'p', behaviour: 'Parent' },
      children: [{ pid: child, name: undefined, behaviour: 'Parent', children: [leaf] }],
    },
    { pid: node.whereis('q'), name: 'q', behaviour: 'Parent', children: [] },
  ]);
  node.kill(child);
  t.deepEqual(
    node.applications.tree('a').map(({ pid }) => pid),
    [node.whereis('p'), node.whereis('q'), grandchild] as Pid<never>[],
  );
});

test('every node has the system application, which runs as long as the node and nobody can stop', async (t) => {
  const { node } = await theatre(t);
  const system = node.applications.list()[0];
  t.like(system, { name: 'system', state: 'running', mode: 'permanent', processes: 0 });
  await t.throwsAsync(node.applications.stop('system'), { code: 'not-allowed' });
  await t.throwsAsync(node.applications.restart('system'), { code: 'not-allowed' });
  await t.throwsAsync(node.applications.start('system'), { code: 'not-allowed' });
  t.throws(() => node.applications.unload('system'), { code: 'not-allowed' });
  t.throws(() => node.applications.setWeight('system', 1), { code: 'not-allowed' });
  t.throws(() => node.applications.setTags('system', []), { code: 'not-allowed' });
  t.throws(() => node.applications.setLogLevel('system', 'debug'), { code: 'not-allowed' });
});

test('after the stop of the node everything about applications is refused', async (t) => {
  const { load, node } = await theatre(t);
  await load({ name: 'a', group: members([], 'x') });
  await node.stop();
  const { applications } = node;
  const code = 'node-terminated';
  await t.throwsAsync(load({ name: 'b', group: members([], 'x') }), { code });
  await t.throwsAsync(applications.start('a'), { code });
  await t.throwsAsync(applications.stop('a'), { code });
  t.throws(() => applications.info('a'), { code });
  t.throws(() => applications.list(), { code });
  t.throws(() => applications.processes('a'), { code });
  t.throws(() => applications.tree('a'), { code });
  t.throws(() => applications.unload('a'), { code });
});

test('an instance that is not loaded says so', (t) => {
  const Alone = troupe([], { name: 'a', group: [member([], 'x')] });
  const error = t.throws(() => new Alone().name, { instanceOf: TergoError, code: 'not-allowed' });
  t.true(error.message.includes('node.applications.load'));
});

test('a node whose application does not start does not start, and has stopped those before it', async (t) => {
  const story: Story = [];
  const fails = member(story, 'y', {
    onInit: () => {
      throw new Error('no luck');
    },
  });
  const applications = [
    troupe(story, { name: 'a', group: members(story, 'x') }),
    troupe(story, { name: 'b', group: [fails] }),
  ];
  const error = await t.throwsAsync(
    startNode('fails@localhost', { applications, log: { disableConsole: true } }),
    { instanceOf: TergoError, code: 'application-failed', message: /'b'.*no luck/ },
  );
  t.is((error.cause as Error).message, 'no luck');
  t.deepEqual(story, [
    ...['init a temporary', 'up x', 'start a temporary', 'init b temporary'],
    ...['terminate b no luck', 'stop a shutdown', 'down x shutdown', 'terminate a shutdown'],
  ]);
});

test('load knows its node and the environment of that, and of the rest that it is not there yet', async (t) => {
  const seen: unknown[] = [];
  class Stall extends Application {
    override load(): ApplicationSpec {
      const error = t.throws(() => this.log, { code: 'not-allowed' });
      seen.push(this.node.name, this.env(colour), this.env(envKey('size'), 5), error?.message);
      const args: [] = [];
      return { name: `stall-${this.env(colour)}`, group: [childSpec('till', Parent, { args })] };
    }
  }
  const node = await quietNode(t, { applications: [Stall], env: [env(colour, 'blue')] });
  t.is(node.applications.info('stall-blue').state, 'running');
  const text = `Stall is just being loaded on ${node.name}: before load has returned the spec there are only node and env`;
  t.deepEqual(seen, [node.name, 'blue', 5, text]);
  t.throws(() => new Stall().node, { code: 'not-allowed', message: /^Stall is not loaded; / });
});
