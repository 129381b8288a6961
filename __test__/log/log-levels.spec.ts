import { type Log, type LogLevel, type Node } from 'tergo';
import test, { type ExecutionContext } from 'ava';
import { recordLog } from '../support/log-records.ts';
import { quietNode, spawnWitness, type Handle } from '../support/witness.ts';

const written = ['debug', 'info', 'warning', 'error'] as const;

/** Writes one record of each level; gives the levels that came through. */
async function levelsOf(
  node: Node,
  name: string,
  write: (task: (log: Log) => void) => Promise<void> | void,
): Promise<string[]> {
  const records = recordLog(node, name);
  await write((log) => {
    for (const level of written) log[level](`a record of ${level}`);
  });
  node.removeLogger(name);
  return records.map(({ level }) => level);
}

function levelsOfProcess(node: Node, process: Handle): Promise<string[]> {
  return levelsOf(node, `of ${process.pid}`, (task) => process.run((self) => task(self.log)));
}

function nodeAt(t: ExecutionContext, level: LogLevel): Promise<Node> {
  return quietNode(t, { log: { disableConsole: true, level } });
}

for (const [at, level] of [...written, 'disabled' as const].entries()) {
  test(`a node at the level ${level} writes what is at least as grave`, async (t) => {
    const node = await nodeAt(t, level);
    t.is(node.log.level, level);
    t.deepEqual(await levelsOf(node, 'records', (task) => task(node.log)), written.slice(at));
  });

  test(`a process spawned at the level ${level} writes what is at least as grave`, async (t) => {
    const node = await nodeAt(t, 'info');
    const process = await spawnWitness(node, { logLevel: level });
    t.is(node.processInfo(process.pid).logLevel, level);
    t.deepEqual(await levelsOfProcess(node, process), written.slice(at));
  });
}

test('a process without a level of its own follows the node', async (t) => {
  const node = await nodeAt(t, 'error');
  const process = await spawnWitness(node);
  t.deepEqual(await levelsOfProcess(node, process), ['error']);
  node.log.level = 'debug';
  t.is(node.info().logLevel, 'debug');
  t.deepEqual(await levelsOfProcess(node, process), [...written]);
  node.log.level = 'disabled';
  t.deepEqual(await levelsOfProcess(node, process), []);
});

test('a child takes the level that its parent was given', async (t) => {
  const node = await nodeAt(t, 'info');
  const parent = await spawnWitness(node, { logLevel: 'error' });
  const child = await parent.run((self) => spawnWitness(node, { parent: self }));
  const grandchild = await child.run((self) => spawnWitness(node, { parent: self }));
  t.deepEqual(await levelsOfProcess(node, grandchild), ['error']);
  const loud = await child.run((self) => spawnWitness(node, { parent: self, logLevel: 'debug' }));
  t.deepEqual(await levelsOfProcess(node, loud), [...written]);
});

test('a child of a process without a level follows the node', async (t) => {
  const node = await nodeAt(t, 'info');
  const parent = await spawnWitness(node);
  const child = await parent.run((self) => spawnWitness(node, { parent: self }));
  node.log.level = 'error';
  t.deepEqual(await levelsOfProcess(node, child), ['error']);
});

test('a changed level holds for that process only', async (t) => {
  const node = await nodeAt(t, 'info');
  const first = await spawnWitness(node);
  const second = await first.run((self) => spawnWitness(node, { parent: self }));
  await first.run((self) => {
    self.log.level = 'error';
    t.is(self.log.level, 'error');
  });
  t.deepEqual(await levelsOfProcess(node, first), ['error']);
  t.deepEqual(await levelsOfProcess(node, second), ['info', 'warning', 'error']);
  t.is(node.log.level, 'info');
});

test('a level that is none is refused and changes nothing', async (t) => {
  const node = await nodeAt(t, 'warning');
  const { run } = await spawnWitness(node);
  for (const level of ['trace', 'WARNING', '', 3, null, undefined]) {
    const expected = { code: 'incorrect', message: /^level must be 'debug' or 'info'/ } as const;
    t.throws(() => (node.log.level = level as LogLevel), expected);
    await run((self) => t.throws(() => (self.log.level = level as LogLevel), expected));
  }
  t.is(node.log.level, 'warning');
});

test('a text that is no string and fields that are no object are refused', async (t) => {
  const node = await nodeAt(t, 'info');
  for (const text of [undefined, null, 5, {}]) {
    t.throws(() => node.log.info(text as never), { code: 'incorrect', message: /^text must be/ });
  }
  for (const fields of [null, 5, 'x']) {
    const bad = fields as never;
    t.throws(() => node.log.info('text', bad), { code: 'incorrect', message: /^fields must be/ });
  }
});
