import test from 'ava';
import type { Node, Pid, PoolStatistics, TergoError } from 'tergo';
import { waitFor } from '../support/wait-for.ts';
import { puppet, puppets, threadNode } from './stage.ts';
import { type Branch, Grove, Puppets, Tree } from './trees.ts';

const behaviors = [puppets, new URL('./trees.ts', import.meta.url)];

/** Ends a thread; resolves when the node knows it. */
async function end(node: Node, thread: number): Promise<void> {
  const victim = await puppet(node, thread);
  const { restarts } = node.info().threads[thread]!;
  victim.tell({ type: 'exit process', code: 1 });
  await waitFor(`the end of thread ${thread}`, () => {
    const now = node.info().threads[thread]!;
    return !now.isUp || now.restarts > restarts;
  });
}

function isUp(node: Node, thread: number): boolean {
  return node.info().threads[thread]!.isUp;
}

function threadOf(pid: Pid<never>): number {
  return 'thread' in pid ? (pid.thread as number) : 0;
}

/** Where they live, in order. */
function threadsOf(pids: readonly Pid<never>[]): readonly number[] {
  return pids.map(threadOf).toSorted((one, other) => one - other);
}

test('a tree is whole again when two threads end one right after the other', async (t) => {
  const branches: readonly Branch[] = [
    ['a', 0],
    ['b', 1],
    ['c', 2],
  ];
  for (let round = 0; round < 4; round++) {
    const node = await threadNode(t, { behaviors });
    await node.spawn(Grove, { args: [2, branches] });
    const other = await puppet(node, 1);
    await end(node, 2);
    // The second one ends while the first is started anew.
    other.tell({ type: 'exit process', code: 1 });
    await other.gone();
    for (const name of ['tree', 'a', 'b', 'c'])
      await waitFor(
        `${name} in round ${round}`,
        () => {
          const pid = node.whereis(name as never);
          return pid !== undefined && node.processList().includes(pid);
        },
        30_000,
      );
    await node.stopForce();
  }
  t.pass();
});

test('a thread that is started anew knows how often others were', async (t) => {
  const node = await threadNode(t, { behaviors });
  await end(node, 1);
  await waitFor('thread 1', () => isUp(node, 1));
  await end(node, 2);
  const there = await puppet(node, 2);
  t.deepEqual(await there.do('threads'), [
    [true, 0],
    [true, 1],
    [true, 1],
  ]);
});

for (const how of ['stop', 'stopForce'] as const) {
  test(`a spawn that waits for its thread is refused by ${how}`, async (t) => {
    const node = await threadNode(t, { behaviors });
    const there = await puppet(node, 2);
    await end(node, 1);
    const far = there.do('spawnPuppet', { thread: 1 });
    const waiting = t.throwsAsync<TergoError>(puppet(node, 1));
    const farWaiting = t.throwsAsync(far);
    await node[how]();
    t.is((await waiting)?.code, 'node-terminated');
    await farWaiting;
  });
}

test('what is set for the node while a thread is started anew holds there, too', async (t) => {
  const node = await threadNode(t, { behaviors });
  await end(node, 1);
  node.log.level = 'error';
  node.setEnv('COLOUR' as never, 'red' as never);
  // Otherwise it could not come up any more.
  const unencodable = (() => 1) as never;
  t.throws(() => node.setEnv('CALLBACK' as never, unencodable), { code: 'unencodable' });
  const back = await puppet(node, 1);
  t.is((await node.fetchProcessInfo(back.pid)).logLevel, 'error');
  t.is(await back.do('env', 'COLOUR'), 'red');
  t.is(await back.do('env', 'CALLBACK'), undefined);
});

test('a pool is spread as before when a thread that ended is back', async (t) => {
  const node = await threadNode(t, { behaviors });
  const pool = await node.spawn(Puppets, { args: [6] });
  const ask = (): Promise<unknown> =>
    node.call(pool, { type: 'who asks' } as never).catch(() => undefined);
  const workersOf = async (): Promise<PoolStatistics['workers']> => {
    const asked = await node.call(pool, {} as never, { priority: 'high' });
    return (asked as unknown as PoolStatistics).workers;
  };
  const before = threadsOf((await workersOf()).map(({ pid }) => pid));
  t.deepEqual(before, [0, 0, 1, 1, 2, 2]);
  await end(node, 1);
  const workers = await waitFor('six workers', async () => {
    await Promise.all(Array.from({ length: 12 }, ask));
    const now = await workersOf();
    return now.every(({ isAlive }) => isAlive) && now;
  });
  t.deepEqual(threadsOf(workers.map(({ pid }) => pid)), before);
});

test('children that may live anywhere are spread as before when a thread that ended is back', async (t) => {
  const node = await threadNode(t, { behaviors });
  const branches = Array.from({ length: 8 }, (_, number): Branch => [`child ${number}`, 'any']);
  const tree = await node.spawn(Tree, { args: [branches] });
  const childrenOf = async (): Promise<readonly Pid<never>[]> => {
    const children = (await node.call(tree, {} as never)) as [string, Pid<never>][];
    return children.map(([, pid]) => pid);
  };
  const before = threadsOf(await childrenOf());
  t.deepEqual(new Set(before), new Set([0, 1, 2]));
  await end(node, 1);
  const after = await waitFor('all children', async () => {
    const pids = await childrenOf();
    return pids.every((pid) => pid !== undefined && node.processList().includes(pid)) && pids;
  });
  t.deepEqual(threadsOf(after), before);
});
