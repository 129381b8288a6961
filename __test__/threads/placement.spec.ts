import test from 'ava';
import {
  Actor,
  cronSend,
  noreply,
  startNode,
  type Next,
  type NodeInfo,
  type TergoError,
} from 'tergo';
import { waitFor } from '../support/wait-for.ts';
import { Puppet } from './puppet.ts';
import { puppet, puppets, threadNode } from './stage.ts';

class Unregistered extends Actor<{ message: string }> {
  override handleMessage(): Next {
    return noreply;
  }
}

test('a behaviour that no other thread knows is refused there with how to register it, and spawned here', async (t) => {
  const node = await threadNode(t);
  const error = await t.throwsAsync<TergoError>(node.spawn(Unregistered, { thread: 1 }));
  t.is(error?.code, 'not-allowed');
  t.regex(error?.message ?? '', /Unregistered .*behaviors: \[new URL/);
  await t.notThrowsAsync(node.spawn(Unregistered, { thread: 0 }));
  await t.notThrowsAsync(node.spawn(Unregistered, { thread: 'here' }));
});

test('a behaviour whose module was loaded twice is refused with an error that names the other one', async (t) => {
  const node = await threadNode(t);
  const url = './puppet.ts?loaded-again';
  const { Puppet: Again } = (await import(url)) as { Puppet: typeof Puppet };
  const error = await t.throwsAsync<TergoError>(node.spawn(Again, { thread: 1, args: [{}] }));
  t.is(error?.code, 'not-allowed');
  t.regex(error?.message ?? '', /Puppet .*another class of this name, .*puppet\.ts#Puppet\./);
});

test("'any' spreads processes over the threads that have the fewest", async (t) => {
  const node = await threadNode(t);
  const spawned = Array.from({ length: 30 }, () =>
    node.spawn(Puppet, { thread: 'any', args: [{}] }),
  );
  await Promise.all(spawned);
  const counts = await waitFor('the counts', () => {
    const all = node.info().threads.map(({ processes }) => processes);
    return all.reduce((sum, one) => sum + one, 0) === 30 && all;
  });
  t.true(
    counts.every((count) => count >= 8),
    `the threads have ${counts.join(', ')} processes`,
  );
});

test("'any' spreads processes however they are spawned", async (t) => {
  const node = await threadNode(t);
  const spawnMany = (count: number): Promise<unknown>[] =>
    Array.from({ length: count }, () => puppet(node, 'any' as never));
  for (let n = 0; n < 30; n++) await puppet(node, 'any' as never);
  const spread = (): number[] => node.info().threads.map(({ processes }) => processes);
  await waitFor('ten each', () => spread().every((count) => count === 10));
  await Promise.all(spawnMany(30));
  await waitFor('twenty each', () => spread().every((count) => count === 20));
  t.pass();
});

test("'any' refuses a class that other threads do not know, though this one has the fewest processes", async (t) => {
  const node = await threadNode(t);
  for (const thread of [1, 1, 2, 2]) await puppet(node, thread);
  const refused = { code: 'not-allowed', message: /Unregistered .*behaviors/ };
  await t.throwsAsync(node.spawn(Unregistered, { thread: 'any' }), refused);
  await t.notThrowsAsync(node.spawn(Unregistered, { thread: 0 }));
  await t.notThrowsAsync(node.spawn(Unregistered));
});

test('near another process is on its thread', async (t) => {
  const node = await threadNode(t);
  const other = await puppet(node, 2);
  const near = await node.spawn(Puppet, { thread: { near: other.pid }, args: [{}] });
  await waitFor('both on thread 2', () => node.info().threads[2]!.processes === 2);
  const here = await node.spawn(Puppet, { thread: { near: node.pid }, args: [{}] });
  t.is(node.processInfo(here).thread, 0);
  t.is(node.info().threads[0]!.processes, 1);
  t.deepEqual(
    node.processList(),
    [other.pid, near, here].toSorted((a, b) => a.id - b.id),
  );
});

test('a thread that the node does not have is refused', async (t) => {
  const node = await threadNode(t);
  for (const thread of [3, -1, 1.5, 'there', { near: 1 }])
    await t.throwsAsync(node.spawn(Puppet, { thread: thread as never, args: [{}] }), {
      code: 'incorrect',
      message: /options\.thread/,
    });
  const other = await startNode('other@localhost', { log: { disableConsole: true } });
  t.teardown(() => other.stop());
  await t.throwsAsync(node.spawn(Puppet, { thread: { near: other.pid }, args: [{}] }), {
    code: 'incorrect',
    message: /options\.thread\.near must be a pid of this node/,
  });
  const both = { near: node.pid, also: 1 };
  await t.throwsAsync(node.spawn(Puppet, { thread: both, args: [{}] }), {
    code: 'incorrect',
    message: /options\.thread\.also/,
  });
});

test('a node with one thread takes every placement that leads there', async (t) => {
  const node = await startNode('one@localhost', { log: { disableConsole: true } });
  t.teardown(() => node.stop());
  for (const thread of ['here', 'any', 0, { near: node.pid }] as const)
    await t.notThrowsAsync(node.spawn(Unregistered, { thread }));
  await t.throwsAsync(node.spawn(Unregistered, { thread: 1 }), { code: 'incorrect' });
  const [only, ...others] = node.info().threads;
  t.deepEqual(others, []);
  t.like(only, { thread: 0, isUp: true, restarts: 0, processes: 4, framesIn: 0 });
});

const wrong: readonly (readonly [title: string, options: object, text: RegExp])[] = [
  ['no threads', { threads: 0 }, /options\.threads/],
  ['too many threads', { threads: 65 }, /options\.threads/],
  ['half a thread', { threads: 1.5 }, /options\.threads/],
  ['threads by another word', { threads: 'all' }, /options\.threads/],
  ['modules that are no list', { threads: 2, behaviors: puppets }, /options\.behaviors/],
  ['a module by its path', { threads: 2, behaviors: ['./puppet.ts'] }, /options\.behaviors\[0\]/],
  [
    'a module that is not there',
    { threads: 2, behaviors: [new URL('./none.ts', import.meta.url)] },
    /none\.ts/,
  ],
  [
    'a module without behaviours',
    { threads: 2, behaviors: [new URL('./stage.ts', import.meta.url)] },
    /stage\.ts/,
  ],
  ['an unknown limit', { threads: 2, resourceLimits: { heap: 1 } }, /resourceLimits/],
  [
    'a value of the environment that cannot be copied',
    { threads: 2, env: [{ key: 'f', value: () => 1 }] },
    /env/,
  ],
];

for (const [title, options, text] of wrong) {
  test(`${title}: the start is refused`, async (t) => {
    const error = await t.throwsAsync<TergoError>(
      startNode('wrong@localhost', { log: { disableConsole: true }, ...options }),
    );
    t.true(['incorrect', 'unencodable'].includes(error?.code ?? ''), String(error));
    t.regex(error?.message ?? '', text);
  });
}

test("'auto' is a thread for each core, and all of them come up", async (t) => {
  const node = await threadNode(t, { threads: 'auto' });
  const { threads } = node.info();
  t.true(threads.length >= 1);
  t.true(threads.every(({ isUp }) => isUp));
});

test('every thread sees the environment of the node, and of the process that spawned', async (t) => {
  const node = await threadNode(t, { env: [{ key: 'COLOUR' as never, value: 'red' }] });
  const parent = await puppet(node, 1, { env: [{ key: 'OWN' as never, value: 1 }] });
  const child = await parent.do('spawnPuppet', {
    thread: 2,
    args: [{}],
    env: [{ key: 'CHILD', value: 2 }],
  });
  const { Handle } = await import('./stage.ts');
  const far = new Handle(node, child as never);
  t.is(await far.do('env', 'colour'), 'red');
  t.is(await far.do('env', 'own'), 1);
  t.is(await far.do('env', 'child'), 2);
  node.setEnv('COLOUR' as never, 'blue' as never);
  await waitFor('the new value', async () => (await far.do('env', 'COLOUR')) === 'blue');
});

test('the counters tell what happens on each thread', async (t) => {
  const node = await threadNode(t);
  const to = await puppet(node, 1);
  for (let n = 0; n < 100; n++) node.send(to.pid, n);
  await to.hears(100);
  to.tell({ type: 'hang', ms: 60 });
  const one = await waitFor('the counters', async () => {
    // Who finds the next frame before it sleeps is not woken.
    await to.do('seen');
    const info = node.info().threads[1]!;
    return info.busyMs > 50 && info.wakeUps > 0 && info;
  });
  t.like(one, { thread: 1, isUp: true, restarts: 0, processes: 1, messagesDropped: 0 });
  t.true(one.messagesIn >= 101 && one.messagesOut >= 101 && one.framesIn >= 101);
  t.true(one.batchesOut > 0 && one.wakeUps > 0 && one.arenaBytes > 0);
  t.true(one.eventLoopDelayMs >= 50);
  const { processes, spawned, terminated } = node.info();
  t.deepEqual([processes, spawned, terminated], [1, 1, 0]);
});

test('the log level of the node is that of all threads', async (t) => {
  const node = await threadNode(t);
  const to = await puppet(node, 2);
  const texts: string[] = [];
  node.addLogger('test', { log: ({ message }) => void texts.push(message) });
  node.log.level = 'error';
  await waitFor(
    'the level',
    async () => (await node.fetchProcessInfo(to.pid)).logLevel === 'error',
  );
  await to.do('write', 'too quiet', {});
  node.log.level = 'warning';
  await waitFor(
    'the level',
    async () => (await node.fetchProcessInfo(to.pid)).logLevel === 'warning',
  );
  await to.do('write', 'loud enough', { callback: () => 1 }).catch(() => undefined);
  await to.do('write', 'loud enough', {});
  await waitFor('the record', () => texts.includes('loud enough'));
  t.false(texts.includes('too quiet'));
});

test('what cannot be known at once of a process of another thread says how to ask', async (t) => {
  const node = await threadNode(t);
  const far = await puppet(node, 1);
  t.throws(() => node.processInfo(far.pid), { code: 'not-allowed', message: /fetchProcessInfo/ });
  t.throws(() => node.processState(far.pid), { code: 'not-allowed', message: /fetchProcessInfo/ });
  t.like(await node.fetchProcessInfo(far.pid), { pid: far.pid, thread: 1 });
  const all = await node.fetchProcessListShortInfo();
  t.deepEqual(
    all.map(({ pid }) => pid),
    [far.pid],
  );
  node.kill(far.pid);
  await far.gone();
  t.is(node.processState(far.pid), 'terminated');
  await t.throwsAsync(node.fetchProcessInfo(far.pid), { code: 'process-unknown' });
});

test('a process of another thread can stop the node', async (t) => {
  const node = await threadNode(t);
  const far = await puppet(node, 1);
  void far.do('stopNode').catch(() => undefined);
  await node.wait(10_000);
  t.false(node.isAlive);
});

test('what the node has counted stays when processes and threads end', async (t) => {
  const node = await threadNode(t);
  const [busy, other] = [await puppet(node, 1), await puppet(node, 1)];
  await busy.shut();
  for (let n = 0; n < 100; n++) node.send(busy.pid, n);
  const before = await waitFor('the messages', () => {
    const info = node.info();
    return info.messagesIn >= info.messagesOut + 100 && info;
  });
  node.kill(busy.pid);
  await waitFor('the end of who has them', () => node.info().messagesDropped >= 100);
  t.true(node.info().messagesIn >= before.messagesIn);
  other.tell({ type: 'exit process', code: 1 });
  await waitFor('the thread to be back', () => {
    const { isUp, restarts } = node.info().threads[1]!;
    return isUp && restarts === 1;
  });
  const after = node.info();
  for (const count of ['spawned', 'messagesIn', 'messagesOut', 'messagesDropped'] as const)
    t.true(after[count] >= before[count], count);
  t.true(after.messagesDropped >= 100);
  t.is(after.spawned - after.terminated, after.processes);
});

test('every thread tells what runs on thread 0, and of the loggers where they are', async (t) => {
  const node = await threadNode(t);
  const far = await puppet(node, 1);
  node.cron.addJob({ name: 'job', spec: '0 0 1 1 *', action: cronSend(far.pid, 'new year') });
  const { applications, applicationsRunning } = node.info();
  await waitFor('the job', async () => {
    const info = await far.do<NodeInfo>('nodeInfo');
    t.like(info, { applications, applicationsRunning });
    return info.cronJobs === 1;
  });
  await t.throwsAsync(far.do('loggers'), { code: 'not-allowed' });
});
