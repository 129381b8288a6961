import test from 'ava';
import type { Node, Pid, PoolStatistics } from 'tergo';
import { recordLog } from '../support/log-records.ts';
import { waitFor } from '../support/wait-for.ts';
import { Mortal } from './herald.ts';
import { gone, Handle, puppets, threadNode } from './stage.ts';
import { Puppets, Spread, Tree, type TreeProtocol } from './trees.ts';
import type { PuppetProtocol } from './puppet.ts';

const behaviors = [puppets, new URL('./trees.ts', import.meta.url)];

async function childrenOf(
  node: Node,
  tree: Pid<TreeProtocol>,
): Promise<Map<string, Pid<PuppetProtocol>>> {
  return new Map((await node.call(tree, {} as never)) as [string, Pid<PuppetProtocol>][]);
}

function threadOf(pid: Pid<never>): number {
  return 'thread' in pid ? (pid.thread as number) : 0;
}

for (const home of [0, 1]) {
  for (const strategy of ['one-for-one', 'all-for-one'] as const) {
    test(`a supervisor on thread ${home} restarts its children where they belong, ${strategy}`, async (t) => {
      const node = await threadNode(t, { behaviors });
      const branches = (
        [
          ['a', 0],
          ['b', 1],
          ['c', 2],
        ] as const
      ).map((one) => one);
      const tree = await node.spawn(Tree, { thread: home, args: [branches, strategy] });
      const before = await childrenOf(node, tree);
      t.deepEqual([...before.values()].map(threadOf), [0, 1, 2]);
      for (const name of ['a', 'b', 'c']) {
        const victim = await waitFor(name, () => node.whereis(name as never));
        node.send(victim as Pid<unknown>, { type: 'crash', text: `crash of ${name}` });
        await gone(node, victim);
        await waitFor(`the next ${name}`, () => {
          const next = node.whereis(name as never);
          return next !== undefined && next !== victim;
        });
      }
      await waitFor('all', async () => (await childrenOf(node, tree)).size === 3);
      const after = await waitFor('the children', async () => {
        const children = await childrenOf(node, tree);
        return [...children.values()].every((pid) => pid !== undefined) && children;
      });
      t.deepEqual([...after.values()].map(threadOf), [0, 1, 2]);
      t.true([...after.entries()].every(([name, pid]) => before.get(name) !== pid));
    });
  }

  test(`a supervisor on thread ${home} that ends takes its children along`, async (t) => {
    const node = await threadNode(t, { behaviors });
    const branches = [
      ['a', 0],
      ['b', 1],
      ['c', 2],
    ] as const;
    const tree = await node.spawn(Tree, { thread: home, args: [branches] });
    t.is(node.processList().length, 4);
    node.sendExit(tree, 'shutdown');
    await waitFor('all to end', () => node.processList().length === 0);
    const again = await node.spawn(Tree, { thread: home, args: [branches] });
    node.kill(again);
    await waitFor('all to end', () => node.processList().length === 0);
    t.pass();
  });

  test(`a pool on thread ${home} spreads its workers over the threads`, async (t) => {
    const node = await threadNode(t, { behaviors });
    const pool = await node.spawn(Puppets, { thread: home, args: [6] });
    const { workers } = await statisticsOf(node, pool);
    const threads = workers.map(({ pid }) => threadOf(pid)).toSorted((a, b) => a - b);
    t.deepEqual(threads, [0, 0, 1, 1, 2, 2]);
    const asked = Array.from({ length: 60 }, (_, n) =>
      node.call(pool, { type: 'who asks', n } as never),
    );
    const answers = (await Promise.all(asked)) as [unknown, unknown, unknown][];
    t.true(answers.every(([from]) => from === node.pid));
    t.is(new Set(answers.map(([, worker]) => worker)).size, 6);
  });

  test(`a pool on thread ${home} replaces workers that ended on other threads`, async (t) => {
    const node = await threadNode(t, { behaviors });
    const pool = await node.spawn(Puppets, { thread: home, args: [3, 'least-loaded'] });
    const before = (await statisticsOf(node, pool)).workers.map(({ pid }) => pid);
    for (const pid of before) node.kill(pid);
    for (const pid of before) await gone(node, pid);
    await waitFor('three new ones', async () => {
      const request = { type: 'who asks' } as never;
      const answers = await Promise.allSettled(
        Array.from({ length: 9 }, () => node.call(pool, request)),
      );
      return answers.every(({ status }) => status === 'fulfilled');
    });
    // What a worker answers may be here before its pool hears that it is up.
    await waitFor('the count', async () => (await statisticsOf(node, pool)).restarts >= 1);
    t.pass();
  });
}

test('a pool that is told where its workers live keeps them there', async (t) => {
  const node = await threadNode(t, { behaviors });
  const pool = await node.spawn(Puppets, { args: [3, 'round-robin', 2] });
  const { workers } = await statisticsOf(node, pool);
  t.deepEqual(
    workers.map(({ pid }) => threadOf(pid)),
    [2, 2, 2],
  );
  const here = await node.spawn(Puppets, { args: [3, 'round-robin', 'here'] });
  t.deepEqual(
    (await statisticsOf(node, here)).workers.map(({ pid }) => threadOf(pid)),
    [0, 0, 0],
  );
});

test('an application has members on several threads, and ends them all', async (t) => {
  const node = await threadNode(t, { behaviors, applications: [Spread] });
  const { group, processes, state } = node.applications.info('spread');
  t.is(state, 'running');
  t.is(processes, 3);
  t.deepEqual(
    group.map(({ pid }) => threadOf(pid!)),
    [0, 1, 2],
  );
  const far = new Handle(node, group[1]!.pid as Handle['pid']);
  t.is(await far.do('get', 'application'), 'spread');
  const child = await far.do<Handle['pid']>('spawnPuppet', { thread: 2, args: [{}] });
  t.is(await new Handle(node, child).do('get', 'application'), 'spread');
  await waitFor('the count', () => node.applications.info('spread').processes === 4);
  await node.applications.stop('spread');
  t.is(node.applications.info('spread').state, 'loaded');
  t.deepEqual(node.processList(), []);
  await node.applications.start('spread');
  t.is(node.applications.info('spread').processes, 3);
});

test('the end of a member of a permanent application on another thread is the end of the application', async (t) => {
  const node = await threadNode(t, { behaviors });
  await node.applications.load(Spread);
  await node.applications.start('spread', { mode: 'permanent' });
  node.kill(node.whereis('spread-2' as never)!);
  await waitFor('the end', () => node.applications.info('spread').state === 'loaded');
  t.deepEqual(node.processList(), []);
});

test('a node that stops ends the processes of all threads in good order', async (t) => {
  const node = await threadNode(t, { behaviors, applications: [Spread] });
  const tree = await node.spawn(Tree, {
    thread: 1,
    args: [
      [
        ['a', 0],
        ['b', 1],
        ['c', 2],
      ],
    ],
  });
  await node.spawn(Puppets, { thread: 2, args: [5] });
  t.true(node.processList().includes(tree));
  t.deepEqual(await node.stop(), { killed: [] });
  t.false(node.isAlive);
});

async function statisticsOf(node: Node, pool: Pid<PuppetProtocol>): Promise<PoolStatistics> {
  return (await node.call(pool, {} as never, { priority: 'high' })) as PoolStatistics;
}

test('a forced stop kills the processes of all threads, runs their terminate and complains of none', async (t) => {
  const node = await threadNode(t, { behaviors: [new URL('./herald.ts', import.meta.url)] });
  const log = recordLog(node);
  for (const thread of [0, 1, 2]) await node.spawn(Mortal, { thread, args: [{}] });
  const { killed } = await node.stopForce();
  t.is(killed.length, 3);
  t.deepEqual(
    log.map(({ message }) => message),
    ['farewell', 'farewell', 'farewell'],
  );
});
