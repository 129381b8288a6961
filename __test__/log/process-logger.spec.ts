import { Actor, noreply, type LogRecord, type Next, type Node, type Pid } from 'tergo';
import test from 'ava';
import { recordLog } from '../support/log-records.ts';
import { gone, quietNode, spawnWitness } from '../support/witness.ts';
import { waitFor } from '../support/wait-for.ts';

type Task = (self: Scribe) => void;

/** A process that keeps the records it gets. */
class Scribe extends Actor<{ message: Task }> {
  #records: LogRecord[] = [];
  #isLoud = false;

  override init(records: LogRecord[] = [], isLoud = false): void {
    this.#records = records;
    this.#isLoud = isLoud;
  }

  override handleMessage(task: Task): Next {
    task(this);
    return noreply;
  }

  override handleLog(record: LogRecord): Next {
    this.#records.push(record);
    if (this.#isLoud) this.log.error('logged while logging');
    return noreply;
  }
}

interface Spawned {
  readonly pid: Pid<{ message: Task }>;
  readonly records: LogRecord[];
  readonly messages: () => string[];
}

async function spawnScribe(node: Node, isLoud = false, mailboxSize = 0): Promise<Spawned> {
  const records: LogRecord[] = [];
  const pid = await node.spawn(Scribe, { args: [records, isLoud], mailboxSize });
  return { pid, records, messages: () => records.map(({ message }) => message) };
}

test('a process as logger gets records of the node and of processes in handleLog', async (t) => {
  const node = await quietNode(t);
  const scribe = await spawnScribe(node);
  node.addLogger('scribe', scribe.pid);
  t.deepEqual(node.info().loggers, ['scribe']);
  node.log.info('from the node', { id: 7 });
  const { pid, run } = await spawnWitness(node, { name: 'clerk' });
  await run((self) => self.log.warning('from a process'));
  await waitFor('both records', () => scribe.records.length === 2);
  t.like(scribe.records[0], { message: 'from the node', level: 'info', fields: { id: 7 } });
  t.like(scribe.records[1], {
    message: 'from a process',
    source: { type: 'process', pid, name: 'clerk', behaviour: 'Witness' },
  });
});

test('records keep their order on the way to a process', async (t) => {
  const node = await quietNode(t);
  const scribe = await spawnScribe(node);
  node.addLogger('scribe', scribe.pid);
  const messages = Array.from({ length: 1000 }, (_, index) => `record ${index}`);
  for (const message of messages) node.log.info(message);
  await waitFor('all records', () => scribe.records.length === 1000);
  t.deepEqual(scribe.messages(), messages);
});

test('a process gets only the levels it was added for', async (t) => {
  const node = await quietNode(t);
  const scribe = await spawnScribe(node);
  node.addLogger('scribe', scribe.pid, { levels: ['error'] });
  node.log.info('too quiet');
  node.log.error('loud enough');
  await waitFor('the record', () => scribe.records.length > 0);
  t.deepEqual(scribe.messages(), ['loud enough']);
});

test('a process that logs while it handles a record does not feed itself', async (t) => {
  const node = await quietNode(t);
  const scribe = await spawnScribe(node, true);
  node.addLogger('scribe', scribe.pid);
  const others = recordLog(node);
  node.log.info('one');
  node.log.info('two');
  await waitFor('both records', () => scribe.records.length >= 2);
  await node.inspect(scribe.pid);
  t.deepEqual(scribe.messages(), ['one', 'two']);
  t.is(others.length, 2);
  t.is(node.processInfo(scribe.pid).logLevel, 'disabled');
});

test('not even a level that it sets itself makes a logger feed itself', async (t) => {
  const node = await quietNode(t);
  const scribe = await spawnScribe(node, true);
  node.addLogger('scribe', scribe.pid);
  node.send(scribe.pid, (self) => {
    self.log.level = 'debug';
  });
  node.log.info('one');
  await waitFor('the record', () => scribe.records.length > 0);
  await node.inspect(scribe.pid);
  t.deepEqual(scribe.messages(), ['one']);
});

test('a logger that was removed has its own log back', async (t) => {
  const node = await quietNode(t);
  const others = recordLog(node);
  const scribe = await spawnScribe(node);
  node.addLogger('scribe', scribe.pid);
  t.true(node.removeLogger('scribe'));
  node.log.info('not for the scribe');
  node.send(scribe.pid, (self) => self.log.info('back again'));
  await waitFor('the record', () => others.length === 2);
  t.is(others[1]?.message, 'back again');
  t.deepEqual(scribe.messages(), []);
  t.is(node.processInfo(scribe.pid).logLevel, 'info');
});

test('a failed registration leaves the log of the process as it was', async (t) => {
  const node = await quietNode(t);
  recordLog(node, 'taken');
  const scribe = await spawnScribe(node);
  t.throws(() => node.addLogger('taken', scribe.pid), { code: 'taken' });
  t.throws(() => node.addLogger('', scribe.pid), { code: 'incorrect' });
  t.is(node.processInfo(scribe.pid).logLevel, 'info');
  t.deepEqual(node.info().loggers, ['taken']);
});

test('a process is one logger at most', async (t) => {
  const node = await quietNode(t);
  const scribe = await spawnScribe(node);
  node.addLogger('first', scribe.pid);
  t.throws(() => node.addLogger('second', scribe.pid), {
    code: 'not-allowed',
    message: /is the logger 'first' already/,
  });
  node.removeLogger('first');
  t.notThrows(() => node.addLogger('second', scribe.pid));
});

test('a logger is removed when its process ends, and no record is lost on others', async (t) => {
  const node = await quietNode(t);
  const scribe = await spawnScribe(node);
  node.addLogger('scribe', scribe.pid);
  const others = recordLog(node);
  node.kill(scribe.pid);
  await gone(node, scribe);
  t.deepEqual(node.info().loggers, ['records']);
  node.log.info('after its end');
  t.is(others.length, 1);
  t.notThrows(() => recordLog(node, 'scribe'));
});

test('the crash of a logger is told to the other loggers', async (t) => {
  const node = await quietNode(t);
  const others = recordLog(node);
  const scribe = await spawnScribe(node);
  node.addLogger('scribe', scribe.pid);
  node.send(scribe.pid, () => {
    throw new Error('out of ink');
  });
  await gone(node, scribe);
  t.is(others.length, 1);
  t.like(others[0], { level: 'error', message: 'process crashed', source: { pid: scribe.pid } });
  t.deepEqual(scribe.messages(), []);
});

test('a child of a logger has a log', async (t) => {
  const node = await quietNode(t);
  const scribe = await spawnScribe(node);
  node.addLogger('scribe', scribe.pid);
  const { promise, resolve } = Promise.withResolvers<Pid<{ message: Task }>>();
  node.send(scribe.pid, (self) => resolve(self.spawn(Scribe)));
  const child = await promise;
  t.is(node.processInfo(child).logLevel, 'info');
});

test('the log queue of a process with a mailbox size is bounded', async (t) => {
  const node = await quietNode(t);
  const scribe = await spawnScribe(node, false, 3);
  node.addLogger('scribe', scribe.pid);
  const records = Array.from({ length: 10 }, (_, index) => `record ${index}`);
  for (const message of records) node.log.info(message);
  t.is(node.processInfo(scribe.pid).queues.log, 3);
  t.is(node.info().mailboxFull, 7);
  await waitFor('three records and what became of the rest', () => scribe.records.length === 4);
  node.log.info('room again');
  await waitFor('one more', () => scribe.records.length === 5);
  t.deepEqual(
    scribe.messages().filter((_, index) => index !== 3),
    ['record 0', 'record 1', 'record 2', 'room again'],
  );
  t.like(scribe.records[3], { level: 'warning', fields: { logger: 'scribe', dropped: 7 } });
});

test('a pid that is dead or of another node is no logger', async (t) => {
  const node = await quietNode(t);
  const elsewhere = await quietNode(t);
  const scribe = await spawnScribe(node);
  node.kill(scribe.pid);
  t.throws(() => node.addLogger('dead', scribe.pid), { code: 'process-unknown' });
  const foreign = await spawnScribe(elsewhere);
  t.throws(() => node.addLogger('foreign', foreign.pid), { code: 'process-incarnation' });
  t.deepEqual(node.info().loggers, []);
});
