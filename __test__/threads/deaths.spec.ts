import test from 'ava';
import { processName, TergoError, type Node, type Pid } from 'tergo';
import { recordLog } from '../support/log-records.ts';
import { waitFor } from '../support/wait-for.ts';
import type { Command, PuppetProtocol } from './puppet.ts';
import { type Handle, puppet, puppets, threadNode } from './stage.ts';
import { Puppets, Spread, Tree, type TreeProtocol } from './trees.ts';

const behaviors = [puppets, new URL('./trees.ts', import.meta.url)];

/** Each way in which a thread ends, and what its end is told to be. */
const deaths: readonly (readonly [title: string, command: Command, text: RegExp])[] = [
  ['process.exit', { type: 'exit process', code: 7 }, /exit code 7/],
  ['an error that nobody catches', { type: 'throw later' }, /nobody catches this/],
  ['running out of memory', { type: 'eat memory' }, /memory/],
];

const resourceLimits = { maxOldGenerationSizeMb: 32 };

for (const [title, command, text] of deaths) {
  test(`${title} ends a thread with its processes, and the node lives on`, async (t) => {
    const node = await threadNode(t, { behaviors, resourceLimits });
    const log = recordLog(node);
    const victim = await puppet(node, 1, { name: 'victim' });
    const other = await puppet(node, 1);
    const neighbours = [
      await puppet(node, 0, { trapExit: true }),
      await puppet(node, 2, { trapExit: true }),
    ];
    const alias = await other.do('createAlias');
    for (const neighbour of neighbours) {
      await neighbour.do('link', victim.pid);
      await neighbour.do('monitor', other.pid);
      await neighbour.do('monitor', alias);
    }
    const unanswered = neighbours[1]!.do<[string, TergoError]>(
      'callAndTell',
      other.pid,
      { type: 'keep' },
      20_000,
    );
    await waitFor('the call', async () => (await other.do('keptCaller')) !== undefined);
    const own = node.call(other.pid, { type: 'keep' } as never, { timeoutMs: 20_000 });
    victim.tell(command);
    const error = await t.throwsAsync<TergoError>(own);
    t.is(error?.code, 'process-terminated');
    const cause = error?.cause as TergoError | undefined;
    t.is(cause?.code, 'thread-terminated');
    t.regex(cause?.message ?? '', text);
    const [how, late] = await unanswered;
    t.deepEqual([how, late.code], ['rejected', 'process-terminated']);
    for (const neighbour of neighbours) {
      const notices = await neighbour.hears(3);
      t.is(notices.length, 3);
      t.deepEqual(notices.map(({ on }) => on).toSorted(), ['down', 'down', 'exit']);
      for (const notice of notices)
        t.like(notice, { ended: { reason: { code: 'thread-terminated' } } });
    }
    t.is(node.send(victim.pid, 1), 'process-unknown');
    t.is(node.whereis('victim' as never), undefined);
    t.true(
      log.some(
        ({ message, fields }) => message.includes('thread has ended') && fields['thread'] === 1,
      ),
    );
    const fresh = await puppet(node, 1, { name: 'victim' });
    t.not(fresh.pid, victim.pid);
    t.is(node.info().threads[1]!.restarts, 1);
    t.true(node.info().threads[1]!.isUp);
    await neighbours[1]!.do('link', fresh.pid);
    fresh.tell({ type: 'stop' });
    t.like((await neighbours[1]!.hears(4))[3], {
      on: 'exit',
      ended: { pid: fresh.pid, reason: 'normal' },
    });
  });
}

test('what a process sends and logs right before it ends its thread is heard', async (t) => {
  const node = await threadNode(t, { behaviors });
  const log = recordLog(node);
  const [victim, heir] = [await puppet(node, 1), await puppet(node, 2)];
  await t.throwsAsync(victim.do('lastWords', heir.pid, 'farewell'), { code: 'process-terminated' });
  t.deepEqual(await heir.messages(1), ['farewell']);
  await waitFor('the record', () => log.some(({ message }) => message === 'farewell'));
});

for (const home of [0, 2]) {
  test(`a supervisor on thread ${home} restarts the children of a thread that ended`, async (t) => {
    const node = await threadNode(t, { behaviors });
    const branches = [
      ['a', 1],
      ['b', 1],
      ['c', home],
    ] as const;
    const tree = await node.spawn(Tree, { thread: home, args: [branches] });
    const before = await childrenOf(node, tree);
    node.send(before.get('a')!, { type: 'exit process', code: 1 });
    const after = await waitFor('new children', async () => {
      const children = await childrenOf(node, tree);
      const isNew = ['a', 'b'].every((name) => {
        const pid = children.get(name);
        return pid !== undefined && pid !== before.get(name) && node.processList().includes(pid);
      });
      return isNew && children;
    });
    t.is(after.get('c'), before.get('c'));
    t.is(node.whereis('a' as never), after.get('a') as never);
  });
}

test('a pool replaces the workers of a thread that ended', async (t) => {
  const node = await threadNode(t, { behaviors });
  const pool = await node.spawn(Puppets, { args: [6] });
  const victim = await puppet(node, 2);
  victim.tell({ type: 'exit process', code: 1 });
  await victim.gone();
  await waitFor('all seats to be taken again', async () => {
    const asked = Array.from({ length: 12 }, () => node.call(pool, { type: 'who asks' } as never));
    const answers = await Promise.allSettled(asked);
    const workers = answers.map((one) =>
      one.status === 'fulfilled' ? (one.value as unknown[])[1] : undefined,
    );
    return new Set(workers).size === 6 && !workers.includes(undefined);
  });
  t.pass();
});

test('the end of a thread reaches the subscribers of its events, and the producers of those it subscribed to', async (t) => {
  const node = await threadNode(t, { behaviors });
  const producer = await puppet(node, 1);
  const other = await puppet(node, 2);
  await producer.do('announce', 'of the ended', {});
  await other.do('announce', 'of another', { notify: true });
  const subscriber = await puppet(node, 0, { trapExit: true });
  await subscriber.do('linkEvent', 'of the ended');
  await other.do('monitorEvent', 'of the ended');
  await producer.do('monitorEvent', 'of another');
  t.deepEqual(await other.hears(1), [{ on: 'event-start', event: 'of another' }]);
  const reading = (async () => {
    const got = [];
    for await (const { message } of node.subscribe('of the ended' as never)) got.push(message);
    return got;
  })();
  await waitFor('the reader', () => node.info().monitors > 0);
  await producer.do('publish', 'of the ended', 'last');
  await subscriber.messages(1);
  producer.tell({ type: 'exit process', code: 1 });
  const terminated = { reason: { code: 'thread-terminated' } };
  t.like(await subscriber.hears(2), [{ on: 'event' }, { on: 'exit', ended: terminated }]);
  const heard = (await other.hears(4)).slice(1);
  t.deepEqual(heard.map(({ on }) => on).toSorted(), ['down', 'event', 'event-stop']);
  const [how] = await Promise.allSettled([reading]);
  t.true(how.status === 'rejected' || (how.value as unknown[])[0] === 'last');
  await t.throwsAsync(subscriber.do('monitorEvent', 'of the ended'), { code: 'event-unknown' });
  await other.do('announce', 'of the ended', {});
});

test('what a process of a thread that ended was called is free, and what it had spawned hears of it', async (t) => {
  const node = await threadNode(t, { behaviors });
  const parent = await puppet(node, 1, { name: 'free soon' });
  const tied = { thread: 2, linkParent: true, args: [{}], logLevel: 'disabled' };
  const child = await parent.do<Handle['pid']>('spawnPuppet', tied);
  const alone = await parent.do<Handle['pid']>('spawnPuppet', { thread: 2, args: [{}] });
  const alias = await parent.do('createAlias');
  parent.tell({ type: 'exit process', code: 1 });
  await waitFor('the end of the child', () => !node.processList().includes(child));
  t.true(node.processList().includes(alone));
  t.is(node.send(alias as never, 1 as never), 'alias-unknown');
  const heir = await puppet(node, 2, { name: 'free soon' });
  t.is(node.whereis('free soon' as never), heir.pid);
  const restarts = (): number => node.info().threads[1]!.restarts;
  await waitFor('the thread to be back', () => restarts() === 1 && node.info().threads[1]!.isUp);
});

for (const mode of ['permanent', 'transient', 'temporary'] as const) {
  test(`the end of a thread is that of a member of a ${mode} application`, async (t) => {
    const node = await threadNode(t, { behaviors });
    await node.applications.load(Spread);
    await node.applications.start('spread', { mode });
    const victim = await puppet(node, 1);
    victim.tell({ type: 'exit process', code: 1 });
    await victim.gone();
    const info = (): ReturnType<typeof node.applications.info> => node.applications.info('spread');
    if (mode === 'temporary') {
      await waitFor('the member to be counted out', () => info().processes === 2);
      t.is(info().state, 'running');
      t.deepEqual(await node.applications.stop('spread'), { killed: [] });
    }
    await waitFor('the end', () => info().state === 'loaded');
    const { lastReason } = info();
    if (mode === 'temporary') t.is(lastReason, 'shutdown');
    else t.is((lastReason as TergoError).code, 'thread-terminated');
    await waitFor('all to be over', () => node.processList().length === 0);
    await node.applications.start('spread');
    t.is(info().processes, 3);
  });
}

test('a call that was handed on to a thread that ends rejects', async (t) => {
  const node = await threadNode(t, { behaviors });
  const [from, to, third] = [await puppet(node, 1), await puppet(node, 0), await puppet(node, 2)];
  await third.shut();
  const victim = await puppet(node, 2);
  const request = { type: 'pass on', to: third.pid };
  const asked = from.do<[string, TergoError]>('callAndTell', to.pid, request, 60_000);
  await waitFor('the call', async () => (await node.fetchProcessInfo(third.pid)).mailbox > 0);
  victim.tell({ type: 'exit process', code: 1 });
  const [how, error] = await asked;
  t.deepEqual([how, error.code], ['rejected', 'process-terminated']);
});

test('a call whose caller has ended with its thread is not taken', async (t) => {
  const node = await threadNode(t);
  const [from, to] = [await puppet(node, 1), await puppet(node, 0)];
  const beside = await puppet(node, 1);
  const gate = await to.shut();
  const asked = from.do('callAndTell', to.pid, { type: 'keep' }, 60_000);
  const lost = t.throwsAsync(asked, { code: 'process-terminated' });
  await waitFor('the call', async () => (await node.fetchProcessInfo(to.pid)).mailbox > 0);
  beside.tell({ type: 'exit process', code: 1 });
  const isBack = (): boolean => {
    const { isUp, restarts } = node.info().threads[1]!;
    return isUp && restarts === 1;
  };
  await waitFor('the thread to be back', isBack, 20_000);
  await lost;
  await gate.open();
  t.is(await to.do('keptCaller'), undefined);
});

/** A call that a process of thread 1 hands on; `release` lets that process go on. */
async function handedOn(
  node: Node,
  by: Handle,
  rest: object,
): Promise<{ readonly call: Promise<unknown>; release(): void }> {
  const until = processName<unknown>('go on');
  const request = { type: 'pass on', until, ...rest };
  const call = node.call(by.pid, request as never, { timeoutMs: 600_000 });
  const { pid } = await puppet(node, 0);
  await waitFor('the handing on', () => node.whereis('handed on') !== undefined);
  return { call, release: () => node.registerName(until, pid) };
}

test('a call rejects whose thread has ended before anybody has heard that it was handed on there', async (t) => {
  const node = await threadNode(t);
  const [middle, last] = [await puppet(node, 1), await puppet(node, 2)];
  const { call, release } = await handedOn(node, middle, { to: last.pid });
  // The thread of `middle` does nothing else until then: it has not told anybody.
  last.tell({ type: 'exit process', code: 1 });
  await waitFor('the thread to be back', () => {
    const { isUp, restarts } = node.info().threads[2]!;
    return isUp && restarts === 1;
  });
  release();
  const error = await t.throwsAsync<TergoError>(call, { code: 'process-terminated' });
  t.like(error?.cause, { code: 'thread-terminated' });
});

test('a call that was handed on twice is that of the last, whichever of them tells first', async (t) => {
  const node = await threadNode(t);
  const [first, second] = [await puppet(node, 1), await puppet(node, 2)];
  const last = await puppet(node, 1);
  await last.shut();
  const rest = { to: second.pid, next: last.pid, followers: 40 };
  const { call, release } = await handedOn(node, first, rest);
  // Those that follow have taken the call there, long before its thread comes to tell of it.
  await waitFor('the followers', async () => (await second.seen()).length > 0);
  await node.fetchProcessInfo(second.pid);
  release();
  await waitFor('the call', async () => (await node.fetchProcessInfo(last.pid)).mailbox > 0);
  first.tell({ type: 'exit process', code: 1 });
  const error = await t.throwsAsync<TergoError>(call, { code: 'process-terminated' });
  t.like(error?.cause, { code: 'thread-terminated' });
});

test('a node stops though one of its threads hangs', async (t) => {
  const node = await threadNode(t, { behaviors });
  const hanging = await puppet(node, 1);
  const other = await puppet(node, 2);
  hanging.tell({ type: 'hang', ms: 60_000 });
  await waitFor('the callback', () => node.info().threads[1]!.messagesOut > 0);
  const { killed } = await node.stop({ timeoutMs: 300 });
  t.deepEqual(killed, [hanging.pid]);
  t.false(killed.includes(other.pid));
});

async function childrenOf(
  node: Node,
  tree: Pid<TreeProtocol>,
): Promise<Map<string, Pid<PuppetProtocol>>> {
  return new Map((await node.call(tree, {} as never)) as [string, Pid<PuppetProtocol>][]);
}
