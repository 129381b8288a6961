import test from 'ava';
import type { LogRecord } from 'tergo';
import { waitFor } from '../support/wait-for.ts';
import { type Handle, puppet, threadNode } from './stage.ts';

/** The texts of the records that a puppet has got, once there are so many. */
async function texts(of: Handle, count: number): Promise<readonly string[]> {
  return (await records(of, count)).map(({ message }) => message);
}

async function records(of: Handle, count: number): Promise<readonly LogRecord[]> {
  const notices = await of.hears(count);
  return notices.flatMap((notice) => (notice.on === 'log' ? [notice.record] : []));
}

test('a process of another thread serves as logger: it gets what is written on every thread, and writes nothing itself', async (t) => {
  const node = await threadNode(t);
  const [logger, here, there] = [
    await puppet(node, 1),
    await puppet(node, 0),
    await puppet(node, 2, { name: 'writer' }),
  ];
  node.addLogger('far', logger.pid, { levels: ['info', 'warning'] });
  node.log.info('of the node', { id: 7, callback: () => 1 });
  node.log.error('not wanted');
  await logger.hears(1);
  await here.do('write', 'of thread 0', {});
  await logger.hears(2);
  await there.do('write', 'of thread 2', { count: 3 });
  await logger.do('write', 'of itself', {});
  const taken = await records(logger, 3);
  t.deepEqual(
    taken.map(({ message }) => message),
    ['of the node', 'of thread 0', 'of thread 2'],
  );
  t.like(taken[0], { level: 'info', source: { type: 'node' }, fields: { id: 7 } });
  t.like(taken[2], { fields: { count: 3 }, source: { pid: there.pid, name: 'writer' } });
  t.is((await node.fetchProcessInfo(logger.pid)).logLevel, 'disabled');
  await waitFor('all to be counted', () => node.loggers()[0]?.written === 3);
  t.like(node.loggers()[0], { name: 'far', queued: 0, dropped: 0, failed: 0 });
});

test('records keep their order on the way to a process of another thread', async (t) => {
  const node = await threadNode(t);
  const logger = await puppet(node, 1);
  node.addLogger('far', logger.pid);
  const written = Array.from({ length: 1000 }, (_, index) => `record ${index}`);
  for (const text of written) node.log.info(text);
  t.deepEqual(await texts(logger, 1000), written);
});

test('what such a logger is too slow for is dropped, counted and told, and its mailbox bounds it, too', async (t) => {
  const node = await threadNode(t);
  const logger = await puppet(node, 1, { mailboxSize: 5 });
  node.addLogger('far', logger.pid, { queueSize: 3 });
  const { open } = await logger.shut();
  for (let n = 0; n < 10; n++) node.log.info(`${n}`);
  t.like(node.loggers()[0], { queued: 3, dropped: 7 });
  t.true(node.removeLogger('far'));
  node.addLogger('far', logger.pid, { queueSize: 100 });
  for (let n = 10; n < 20; n++) node.log.info(`${n}`);
  t.like(node.loggers()[0], { queued: 5, dropped: 8 });
  await open();
  const seen = await texts(logger, 6);
  t.deepEqual(seen.slice(0, 5), ['0', '1', '2', '10', '11']);
  t.regex(seen[5] ?? '', /too slow/);
});

test('a process of another thread is one logger at most, and has its log back when it is none', async (t) => {
  const node = await threadNode(t);
  const [logger, other] = [await puppet(node, 1), await puppet(node, 2)];
  node.addLogger('far', logger.pid);
  const twice = { code: 'not-allowed', message: /is the logger 'far' already/ };
  t.throws(() => node.addLogger('second', logger.pid), twice);
  t.throws(() => node.addLogger('far', other.pid), { code: 'taken' });
  t.throws(() => node.addLogger('third', other.pid, { queueSize: 0 }), { code: 'incorrect' });
  node.addLogger('third', other.pid);
  t.true(node.removeLogger('far'));
  node.log.info('not for it');
  await logger.do('write', 'its own again', {});
  const seen = await records(other, 2);
  t.deepEqual(
    seen.map(({ message }) => message),
    ['not for it', 'its own again'],
  );
  t.is((await node.fetchProcessInfo(logger.pid)).logLevel, 'info');
  t.deepEqual(await logger.seen(), []);
});

test('a logger on another thread is removed when its process or its thread ends', async (t) => {
  const node = await threadNode(t);
  const [one, two] = [await puppet(node, 1), await puppet(node, 2)];
  node.addLogger('one', one.pid);
  node.addLogger('two', two.pid);
  one.tell({ type: 'stop' });
  await waitFor('the end', () => !node.info().loggers.includes('one'));
  const again = await puppet(node, 1);
  node.addLogger('one', again.pid);
  two.tell({ type: 'exit process', code: 1 });
  await waitFor('the end', () => !node.info().loggers.includes('two'));
  t.deepEqual(node.info().loggers, ['one']);
  await waitFor('the report', async () => {
    return (await texts(again, 1)).some((text) => text.includes('thread has ended'));
  });
});
