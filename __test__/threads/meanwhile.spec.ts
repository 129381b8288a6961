import test from 'ava';
import type { Node, Pid } from 'tergo';
import { recordLog } from '../support/log-records.ts';
import { waitFor } from '../support/wait-for.ts';
import type { PuppetProtocol } from './puppet.ts';
import { type Handle, puppet, puppets, threadNode } from './stage.ts';
import { release, SlowSpread, SlowTree, TardyTree, type TreeProtocol } from './trees.ts';

const trees = new URL('./trees.ts', import.meta.url);
const behaviors = [puppets, trees];

async function endThread(node: Node, thread: number): Promise<void> {
  const before = node.info().threads[thread]!.restarts;
  const victim = await puppet(node, thread);
  victim.tell({ type: 'exit process', code: 3 });
  await waitFor('the thread to be back', () => {
    const { restarts, isUp } = node.info().threads[thread]!;
    return restarts > before && isUp;
  });
}

/** Hears which slow puppets have begun to terminate. */
async function warden(node: Node): Promise<Handle> {
  return await puppet(node, 0, { name: 'warden' });
}

async function childrenOf(
  node: Node,
  tree: Pid<TreeProtocol>,
): Promise<Map<string, Pid<PuppetProtocol>>> {
  return new Map((await node.call(tree, {} as never)) as [string, Pid<PuppetProtocol>][]);
}

async function slowChild(node: Node, tree: Pid<TreeProtocol>): Promise<unknown> {
  const [[, pid]] = (await node.call(tree, {} as never)) as [[string, unknown]];
  return pid;
}

test.serial(
  'the terminate of a child on one thread is waited for, though another thread ends',
  async (t) => {
    const node = await threadNode(t, { behaviors });
    const hears = await warden(node);
    const tree = await node.spawn(SlowTree);
    const first = await slowChild(node, tree);
    node.kill(first as Pid<never>);
    t.deepEqual(await hears.messages(1), [{ terminating: 'slow child' }]);
    await endThread(node, 1);
    t.is(await slowChild(node, tree), first);
    release('slow child');
    const second = await waitFor('the next one', async () => {
      const pid = await slowChild(node, tree);
      return pid !== first && pid;
    });
    t.not(second, first);
    const ended = node.stop();
    await hears.gone();
    const again = setInterval(() => release('slow child'), 10);
    await ended;
    clearInterval(again);
  },
);

test.serial(
  'a child whose thread ends while it starts again there is started once more, and its siblings live on',
  async (t) => {
    const node = await threadNode(t, { behaviors });
    const hears = await warden(node);
    const starting = node.spawn(TardyTree);
    await hears.messages(1);
    release('tardy');
    const tree = await starting;
    const before = await childrenOf(node, tree);
    await endThread(node, 1);
    await hears.messages(2);
    await endThread(node, 1);
    await hears.messages(3);
    release('tardy');
    const after = await childrenOf(node, tree);
    t.is(after.get('sibling'), before.get('sibling'));
    t.not(after.get('tardy'), before.get('tardy'));
    t.is(await node.call(after.get('tardy')!, {} as never), 'up' as never);
  },
);

test.serial(
  'an application that stops waits for the terminate of a member, though another thread ends',
  async (t) => {
    const node = await threadNode(t, { behaviors, applications: [SlowSpread] });
    const hears = await warden(node);
    let isStopped = false;
    const stopped = node.applications.stop('slow').then(() => (isStopped = true));
    t.deepEqual(await hears.messages(1), [{ terminating: 'slow member' }]);
    await endThread(node, 1);
    t.false(isStopped);
    t.is(node.applications.info('slow').state, 'stopping');
    release('slow member');
    t.true(await stopped);
  },
);

test.serial(
  'while an application stops its processes spawn nothing, on whichever thread',
  async (t) => {
    const node = await threadNode(t, { behaviors, applications: [SlowSpread] });
    const hears = await warden(node);
    const quick = node.applications.info('slow').group[0]!.pid as Handle['pid'];
    const member = new (await import('./stage.ts')).Handle(node, quick);
    const stopped = node.applications.stop('slow');
    await hears.messages(1);
    for (const thread of [0, 1, 2])
      await t.throwsAsync(member.do('spawnPuppet', { thread, args: [{}] }), {
        code: 'application-stopping',
      });
    release('slow member');
    t.deepEqual(await stopped, { killed: [] });
  },
);

test.serial(
  'a thread that cannot be started again is given up, and spawns there say so',
  async (t) => {
    const flaky = new URL('./flaky.ts', import.meta.url);
    const node = await threadNode(t, { behaviors: [puppets, flaky] });
    const log = recordLog(node);
    process.env['TERGO_TEST_FLAKY'] = 'yes';
    t.teardown(() => delete process.env['TERGO_TEST_FLAKY']);
    const victim = await puppet(node, 1);
    victim.tell({ type: 'exit process', code: 1 });
    await waitFor('the end', () => !node.info().threads[1]!.isUp);
    await t.throwsAsync(puppet(node, 1), { code: 'thread-terminated' });
    t.true(log.some(({ message }) => message.includes('left down')));
    const errors = log.map(({ fields }) => String((fields['error'] as Error | undefined)?.message));
    const why = /^thread 1 has ended: .*flaky\.ts cannot be imported: Error: this module is flaky$/;
    t.true(errors.filter((error) => why.test(error)).length >= 5);
  },
);

test.serial(
  'every thread has the environment, with values that only messages can carry, and again when it is back',
  async (t) => {
    const home = new URL('https://example.org/');
    const node = await threadNode(t, { env: [{ key: 'HOME_URL' as never, value: home }] });
    const keeper = await puppet(node, 2);
    node.setEnv('KEEPER' as never, keeper.pid as never);
    for (let round = 0; round < 2; round++) {
      const one = await puppet(node, 1);
      t.deepEqual(await one.do('env', 'HOME_URL'), home);
      t.is(await one.do('env', 'KEEPER'), keeper.pid);
      if (round === 0) await endThread(node, 1);
    }
  },
);
