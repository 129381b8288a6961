import { Actor, noreply, type LogRecord, type Next } from 'tergo';
import test from 'ava';
import { recordLog } from '../support/log-records.ts';
import { SlowLogger } from '../support/slow-logger.ts';
import { waitFor } from '../support/wait-for.ts';
import { runSource } from '../support/run-node.ts';
import { virtualClock } from 'tergo/testing';
import { gone, hang, quietNode, spawnWitness } from '../support/witness.ts';

test('while a logger is busy, actors and other loggers go on', async (t) => {
  const node = await quietNode(t);
  const slow = new SlowLogger();
  node.addLogger('slow', slow);
  const others = recordLog(node);
  const { run } = await spawnWitness(node);
  for (let i = 0; i < 100; i++) await run((self) => self.log.info(`record ${i}`));
  t.is(others.length, 100);
  t.deepEqual(slow.messages, ['record 0']);
  t.like(node.loggers()[0], { name: 'slow', queued: 100, written: 0, dropped: 0, failed: 0 });
});

test('what waits is written in its order, one after the other', async (t) => {
  const node = await quietNode(t);
  const slow = new SlowLogger();
  node.addLogger('slow', slow);
  const messages = Array.from({ length: 50 }, (_, i) => `record ${i}`);
  for (const message of messages) node.log.info(message);
  for (let done = 1; done <= 50; done++) {
    t.is(slow.taken.length, done);
    slow.release();
    await waitFor('the next', () => node.loggers()[0]?.written === done);
  }
  t.deepEqual(slow.messages, messages);
  t.like(node.loggers()[0], { queued: 0, written: 50, dropped: 0 });
});

test('what finds the queue full is dropped and counted, and told when it is empty', async (t) => {
  const node = await quietNode(t);
  const slow = new SlowLogger();
  node.addLogger('slow', slow, { queueSize: 3, levels: ['info'] });
  for (let i = 0; i < 10; i++) node.log.info(`record ${i}`);
  t.like(node.loggers()[0], { queueSize: 3, queued: 4, dropped: 6, written: 0 });
  for (let done = 1; done <= 4; done++) {
    slow.release();
    await waitFor('the next', () => node.loggers()[0]?.written === done);
  }
  t.deepEqual(slow.messages.slice(0, 4), ['record 0', 'record 1', 'record 2', 'record 3']);
  t.is(slow.taken.length, 5);
  t.like(slow.taken[4], {
    level: 'warning',
    source: { type: 'node', node: node.name },
    message: 'the logger was too slow: records were dropped',
    fields: { logger: 'slow', dropped: 6, queueSize: 3 },
  });
  slow.release();
  await waitFor('the end', () => node.loggers()[0]?.queued === 0);
  node.log.info('room again');
  t.is(slow.messages.at(-1), 'room again');
  t.is(slow.taken.length, 6);
  slow.release();
});

test('each loss is told once, with its own number', async (t) => {
  const node = await quietNode(t);
  const slow = new SlowLogger();
  node.addLogger('slow', slow, { queueSize: 1 });
  recordLog(node);
  const told: unknown[] = [];
  for (const lost of [2, 5]) {
    for (let i = 0; i < 2 + lost; i++) node.log.info('record');
    while (node.loggers()[0]!.queued > 0) {
      const { written } = node.loggers()[0]!;
      slow.release();
      await waitFor('the next', () => node.loggers()[0]!.written > written);
    }
    told.push(slow.taken.at(-1)?.fields['dropped']);
  }
  t.deepEqual(told, [2, 5]);
  t.is(node.loggers()[0]?.dropped, 7);
});

test('without a size 10,000 records may wait', async (t) => {
  const node = await quietNode(t);
  node.addLogger('slow', new SlowLogger());
  recordLog(node);
  for (let i = 0; i < 10_005; i++) node.log.info('record');
  t.like(node.loggers()[0], { queueSize: 10_000, queued: 10_001, dropped: 4 });
});

test('logAll gets everything that waits, a thousand at most', async (t) => {
  const node = await quietNode(t);
  const sizes: number[] = [];
  const messages: string[] = [];
  const gate = Promise.withResolvers<void>();
  node.addLogger('batches', {
    log: () => t.fail(),
    logAll: (records) => {
      sizes.push(records.length);
      messages.push(...records.map(({ message }) => message));
      return gate.promise;
    },
  });
  const all = Array.from({ length: 2501 }, (_, i) => `record ${i}`);
  for (const message of all) node.log.info(message);
  t.deepEqual(sizes, [1]);
  gate.resolve();
  await waitFor('all', () => node.loggers()[0]?.written === 2501);
  t.deepEqual(sizes, [1, 1000, 1000, 500]);
  t.deepEqual(messages, all);
});

test('a process as logger may have as many records waiting as its queue allows', async (t) => {
  const node = await quietNode(t);
  const scribe = await spawnWitness(node);
  node.addLogger('scribe', scribe.pid, { queueSize: 20 });
  await hang(scribe);
  for (let i = 0; i < 100; i++) node.log.info('record');
  t.is(node.processInfo(scribe.pid).queues.log, 20);
  t.like(node.loggers()[0], { name: 'scribe', queued: 20, dropped: 80 });
  t.is(node.info().slabEntries, 20);
});

class Scribe extends Actor<{ message: never }> {
  #records: LogRecord[] = [];

  override init(records: LogRecord[]): void {
    this.#records = records;
  }

  override handleLog(record: LogRecord): Next {
    this.#records.push(record);
    return noreply;
  }
}

test('a process as logger is told what it lost once it has taken what waited', async (t) => {
  const node = await quietNode(t);
  const records: LogRecord[] = [];
  const pid = await node.spawn(Scribe, { args: [records] });
  node.addLogger('scribe', pid, { queueSize: 3 });
  for (let i = 0; i < 10; i++) node.log.info(`record ${i}`);
  await waitFor('four records', () => records.length === 4);
  t.like(records[3], { level: 'warning', fields: { logger: 'scribe', dropped: 7 } });
  t.like(node.loggers()[0], { queued: 0, written: 4, dropped: 7 });
  for (let i = 0; i < 3; i++) node.log.info(`more ${i}`);
  await waitFor('three more', () => records.length === 7);
  t.is(node.loggers()[0]?.dropped, 7);
});

test('what an earlier registration of a process left waiting counts for the next', async (t) => {
  const node = await quietNode(t);
  const records: LogRecord[] = [];
  const pid = await node.spawn(Scribe, { args: [records] });
  node.addLogger('first', pid, { queueSize: 3 });
  for (let i = 0; i < 3; i++) node.log.info('first');
  node.removeLogger('first');
  node.addLogger('second', pid, { queueSize: 5 });
  for (let i = 0; i < 3; i++) node.log.info('second');
  t.like(node.loggers()[0], { name: 'second', queued: 5, dropped: 1 });
  await waitFor('all that was taken, and the note', () => records.length === 6);
  t.is(node.loggers()[0]?.queued, 0);
});

test('a removed logger still writes what waited, and ends then', async (t) => {
  const node = await quietNode(t);
  const slow = new SlowLogger();
  let ended = 0;
  node.addLogger('slow', Object.assign(slow, { terminate: () => void (ended += 1) }));
  node.log.info('one');
  node.log.info('two');
  node.removeLogger('slow');
  node.log.info('three');
  t.is(ended, 0);
  slow.release();
  await waitFor('the second', () => slow.taken.length === 2 && slow.isPending);
  t.is(ended, 0);
  slow.release();
  await waitFor('its end', () => ended === 1);
  t.deepEqual(slow.messages, ['one', 'two']);
});

test('a stop waits until loggers have written what waits, and for their terminate', async (t) => {
  const node = await quietNode(t);
  const slow = new SlowLogger();
  const closing = Promise.withResolvers<void>();
  const order: string[] = [];
  const terminate = (): Promise<void> => {
    order.push(`terminate after ${slow.taken.length}`);
    return closing.promise;
  };
  node.addLogger('slow', Object.assign(slow, { terminate }));
  node.log.info('one');
  node.log.info('two');
  const stopped = node.stop().then(() => order.push('stopped'));
  await waitFor('the first', () => slow.isPending);
  slow.release();
  await waitFor('the second', () => slow.taken.length === 2 && slow.isPending);
  t.deepEqual(order, []);
  slow.release();
  await waitFor('its end', () => order.length === 1);
  closing.resolve();
  await stopped;
  t.deepEqual(order, ['terminate after 2', 'stopped']);
  t.deepEqual(node.loggers(), []);
});

for (const stop of ['stop', 'stopForce'] as const) {
  test(`a logger that hangs keeps ${stop} up no longer than it has time, and the others are told`, async (t) => {
    const node = await quietNode(t);
    const heard: LogRecord[] = [];
    let ended = 0;
    const terminate = (): Promise<never> => {
      ended += 1;
      return new Promise(() => undefined);
    };
    node.addLogger('hanging', Object.assign(new SlowLogger(), { terminate }));
    node.addLogger('ears', { log: (record) => void heard.push(record) });
    node.log.info('one');
    node.log.info('two');
    await (stop === 'stop' ? node.stop({ timeoutMs: 0 }) : node.stopForce());
    t.is(ended, 1);
    t.false(node.isAlive);
    t.is(heard.length, 3);
    t.like(heard[2], { level: 'error', message: 'a logger failed', fields: { logger: 'hanging' } });
    t.like(heard[2]?.fields['error'], { code: 'timeout' });
  });
}

test('a forced stop ends a stop that waits for loggers', async (t) => {
  const node = await quietNode(t);
  node.addLogger('hanging', new SlowLogger());
  node.addLogger('ears', { log: () => undefined });
  node.log.info('one');
  const stopped = node.stop();
  await waitFor('the processes to be gone', () => !node.isAlive);
  await node.stopForce();
  t.deepEqual(await stopped, { killed: [] });
});

test('a logger that logs does not hear itself, and two do not feed each other', async (t) => {
  const node = await quietNode(t);
  const heard: string[] = [];
  for (const name of ['a', 'b']) {
    const log = ({ message }: LogRecord): void => {
      heard.push(`${name}: ${message}`);
      node.log.info(`${name} says`);
    };
    node.addLogger(name, { log });
  }
  node.log.info('one');
  t.deepEqual(heard, ['a: one', 'b: a says', 'b: one', 'a: b says']);
});

test('a bad size of a queue is refused', async (t) => {
  const node = await quietNode(t);
  for (const queueSize of [0, -1, 1.5, '3', null, Infinity, Number.NaN]) {
    t.throws(() => node.addLogger('bad', new SlowLogger(), { queueSize } as never), {
      code: 'incorrect',
      message: /^options\.queueSize must be/,
    });
  }
  t.deepEqual(node.loggers(), []);
});

test('a logger whose queue never runs empty is told of its loss every 10 s', async (t) => {
  const clock = virtualClock();
  const node = await quietNode(t, { clock, log: { disableConsole: true } });
  const slow = new SlowLogger();
  node.addLogger('slow', slow, { queueSize: 2 });
  recordLog(node);
  const flood = (): void => {
    for (let i = 0; i < 5; i++) node.log.info('record');
  };
  const next = async (): Promise<void> => {
    const { written } = node.loggers()[0]!;
    slow.release();
    await waitFor('the next', () => node.loggers()[0]!.written > written);
  };
  flood();
  await clock.advance(9_999);
  for (const ms of [0, 1, 0, 0]) {
    await clock.advance(ms);
    await next();
    // Never empty.
    flood();
  }
  t.deepEqual(
    slow.taken.map(({ fields }) => fields['dropped']),
    [undefined, undefined, undefined, undefined, 2 + 4],
  );
});

test('a process that ends while records wait for it holds nothing back', async (t) => {
  const node = await quietNode(t);
  const scribe = await spawnWitness(node);
  node.addLogger('scribe', scribe.pid);
  const others = recordLog(node);
  await hang(scribe);
  for (let i = 0; i < 100; i++) node.log.info('record');
  node.kill(scribe.pid);
  await gone(node, scribe);
  await waitFor('what waited to be forgotten', () => node.info().slabEntries === 0);
  t.deepEqual(
    node.loggers().map(({ name }) => name),
    ['records'],
  );
  node.log.info('after');
  t.is(others.length, 101);
});

test('what waits for a logger is handed to its flush when the OS process ends', async (t) => {
  const { stdout } = await runSource(`
    import { writeSync } from 'node:fs';
    import { startNode } from 'tergo';
    const node = await startNode('a@localhost', { log: { disableConsole: true } });
    for (const name of ['stays', 'removed', 'without']) {
      const flush = (records) => writeSync(1, name + ': ' + records.map(({ message }) => message).join(' ') + '\\n');
      const logger = { log: () => new Promise(() => {}) };
      node.addLogger(name, name === 'without' ? logger : { ...logger, flush });
    }
    for (const message of ['one', 'two', 'three']) node.log.info(message);
    node.removeLogger('removed');
    process.exit();
  `);
  t.is(stdout, 'removed: two three\nstays: two three\n');
});
