import { type Log, type LogRecord, type Node } from 'tergo';
import test, { type ExecutionContext } from 'ava';
import { recordLog } from '../support/log-records.ts';
import { quietNode, spawnWitness } from '../support/witness.ts';

interface Watched {
  readonly node: Node;
  readonly log: Log;
  /** The fields of the last record. */
  readonly last: () => unknown;
}

async function watched(t: ExecutionContext): Promise<Watched> {
  const node = await quietNode(t);
  const records: LogRecord[] = recordLog(node);
  return { node, log: node.log, last: () => records.at(-1)?.fields };
}

test('added fields go with every record, under those of the call', async (t) => {
  const { log, last } = await watched(t);
  t.deepEqual(log.fields, {});
  log.addFields({ order: 7, by: 'shop' });
  log.addFields({ by: 'clerk' });
  log.info('one');
  t.deepEqual(last(), { order: 7, by: 'clerk' });
  log.info('two', { by: 'robot', piece: 1 });
  t.deepEqual(last(), { order: 7, by: 'robot', piece: 1 });
  t.deepEqual(log.fields, { order: 7, by: 'clerk' });
});

test('deleted fields go with no record any more', async (t) => {
  const { log, last } = await watched(t);
  log.deleteFields('nothing there yet');
  log.addFields({ a: 1, b: 2, c: 3 });
  log.deleteFields('a', 'c', 'strange');
  log.info('one');
  t.deepEqual(last(), { b: 2 });
  log.deleteFields('b');
  log.info('two');
  t.deepEqual(last(), {});
});

test('a pop undoes what was added and deleted since the push', async (t) => {
  const { log, last } = await watched(t);
  log.addFields({ a: 1, b: 2 });
  t.is(log.pushFields({ a: 10 }), 1);
  t.deepEqual(log.fields, { a: 10, b: 2 });
  log.deleteFields('b');
  log.addFields({ c: 3 });
  t.is(log.pushFields(), 2);
  log.addFields({ d: 4 });
  log.info('deep');
  t.deepEqual(last(), { a: 10, c: 3, d: 4 });
  t.is(log.popFields(), 1);
  t.deepEqual(log.fields, { a: 10, c: 3 });
  t.is(log.popFields(), 0);
  log.info('back');
  t.deepEqual(last(), { a: 1, b: 2 });
});

test('a pop without a push does nothing', async (t) => {
  const { log } = await watched(t);
  t.is(log.popFields(), 0);
  log.addFields({ a: 1 });
  t.is(log.popFields(), 0);
  t.deepEqual(log.fields, { a: 1 });
});

test('a record keeps the fields that it was written with', async (t) => {
  const node = await quietNode(t);
  const records = recordLog(node);
  const mine = { a: 1 };
  node.log.addFields(mine);
  node.log.info('one');
  mine.a = 2;
  node.log.addFields({ a: 3 });
  node.log.info('two');
  t.deepEqual(
    records.map(({ fields }) => fields),
    [{ a: 1 }, { a: 3 }],
  );
});

test('fields are of one log only: neither of the node, nor of a parent or child', async (t) => {
  const { node, last } = await watched(t);
  node.log.addFields({ of: 'node' });
  const parent = await spawnWitness(node);
  const child = await parent.run((self) => {
    self.log.addFields({ of: 'parent' });
    return spawnWitness(node, { parent: self });
  });
  await child.run((self) => self.log.info('child'));
  t.deepEqual(last(), {});
  await parent.run((self) => self.log.info('parent'));
  t.deepEqual(last(), { of: 'parent' });
  node.log.info('node');
  t.deepEqual(last(), { of: 'node' });
});

test('the fields of a process stay from message to message', async (t) => {
  const { node, last } = await watched(t);
  const { run } = await spawnWitness(node);
  await run((self) => self.log.pushFields({ step: 1 }));
  await run((self) => self.log.info('next message'));
  t.deepEqual(last(), { step: 1 });
  t.is(await run((self) => self.log.popFields()), 0);
});

test('what is no object of fields and no name is refused and changes nothing', async (t) => {
  const { log } = await watched(t);
  log.addFields({ a: 1 });
  const expected = { code: 'incorrect', message: /^fields must be an object/ } as const;
  for (const bad of [null, 5, 'x', [1]]) {
    t.throws(() => log.addFields(bad as never), expected);
    t.throws(() => log.pushFields(bad as never), expected);
  }
  t.throws(() => log.addFields(undefined as never), expected);
  t.throws(() => log.deleteFields('a', 5 as never), { code: 'incorrect', message: /^name must/ });
  t.deepEqual(log.fields, { a: 1 });
  t.is(log.popFields(), 0);
});

test('a log with a logger of its own is heard by that one only', async (t) => {
  const node = await quietNode(t);
  const all = recordLog(node, 'all');
  const audit = recordLog(node, '.audit');
  const { run } = await spawnWitness(node);
  node.log.info('for all');
  await run((self) => {
    t.is(self.log.logger, undefined);
    self.log.logger = '.audit';
    t.is(self.log.logger, '.audit');
    self.log.info('for the audit');
    self.log.logger = 'all';
    self.log.info('for one that is not hidden');
    self.log.logger = undefined;
    self.log.info('for all again');
  });
  t.deepEqual(
    audit.map(({ message }) => message),
    ['for the audit'],
  );
  t.deepEqual(
    all.map(({ message }) => message),
    ['for all', 'for one that is not hidden', 'for all again'],
  );
});

test('a log whose logger is not there (any more) is heard by all', async (t) => {
  const node = await quietNode(t);
  const all = recordLog(node, 'all');
  recordLog(node, '.audit');
  node.log.logger = '.audit';
  node.removeLogger('.audit');
  node.log.info('not lost');
  t.is(all.length, 1);
});

test('a name that is none is refused as logger of a log', async (t) => {
  const node = await quietNode(t);
  for (const bad of ['', 5, null, {}]) {
    t.throws(() => (node.log.logger = bad as never), {
      code: 'incorrect',
      message: /^logger must be/,
    });
  }
  t.is(node.log.logger, undefined);
});
