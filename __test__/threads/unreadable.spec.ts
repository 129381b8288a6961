import test, { type ExecutionContext } from 'ava';
import type { LogRecord, Node, TergoError } from 'tergo';
import { recordLog } from '../support/log-records.ts';
import { waitFor } from '../support/wait-for.ts';
import { brokenRegExp } from './puppet.ts';
import { fresh, puppet, puppets, threadNode } from './stage.ts';
import { Spread } from './trees.ts';

const TOLD = 'what another thread sent cannot be read, and is lost';

async function loggedNode(t: ExecutionContext): Promise<{ node: Node; log: readonly LogRecord[] }> {
  const node = await threadNode(t);
  return { node, log: recordLog(node) };
}

/** It was told so often, and the scheduler has failed at nothing. */
async function told(t: ExecutionContext, log: readonly LogRecord[], count: number): Promise<void> {
  const records = await waitFor('the log', () => {
    const found = log.filter(({ message }) => message === TOLD);
    return found.length >= count && found;
  });
  t.is(records.length, count);
  t.is((records[0]!.fields['error'] as TergoError).code, 'malformed');
  t.false(log.some(({ message }) => message.includes('scheduler failed')));
  t.false(log.some(({ message }) => message === 'process crashed'));
}

test('a message that cannot be read is lost and told, and its process lives', async (t) => {
  const { node, log } = await loggedNode(t);
  const to = await puppet(node, 1);
  const named = await puppet(node, 1, { splitHandle: true, name: fresh('named') as never });
  t.is(node.send(to.pid, brokenRegExp()), 'ok');
  t.is(node.send(to.pid, { big: new Uint8Array(20_000), part: brokenRegExp() }), 'ok');
  t.is(node.send((await named.do('get', 'name')) as never, brokenRegExp() as never), 'ok');
  t.is(node.send(to.pid, 'next'), 'ok');
  t.deepEqual(await to.messages(1), ['next']);
  t.deepEqual(await named.seen(), []);
  await told(t, log, 3);
  await waitFor('all to be given back', () => node.info().threads[1]!.blobBytes === 0);
});

test('a request that cannot be read rejects its call, and its process lives', async (t) => {
  const { node, log } = await loggedNode(t);
  const to = await puppet(node, 1);
  const request = { type: 'echo', part: brokenRegExp() } as never;
  await t.throwsAsync(node.call(to.pid, request), { code: 'malformed' });
  t.is(await to.do('get', 'pid'), to.pid);
  t.is(node.info().pendingCalls, 0);
  await told(t, log, 1);
});

test('an answer that cannot be read rejects its call', async (t) => {
  const { node, log } = await loggedNode(t);
  const to = await puppet(node, 1);
  await t.throwsAsync(to.do('giveUnreadable'), { code: 'malformed' });
  t.is(await to.do('get', 'pid'), to.pid);
  await told(t, log, 1);
});

test('arguments of a spawn that cannot be read reject it', async (t) => {
  const { node, log } = await loggedNode(t);
  const fails = brokenRegExp() as never;
  await t.throwsAsync(puppet(node, 1, { fails }), { code: 'malformed' });
  t.is(node.info().processes, 0);
  await puppet(node, 1);
  await told(t, log, 1);
});

test('what is published and cannot be read is lost for those of other threads, and the next is not', async (t) => {
  const { node, log } = await loggedNode(t);
  const producer = await puppet(node, 1);
  const far = await puppet(node, 2);
  const event = fresh('odd');
  await producer.do('announce', event, {});
  await far.do('monitorEvent', event);
  await producer.do('publishUnreadable', event);
  await producer.do('publish', event, 'next');
  t.like((await far.hears(1))[0], { on: 'event', message: 'next' });
  await told(t, log, 1);
});

test('an end whose reason cannot be read is heard all the same', async (t) => {
  const { node, log } = await loggedNode(t);
  const target = await puppet(node, 1, { logLevel: 'disabled' });
  const watcher = await puppet(node, 2);
  await watcher.do('monitor', target.pid);
  target.tell({ type: 'crash oddly', how: 'broken part' });
  const [notice] = await watcher.hears(1);
  t.like(notice, { on: 'down', ended: { pid: target.pid, reason: { code: 'malformed' } } });
  await told(t, log, 1);
});

test('an exit signal whose reason cannot be read ends its process all the same', async (t) => {
  const { node, log } = await loggedNode(t);
  const target = await puppet(node, 1, { logLevel: 'disabled' });
  node.sendExit(target.pid, Object.assign(new Error('odd'), { part: brokenRegExp() }));
  await target.gone();
  await told(t, log, 1);
});

test('of a backlog that cannot be read or travel a subscriber of another thread misses that only', async (t) => {
  const { node } = await loggedNode(t);
  const producer = await puppet(node, 1);
  const far = await puppet(node, 2);
  const [mixed, odd] = [fresh('mixed'), fresh('odd')];
  await producer.do('announce', mixed, { buffer: 3 });
  await producer.do('publish', mixed, 1);
  await producer.do('publishFunction', mixed);
  await producer.do('publish', mixed, 3);
  const backlog = await far.do<readonly { readonly message: unknown }[]>('monitorEvent', mixed);
  t.deepEqual(
    backlog.map(({ message }) => message),
    [1, 3],
  );
  await producer.do('announce', odd, { buffer: 3 });
  await producer.do('publishUnreadable', odd);
  t.deepEqual(await far.do('monitorEvent', odd), []);
  await producer.do('publish', odd, 'next');
  t.like((await far.hears(1))[0], { on: 'event', message: 'next' });
});

test('a member of an application whose end cannot be read has left it', async (t) => {
  const node = await threadNode(t, {
    behaviors: [puppets, new URL('./trees.ts', import.meta.url)],
  });
  await node.applications.load(Spread);
  await node.applications.start('spread');
  const member = node.whereis('spread-2' as never)!;
  t.is(node.send(member as never, { type: 'crash oddly', how: 'broken part' } as never), 'ok');
  await waitFor('the end', () => node.applications.info('spread').processes === 2);
  t.pass();
});

test('a record that cannot be read leaves room for the next in a logger of another thread', async (t) => {
  const node = await threadNode(t);
  const logger = await puppet(node, 1);
  node.addLogger('far', logger.pid, { queueSize: 2 });
  for (let times = 0; times < 4; times++) {
    node.log.info('odd', { field: brokenRegExp() });
    const records = (): unknown => node.loggers().find(({ name }) => name === 'far');
    await waitFor('the record to be taken', () => (records() as { queued: number }).queued === 0);
  }
  node.log.info('next');
  await waitFor('the next record', async () =>
    (await logger.seen()).some((notice) => notice.on === 'log' && notice.record.message === 'next'),
  );
  t.pass();
});
