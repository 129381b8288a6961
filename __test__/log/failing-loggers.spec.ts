import { type LogRecord } from 'tergo';
import { virtualClock } from 'tergo/testing';
import test from 'ava';
import { recordLog } from '../support/log-records.ts';
import { SlowLogger } from '../support/slow-logger.ts';
import { waitFor } from '../support/wait-for.ts';
import { quietNode, spawnWitness } from '../support/witness.ts';

const failure = new Error('disk full');

function thrower(): never {
  throw failure;
}

test('a logger whose promise rejects is told of once, and gets the next record', async (t) => {
  const node = await quietNode(t);
  const slow = new SlowLogger();
  node.addLogger('slow', slow);
  const others = recordLog(node);
  for (const message of ['one', 'two', 'three']) node.log.info(message);
  for (let failed = 1; failed <= 3; failed++) {
    slow.release(failure);
    await waitFor('the failure', () => node.loggers()[0]?.failed === failed);
  }
  t.deepEqual(slow.messages, ['one', 'two', 'three']);
  t.deepEqual(
    others.map(({ message }) => message),
    ['one', 'two', 'three', 'a logger failed'],
  );
  t.like(others[3], { level: 'error', fields: { logger: 'slow', error: failure } });
  t.like(node.loggers()[0], { written: 0, failed: 3, queued: 0 });
});

test('a filter that throws is a failing logger', async (t) => {
  const node = await quietNode(t);
  node.addLogger('broken', { log: () => t.fail() }, { filter: thrower });
  const others = recordLog(node);
  node.log.info('one');
  node.log.info('two');
  t.deepEqual(
    others.map(({ message }) => message),
    ['a logger failed', 'one', 'two'],
  );
  t.like(node.loggers()[0], { name: 'broken', failed: 2, written: 0 });
});

test('a failure is told again when there was none for a minute', async (t) => {
  const clock = virtualClock();
  const node = await quietNode(t, { clock, log: { disableConsole: true } });
  node.addLogger('broken', { log: thrower });
  const told: LogRecord[] = [];
  node.addLogger('ears', { log: (record) => void told.push(record) }, { levels: ['error'] });
  const tries = [0, 30_000, 59_000, 60_000, 1000];
  const counts: number[] = [];
  for (const ms of tries) {
    await clock.advance(ms);
    node.log.info('record');
    counts.push(told.length);
  }
  t.deepEqual(counts, [1, 1, 1, 2, 2]);
});

test('if no other logger takes it, a failure is told on the console', async (t) => {
  const node = await quietNode(t);
  const complaints: unknown[][] = [];
  const { error } = console;
  console.error = (...args) => void complaints.push(args);
  t.teardown(() => (console.error = error));
  node.addLogger('broken', { log: thrower, terminate: thrower });
  node.addLogger('picky', { log: () => t.fail() }, { levels: [] });
  node.addLogger('.hidden', { log: () => t.fail() });
  node.log.info('one');
  node.log.info('two');
  await node.stop();
  t.deepEqual(complaints, [["tergo: logger 'broken' failed:", failure]]);
});

test('loggers that all fail harm nobody', async (t) => {
  const node = await quietNode(t);
  const { error } = console;
  console.error = () => undefined;
  t.teardown(() => (console.error = error));
  for (const name of ['a', 'b', 'c']) node.addLogger(name, { log: thrower });
  const { run } = await spawnWitness(node);
  await run((self) => self.log.info('one'));
  t.is(await run((self) => self.state), 'running');
  t.true(node.loggers().every(({ failed }) => failed > 0));
});

test('a terminate that fails keeps no stop up', async (t) => {
  const node = await quietNode(t);
  node.addLogger('throws', { log: () => undefined, terminate: thrower });
  node.addLogger('rejects', { log: () => undefined, terminate: () => Promise.reject(failure) });
  const { error } = console;
  const complaints: unknown[][] = [];
  console.error = (...args) => void complaints.push(args);
  t.teardown(() => (console.error = error));
  t.deepEqual(await node.stop(), { killed: [] });
  t.deepEqual(
    complaints.map(([text]) => text),
    ["tergo: logger 'rejects' failed:"],
  );
});

test('two loggers with filters and levels get each what it asked for [12.E]', async (t) => {
  const node = await quietNode(t, { log: { disableConsole: true, level: 'debug' } });
  const orders: string[] = [];
  const grave: string[] = [];
  node.addLogger(
    'orders',
    { log: ({ message }) => void orders.push(message) },
    { filter: ({ fields }) => fields['order'] !== undefined },
  );
  node.addLogger(
    'grave',
    { log: ({ message }) => void grave.push(message) },
    { levels: ['warning', 'error'], filter: ({ source }) => source.type === 'process' },
  );
  const { run } = await spawnWitness(node, { name: 'clerk' });
  node.log.info('node, plain');
  node.log.error('node, order', { order: 1 });
  await run((self) => {
    self.log.addFields({ order: 7 });
    self.log.debug('clerk, debug');
    self.log.error('clerk, error');
    self.log.deleteFields('order');
    self.log.warning('clerk, warning');
    self.log.info('clerk, info');
  });
  t.deepEqual(orders, ['node, order', 'clerk, debug', 'clerk, error']);
  t.deepEqual(grave, ['clerk, error', 'clerk, warning']);
  t.deepEqual(
    node.loggers().map(({ name, levels, written }) => ({ name, levels, written })),
    [
      { name: 'orders', levels: ['debug', 'info', 'warning', 'error'], written: 3 },
      { name: 'grave', levels: ['warning', 'error'], written: 2 },
    ],
  );
});

test('a filter is not asked about levels that the logger does not get', async (t) => {
  const node = await quietNode(t);
  const asked: string[] = [];
  const filter = ({ level }: LogRecord): boolean => asked.push(level) > 0;
  node.addLogger('grave', { log: () => undefined }, { levels: ['error'], filter });
  node.log.info('one');
  node.log.error('two');
  t.deepEqual(asked, ['error']);
});

test('a filter that is no function is refused', async (t) => {
  const node = await quietNode(t);
  for (const filter of [null, 'error', /x/, {}]) {
    t.throws(() => node.addLogger('bad', { log: () => undefined }, { filter } as never), {
      code: 'incorrect',
      message: /^options\.filter must be/,
    });
  }
});

test('what start throws, addLogger throws, and there is no such logger', async (t) => {
  const node = await quietNode(t);
  t.throws(() => node.addLogger('bad', { log: () => undefined, start: thrower }), { is: failure });
  t.deepEqual(node.loggers(), []);
});

test('what a logger reports is told like its failures', async (t) => {
  const node = await quietNode(t);
  let report: (error: unknown) => void = () => t.fail();
  node.addLogger('honest', { log: () => undefined, start: (given) => (report = given) });
  const others = recordLog(node);
  report(failure);
  t.like(others[0], { message: 'a logger failed', fields: { logger: 'honest', error: failure } });
  t.is(node.loggers()[0]?.failed, 0);
});

for (const key of ['logAll', 'flush', 'terminate', 'start']) {
  test(`a logger whose ${key} is no function is refused`, async (t) => {
    const node = await quietNode(t);
    t.throws(() => node.addLogger('bad', { log: () => undefined, [key]: 5 } as never), {
      code: 'incorrect',
      message: new RegExp(`^logger\\.${key} must be`),
    });
  });
}
