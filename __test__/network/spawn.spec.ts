import test from 'ava';
import {
  Actor,
  Application,
  type ApplicationSpec,
  childSpec,
  cronJobName,
  cronRemoteSpawn,
  env,
  envKey,
  type Next,
  type Pid,
  processName,
  spawnName,
  type SpawnName,
  stop,
} from 'tergo';
import { virtualClock } from 'tergo/testing';
import { ofProcess, recordLog } from '../support/log-records.ts';
import { waitFor } from '../support/wait-for.ts';
import { Puppet, type PuppetOptions, type PuppetProtocol } from '../threads/puppet.ts';
import { fresh, gone, Handle, puppet } from '../threads/stage.ts';
import { networkNode, type Pair, pair, part, showWay } from './cluster.ts';
import { lendSlow, slowSpawn } from './slow-start.ts';

const puppetSpawn: SpawnName<PuppetProtocol, [PuppetOptions?]> = spawnName('puppet');
const mood = envKey<string>('mood');

async function lending(nodes: Pair): Promise<Pair> {
  nodes.b.network.enableSpawn(puppetSpawn, Puppet, { nodes: ['a@localhost'] });
  return nodes;
}

/** A remote process, by its pid on its own node. */
async function handleOf({ b }: Pair, pid: unknown): Promise<Handle> {
  const own = b.processList().find((one) => String(one) === String(pid));
  if (own === undefined) throw new Error(`${String(pid)} is not there`);
  return new Handle(b, own as unknown as Pid<PuppetProtocol>);
}

test('D2: a node spawns on another one, with a name, as the parent and leader', async (t) => {
  const nodes = await lending(await pair(t));
  const peer = await nodes.a.network.connect('b@localhost');
  const name = processName<PuppetProtocol>(fresh('spawned'));
  const pid = await peer.spawn(puppetSpawn, { name });
  t.is(pid.node, 'b@localhost');
  t.is(String(nodes.b.whereis(name)), String(pid));
  const child = await handleOf(nodes, pid);
  t.is(String(await child.do('get', 'parent')), String(nodes.a.pid));
  t.is(String(await child.do('get', 'leader')), String(nodes.a.pid));
  await t.throwsAsync(peer.spawn(puppetSpawn, { name }), { code: 'taken' });
});

for (const thread of [0, 1]) {
  test(`D2: what a node spawns on another one has its log level and environment, on thread ${thread}`, async (t) => {
    const { b } = await lending(await pair(t));
    const a = await networkNode(
      'open@localhost',
      {},
      {
        security: { exposeEnvRemoteSpawn: true },
        env: [env(mood, 'good')],
        log: { disableConsole: true, level: 'error' },
      },
    );
    t.teardown(() => a.stopForce());
    showWay(a, b);
    b.network.enableSpawn(puppetSpawn, Puppet);
    const peer = await a.network.connect(b.name);
    const child = await handleOf({ a, b }, await peer.spawn(puppetSpawn, { thread }));
    const info = await b.fetchProcessInfo(child.pid);
    t.like(info, { logLevel: 'error', thread });
    t.deepEqual([String(info.parent), String(info.leader)], [String(a.pid), String(a.pid)]);
    t.is(await child.do('env', mood), 'good');
  });

  test(`D3, D4: level and environment are those that the process has at the time, and a name is taken once, on thread ${thread}`, async (t) => {
    const { b } = await lending(await pair(t));
    const security = { exposeEnvRemoteSpawn: true };
    const a = await networkNode('open@localhost', {}, { security, threads: 2 });
    t.teardown(() => a.stopForce());
    showWay(a, b);
    b.network.enableSpawn(puppetSpawn, Puppet);
    const parent = await puppet(a, thread, { logLevel: 'error' });
    await parent.do('setEnv', mood, 'set later');
    await parent.do('setLogLevel', 'warning');
    const options = { thread, name: processName(fresh('spawned')) };
    const pid = await parent.do('remoteSpawn', b.name, puppetSpawn, options);
    const child = await handleOf({ a, b }, pid);
    t.is((await b.fetchProcessInfo(child.pid)).logLevel, 'warning');
    t.is(await child.do('env', mood), 'set later');
    t.is(String(b.whereis(options.name)), String(pid));
    const again = parent.do('remoteSpawn', b.name, puppetSpawn, options);
    await t.throwsAsync(again, { code: 'taken' });
  });
}

test('D3, D4: a process spawns on another node; level, parent and leader are its own', async (t) => {
  const nodes = await lending(await pair(t));
  const parent = await puppet(nodes.a, 0, { logLevel: 'error' });
  const pid = await parent.do<Pid>('remoteSpawn', 'b@localhost', puppetSpawn, {});
  const child = await handleOf(nodes, pid);
  t.is(String(await child.do('get', 'parent')), String(parent.pid));
  t.is((await child.do<{ logLevel: string }>('info')).logLevel, 'error');
  const unknown = spawnName('nothing of that name');
  await t.throwsAsync(parent.do('remoteSpawn', 'b@localhost', unknown, {}), {
    code: 'name-unknown',
  });
});

test('what is lent is lent to those who were named, until it is not any more', async (t) => {
  const nodes = await pair(t);
  const peer = await nodes.a.network.connect('b@localhost');
  await t.throwsAsync(peer.spawn(puppetSpawn), {
    code: 'name-unknown',
    message:
      "b@localhost allows a spawn of 'puppet' to nobody; call node.network.enableSpawn there first",
  });
  nodes.b.network.enableSpawn(puppetSpawn, Puppet, { nodes: ['c@localhost'] });
  await t.throwsAsync(peer.spawn(puppetSpawn), {
    code: 'not-allowed',
    message:
      "b@localhost allows a spawn of 'puppet' not to a@localhost; name that in the nodes of enableSpawn there",
  });
  nodes.b.network.enableSpawn(puppetSpawn, Puppet);
  t.is((await peer.spawn(puppetSpawn)).node, 'b@localhost');
  t.true(nodes.b.network.disableSpawn(puppetSpawn));
  await t.throwsAsync(peer.spawn(puppetSpawn), { code: 'name-unknown' });
});

test('the flag for remote spawn turns it off altogether', async (t) => {
  const nodes = await lending(await pair(t, { flags: { remoteSpawn: false } }));
  const peer = await nodes.a.network.connect('b@localhost');
  t.false(peer.info().flags.remoteSpawn);
  await t.throwsAsync(peer.spawn(puppetSpawn), { code: 'unsupported' });
});

test('what init throws rejects the spawn', async (t) => {
  const nodes = await lending(await pair(t));
  const peer = await nodes.a.network.connect('b@localhost');
  const error = await t.throwsAsync(peer.spawn(puppetSpawn, { args: [{ fails: 'not today' }] }));
  t.true(error instanceof RangeError);
  t.is(error?.message, 'not today');
});

test('the environment travels only if the spawning node says so', async (t) => {
  const shy = await lending(await pair(t));
  const parent = await puppet(shy.a, 0, { env: [env(mood, 'good')] });
  const pid = await parent.do('remoteSpawn', 'b@localhost', puppetSpawn, {});
  const child = await handleOf(shy, pid);
  t.is(await child.do('env', mood), undefined);

  const open = await networkNode(
    'open@localhost',
    {},
    {
      security: { exposeEnvRemoteSpawn: true },
      env: [env(mood, 'of the node')],
    },
  );
  t.teardown(() => open.stopForce());
  showWay(open, shy.b);
  shy.b.network.enableSpawn(puppetSpawn, Puppet);
  const teller = await puppet(open, 0, { env: [env(mood, 'good')] });
  const told = await teller.do('remoteSpawn', 'b@localhost', puppetSpawn, {
    env: [env(envKey<number>('own'), 7)],
  });
  const other = await handleOf(shy, told);
  t.is(await other.do('env', mood), 'good');
  t.is(await other.do('env', 'own'), 7);
});

test('a child that is linked from far is heard of, and hears of its parent', async (t) => {
  const nodes = await lending(await pair(t));
  const parent = await puppet(nodes.a, 0, { trapExit: true });
  const options = { linkChild: true, linkParent: true };
  const pid = await parent.do('remoteSpawn', 'b@localhost', puppetSpawn, options);
  const child = await handleOf(nodes, pid);
  child.tell({ type: 'crash', text: 'on purpose' });
  const [notice] = (await parent.hears(1)) as readonly { on: string; ended: { reason: Error } }[];
  t.is(notice?.on, 'exit');
  t.is(notice?.ended.reason.message, 'on purpose');

  const second = await parent.do('remoteSpawn', 'b@localhost', puppetSpawn, options);
  const orphan = await handleOf(nodes, second);
  nodes.a.kill(parent.pid);
  await orphan.gone();
  t.pass();
});

test('a child that is linked to its parent ends when the node of that is lost', async (t) => {
  const nodes = await lending(await pair(t));
  const parent = await puppet(nodes.a, 0);
  const pid = await parent.do('remoteSpawn', 'b@localhost', puppetSpawn, { linkParent: true });
  const child = await handleOf(nodes, pid);
  await part(nodes);
  await child.gone();
  t.pass();
});

test('a process is spawned on the thread of the other node that is asked for', async (t) => {
  const nodes = await lending(await pair(t));
  const parent = await puppet(nodes.a, 0, { logLevel: 'error', trapExit: true });
  const near = await puppet(nodes.b, 1);
  const threadOf = async (options: object): Promise<number | undefined> => {
    const pid = await parent.do('remoteSpawn', 'b@localhost', puppetSpawn, options);
    const child = await handleOf(nodes, pid);
    const { logLevel, parent: above, leader, thread } = await nodes.b.fetchProcessInfo(child.pid);
    t.is(logLevel, 'error');
    t.deepEqual([String(above), String(leader)], [String(parent.pid), String(nodes.a.pid)]);
    return thread;
  };
  t.is(await threadOf({}), 0);
  t.is(await threadOf({ thread: 'here' }), 0);
  t.is(await threadOf({ thread: 0 }), 0);
  t.is(await threadOf({ thread: 1 }), 1);
  t.is(await threadOf({ thread: { near: near.pid } }), 1);
  const any = await Promise.all(Array.from({ length: 8 }, () => threadOf({ thread: 'any' })));
  t.is(new Set(any).size, 2);
  const spawned = parent.do('remoteSpawn', 'b@localhost', puppetSpawn, { thread: 2 });
  await t.throwsAsync(spawned, { code: 'incorrect', message: /below 2/ });
});

test('environment, name and links reach a process on another thread of the other node', async (t) => {
  const nodes = await lending(await pair(t));
  const parent = await puppet(nodes.a, 0, { trapExit: true });
  const name = processName<PuppetProtocol>(fresh('spawned'));
  const own = env(envKey<number>('own'), 7);
  const options = { thread: 1, name, env: [own], linkChild: true, linkParent: true };
  const pid = await parent.do('remoteSpawn', 'b@localhost', puppetSpawn, options);
  t.is(String(nodes.b.whereis(name)), String(pid));
  const child = await handleOf(nodes, pid);
  t.is(await child.do('env', 'own'), 7);
  child.tell({ type: 'crash', text: 'on purpose' });
  const [notice] = await parent.hears(1);
  t.like(notice, { on: 'exit', ended: { reason: { message: 'on purpose' } } });
  const orphan = await handleOf(
    nodes,
    await parent.do('remoteSpawn', 'b@localhost', puppetSpawn, options),
  );
  nodes.a.kill(parent.pid);
  await orphan.gone();
});

test('a linked child that ends at once is heard of, on whichever thread it lives', async (t) => {
  const nodes = await lending(await pair(t));
  const parent = await puppet(nodes.a, 0, { trapExit: true });
  const rounds = 30;
  for (let round = 0; round < rounds; round++) {
    const options = { thread: round % 2, linkChild: true, args: [{ diesAtOnce: true }] };
    await parent.do('remoteSpawn', 'b@localhost', puppetSpawn, options);
  }
  const notices = await parent.hears(rounds);
  t.is(notices.length, rounds);
  for (const notice of notices)
    t.like(notice, { on: 'exit', ended: { reason: { message: 'at once' } } });
});

test('a node that stops ends the children of other nodes, trapping or not, on all threads', async (t) => {
  const nodes = await lending(await pair(t));
  const peer = await nodes.a.network.connect('b@localhost');
  for (const thread of [0, 1])
    await peer.spawn(puppetSpawn, { thread, args: [{ trapExit: true }] });
  t.deepEqual(await nodes.b.stop({ timeoutMs: 10_000 }), { killed: [] });
});

test('a process that comes up after its spawn has timed out is ended, also if it traps exits', async (t) => {
  const b = await networkNode('b@localhost');
  const clock = virtualClock();
  const a = await networkNode('a@localhost', {}, { clock });
  t.teardown(async () => {
    await a.stopForce();
    await b.stopForce();
  });
  showWay(a, b);
  const { begun, finish } = lendSlow(b);
  const parent = await puppet(a, 0);
  const late = parent.do('remoteSpawn', 'b@localhost', slowSpawn, { initTimeoutMs: 60_000 });
  const refused = t.throwsAsync(late, { code: 'timeout' });
  const pid = await begun;
  await clock.advance(65_000);
  await refused;
  t.true(b.processList().includes(pid));
  finish();
  await gone(b, pid);
});

class Hasty extends Actor<{ message: string }> {
  override handleMessage(node: string): Next {
    this.remoteSpawn(node, slowSpawn, { linkParent: true }).catch(() => undefined);
    return stop('shutdown');
  }
}

test('a child with linkParent ends whose parent has ended before its node has heard of it, and is not complained of', async (t) => {
  const { a, b } = await pair(t);
  const log = recordLog(b);
  await a.network.connect(b.name);
  const { begun, finish } = lendSlow(b);
  a.send(await a.spawn(Hasty), b.name);
  const child = await begun;
  finish();
  await gone(b, child);
  t.deepEqual(ofProcess(log, child), []);
});

class Shop extends Application {
  override load(): ApplicationSpec {
    return { name: 'shop', mode: 'temporary', group: [childSpec('keeper', Puppet)] };
  }
}

class ShopThere extends Application {
  override load(): ApplicationSpec {
    const keeper = childSpec('keeper', Puppet, { args: [{}], thread: 1 });
    return { name: 'shop', mode: 'temporary', group: [keeper] };
  }
}

for (const [title, behaviour] of [
  ['on thread 0', Shop],
  ['on thread 1', ShopThere],
] as const)
  test(`D5: an application is started from far, if that is allowed, ${title}`, async (t) => {
    const { a, b } = await pair(t);
    await b.applications.load(behaviour);
    const peer = await a.network.connect('b@localhost');
    await t.throwsAsync(peer.startApplication('shop'), {
      code: 'name-unknown',
      message:
        /^b@localhost allows a start of application 'shop' to nobody; .*enableApplicationStart/,
    });
    await t.throwsAsync(peer.applicationInfo('till'), {
      code: 'application-unknown',
      message: /^there is no application 'till' on b@localhost \(loaded are system, shop\)/,
    });
    b.network.enableApplicationStart('shop', { nodes: ['c@localhost'] });
    await t.throwsAsync(peer.startApplication('shop'), { code: 'not-allowed' });
    b.network.enableApplicationStart('shop');
    t.is((await peer.applicationInfo('shop')).state, 'loaded');
    await peer.startApplication('shop', { mode: 'transient' });
    const info = await peer.applicationInfo('shop');
    t.is(info.state, 'running');
    t.is(info.mode, 'transient');
    await t.throwsAsync(peer.startApplication('shop'), { code: 'application-running' });
    b.network.enableApplicationStart('nothing');
    await t.throwsAsync(peer.startApplication('nothing'), { code: 'application-unknown' });
    t.true(b.network.disableApplicationStart('shop'));
  });

test('the environment travels to an application only if the node that starts it says so', async (t) => {
  const { a, b } = await pair(t);
  const security = { exposeEnvRemoteApplicationStart: true };
  const open = await networkNode('open@localhost', {}, { security });
  t.teardown(() => open.stopForce());
  showWay(open, b);
  await b.applications.load(Shop);
  b.network.enableApplicationStart('shop');
  const own = env(envKey<number>('own'), 7);
  for (const [starter, told] of [
    [a, undefined],
    [open, 'good'],
  ] as const) {
    starter.setEnv(mood, 'good');
    const peer = await starter.network.connect('b@localhost');
    await peer.startApplication('shop', { env: [own] });
    const keeper = new Handle(b, b.whereis(processName<PuppetProtocol>('keeper'))!);
    t.is(await keeper.do('env', mood), told, starter.name);
    t.is(await keeper.do('env', 'own'), 7);
    await b.applications.stop('shop');
  }
});

class Stall extends Application {
  override load(): ApplicationSpec {
    const args: [PuppetOptions] = [{ trapExit: true }];
    return {
      ...{ name: 'stall', mode: 'temporary' },
      group: [
        childSpec('stall here', Puppet, { args, thread: 0 }),
        childSpec('stall there', Puppet, { args, thread: 1 }),
      ],
    };
  }
}

test('an application that is started from far has the node that did so as parent and leader, and its log level', async (t) => {
  const b = await networkNode('b@localhost', {}, { threads: 2 });
  const a = await networkNode('a@localhost', {}, { log: { disableConsole: true, level: 'error' } });
  t.teardown(async () => {
    await a.stopForce();
    await b.stopForce();
  });
  showWay(a, b);
  await b.applications.load(Stall);
  b.network.enableApplicationStart('stall');
  const peer = await a.network.connect('b@localhost');
  await peer.startApplication('stall');
  const { group, logLevel } = b.applications.info('stall');
  t.is(logLevel, 'error');
  for (const [thread, { pid }] of group.entries()) {
    const info = await b.fetchProcessInfo(pid!);
    t.is(info.thread, thread);
    t.deepEqual([String(info.parent), String(info.leader)], [String(a.pid), String(a.pid)]);
    t.is(info.logLevel, 'error');
    t.is(info.application, 'stall');
  }
  // Members obey their own node, trapping or not.
  t.deepEqual(await b.applications.stop('stall', { timeoutMs: 10_000 }), { killed: [] });

  await b.applications.start('stall');
  const [own] = b.applications.info('stall').group;
  t.is(b.applications.info('stall').logLevel, 'info');
  t.is((await b.fetchProcessInfo(own!.pid!)).parent, b.pid);
  await b.applications.stop('stall');
  await peer.startApplication('stall');
  t.deepEqual(await b.stop({ timeoutMs: 10_000 }), { killed: [] });
});

test('a job spawns on another node', async (t) => {
  const { b } = await lending(await pair(t));
  const clock = virtualClock({ startAt: new Date('2026-01-01T00:00:30Z') });
  const a = await networkNode('a@localhost', {}, { clock });
  t.teardown(() => a.stopForce());
  showWay(a, b);
  const name = processName<PuppetProtocol>(fresh('job'));
  const action = cronRemoteSpawn('b@localhost', puppetSpawn, { name });
  t.is(action.description, "spawn 'puppet' on b@localhost");
  a.cron.addJob({ name: 'far', spec: '* * * * *', action });
  // No further: the time of the spawn must not be over before the other node has answered.
  await clock.advance(30_000);
  const pid = await waitFor('the process of the job', () => b.whereis(name));
  t.is(await new Handle(b, pid).do('env', cronJobName), 'far');
});

test('a value of the environment that cannot travel is named as it was given', async (t) => {
  const { b } = await lending(await pair(t));
  b.network.enableApplicationStart('shop');
  const security = { exposeEnvRemoteSpawn: true, exposeEnvRemoteApplicationStart: true };
  const a = await networkNode('open@localhost', {}, { security, env: [env(mood, 'good')] });
  t.teardown(() => a.stopForce());
  showWay(a, b);
  const peer = await a.network.connect('b@localhost');
  const odd = env(envKey<unknown>('odd'), { at: [() => 1] });
  const given = { code: 'unencodable', message: /^env\[1\]\.at\[0\] is / } as const;
  const options = { env: [env(mood, 'better'), odd] };
  await t.throwsAsync(peer.spawn(puppetSpawn, options), given);
  await t.throwsAsync(peer.startApplication('shop', options), given);
  a.setEnv(odd.key, odd.value);
  const inherited = { code: 'unencodable', message: /^env\.ODD\.at\[0\] is / } as const;
  await t.throwsAsync(peer.spawn(puppetSpawn, {}), inherited);
  await t.throwsAsync(peer.startApplication('shop'), inherited);
});

test('a wrong remote spawn is refused at once', async (t) => {
  const { a } = await pair(t);
  const peer = await a.network.connect('b@localhost');
  const action = cronRemoteSpawn(a.name, puppetSpawn);
  const job = { name: 'own', spec: '* * * * *', action };
  t.throws(() => a.cron.addJob(job), { code: 'incorrect', message: /use cronSpawn/ });
  for (const name of [undefined, 7, '', {}, 'x'.repeat(256)])
    await t.throwsAsync(peer.spawn(name as never), { code: 'incorrect', message: /^name must/ });
  t.true(peer.isConnected);
  const parent = await puppet(a, 0);
  await t.throwsAsync(parent.do('remoteSpawn', 'b', puppetSpawn, {}), { code: 'incorrect' });
  await t.throwsAsync(parent.do('remoteSpawn', 'a@localhost', puppetSpawn, {}), {
    code: 'not-allowed',
  });
});
