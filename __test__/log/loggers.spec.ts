import { Actor, type Logger, type LogRecord } from 'tergo';
import test from 'ava';
import { recordLog } from '../support/log-records.ts';
import { turn } from '../support/wait-for.ts';
import { quietNode, spawnWitness } from '../support/witness.ts';

test('a record tells when, how grave, who, what and with which values', async (t) => {
  const node = await quietNode(t);
  const records = recordLog(node);
  const before = Date.now();
  node.log.warning('disk is filling', { free: 12, path: '/tmp' });
  node.log.info('plain');
  const after = Date.now();
  t.deepEqual(
    records.map(({ timeMs, ...rest }) => {
      t.true(timeMs >= before && timeMs <= after);
      return rest;
    }),
    [
      {
        level: 'warning',
        source: { type: 'node', node: node.name },
        message: 'disk is filling',
        fields: { free: 12, path: '/tmp' },
      },
      { level: 'info', source: { type: 'node', node: node.name }, message: 'plain', fields: {} },
    ],
  );
});

test('a record of a process carries its pid, class and present name', async (t) => {
  const node = await quietNode(t);
  const records = recordLog(node);
  const { pid, run } = await spawnWitness(node, { name: 'first' });
  await run((self) => {
    self.log.info('one');
    self.unregisterName();
    self.log.info('two');
    self.registerName('second');
    self.log.info('three');
  });
  const source = { type: 'process' as const, node: node.name, pid, behaviour: 'Witness' };
  t.deepEqual(
    records.map((record) => record.source),
    [
      { ...source, name: 'first' },
      { ...source, name: undefined },
      { ...source, name: 'second' },
    ],
  );
});

test('every logger gets every record, in the order of adding', async (t) => {
  const node = await quietNode(t);
  const order: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    node.addLogger(name, { log: ({ message }) => void order.push(`${name}: ${message}`) });
  }
  t.deepEqual(node.info().loggers, ['a', 'b', 'c']);
  node.log.info('one');
  node.log.info('two');
  t.deepEqual(order, ['a: one', 'b: one', 'c: one', 'a: two', 'b: two', 'c: two']);
});

test('a logger gets only the levels it asked for', async (t) => {
  const node = await quietNode(t, { log: { disableConsole: true, level: 'debug' } });
  const records: LogRecord[] = [];
  const logger: Logger = { log: (record) => void records.push(record) };
  node.addLogger('grave', logger, { levels: ['debug', 'error'] });
  node.addLogger('none', { log: () => t.fail() }, { levels: [] });
  for (const level of ['debug', 'info', 'warning', 'error'] as const) node.log[level](level);
  t.deepEqual(
    records.map(({ level }) => level),
    ['debug', 'error'],
  );
});

test('a removed logger hears of its removal once and gets nothing any more', async (t) => {
  const node = await quietNode(t);
  const heard: string[] = [];
  node.addLogger('ears', {
    log: ({ message }) => void heard.push(message),
    terminate: () => void heard.push('terminated'),
  });
  node.log.info('one');
  t.true(node.removeLogger('ears'));
  node.log.info('two');
  t.false(node.removeLogger('ears'));
  t.deepEqual(heard, ['one', 'terminated']);
  t.deepEqual(node.info().loggers, []);
  t.notThrows(() => node.addLogger('ears', { log: () => undefined }));
});

test('the console logger is removed by the name default', async (t) => {
  const lines: string[] = [];
  const node = await quietNode(t, {
    log: { disableConsole: false, output: (line) => void lines.push(line) },
  });
  node.log.info('one');
  t.true(node.removeLogger('default'));
  node.log.info('two');
  t.is(lines.length, 1);
  t.regex(lines[0] ?? '', /: one$/);
});

test('loggers are told when the node has stopped, after the last record', async (t) => {
  const node = await quietNode(t);
  const heard: string[] = [];
  node.addLogger('ears', {
    log: ({ message }) => void heard.push(message),
    terminate: () => void heard.push('terminated'),
  });
  class Talkative extends Actor {
    override terminate(): void {
      this.log.info('last words');
    }
  }
  await node.spawn(Talkative);
  await node.stop();
  t.deepEqual(heard, ['last words', 'terminated']);
});

test('a name is taken once', async (t) => {
  const node = await quietNode(t);
  recordLog(node, 'mine');
  t.throws(() => recordLog(node, 'mine'), { code: 'taken', message: /'mine'/ });
  t.deepEqual(node.info().loggers, ['mine']);
});

test('what is no logger, name or level is refused', async (t) => {
  const node = await quietNode(t);
  const logger: Logger = { log: () => undefined };
  for (const bad of [undefined, null, 5, 'stderr', {}, { log: 5 }, () => undefined]) {
    t.throws(() => node.addLogger('bad', bad as never), {
      code: 'incorrect',
      message: /^logger(\.log)? must be/,
    });
  }
  for (const bad of [undefined, null, 5, '', 'n'.repeat(256)]) {
    t.throws(() => node.addLogger(bad as never, logger), {
      code: 'incorrect',
      message: /^name must be/,
    });
  }
  for (const levels of [['disabled'], ['trace'], [5], 'info', 5, null]) {
    t.throws(() => node.addLogger('bad', logger, { levels } as never), {
      code: 'incorrect',
      message: /^options\.levels must be/,
    });
  }
  t.throws(() => node.addLogger('bad', logger, { level: 'info' } as never), {
    code: 'incorrect',
    message: /^options\.level must be left out/,
  });
  t.throws(() => node.addLogger('bad', logger, null as never), {
    code: 'incorrect',
    message: /^options must be/,
  });
  t.deepEqual(node.info().loggers, []);
});

test('a logger that throws harms neither the writer nor the other loggers', async (t) => {
  const node = await quietNode(t);
  const failure = new Error('disk full');
  node.addLogger('broken', {
    log: () => {
      throw failure;
    },
    terminate: () => {
      throw failure;
    },
  });
  const records = recordLog(node);
  const { run } = await spawnWitness(node);
  await run((self) => {
    self.log.info('one');
    self.log.info('two');
  });
  t.deepEqual(
    records.map(({ message }) => message),
    ['a logger failed', 'one', 'two'],
  );
  t.like(records[0], {
    level: 'error',
    source: { type: 'node', node: node.name },
    fields: { logger: 'broken', error: failure },
  });
  t.is(await run((self) => self.state), 'running');
  t.notThrows(() => node.removeLogger('broken'));
  t.is(records.length, 3);
});

test('a logger may remove itself while it writes', async (t) => {
  const node = await quietNode(t);
  const heard: string[] = [];
  node.addLogger('once', {
    log: ({ message }) => {
      heard.push(message);
      node.removeLogger('once');
    },
  });
  const records = recordLog(node);
  node.log.info('one');
  node.log.info('two');
  t.deepEqual(heard, ['one']);
  t.is(records.length, 2);
});

test('loggers can be given to a node that starts', async (t) => {
  const heard: string[] = [];
  const logger: Logger = { log: ({ message }) => void heard.push(message) };
  const loggers = [
    { name: 'all', logger },
    { name: 'grave', logger, levels: ['error'], queueSize: 5 },
  ] as const;
  const node = await quietNode(t, { log: { disableConsole: true, loggers } });
  t.like(node.loggers(), [
    { name: 'all', queueSize: 10_000 },
    { name: 'grave', levels: ['error'], queueSize: 5 },
  ]);
  node.log.info('one');
  node.log.error('two');
  t.deepEqual(heard, ['one', 'two', 'two']);
});

test('a logger that is none refuses the start, and those before it hear of their end', async (t) => {
  let ended = 0;
  const logger: Logger = { log: () => undefined, terminate: () => void (ended += 1) };
  const refused: readonly [unknown, object][] = [
    [5, { code: 'incorrect', message: /^options\.log\.loggers must be a list/ }],
    [[null], { code: 'incorrect', message: /^options\.log\.loggers\[0\] must be/ }],
    [[{ name: 'a', logger }, { name: 'b' }], { code: 'incorrect', message: /^logger must be/ }],
    [
      [
        { name: 'a', logger },
        { name: '', logger },
      ],
      { code: 'incorrect', message: /^name must/ },
    ],
    [
      [
        { name: 'a', logger },
        { name: 'a', logger },
      ],
      { code: 'taken' },
    ],
    [
      [
        { name: 'a', logger },
        { name: 'b', logger, level: 'info' },
      ],
      { code: 'incorrect', message: /^options\.level must be left out/ },
    ],
  ];
  for (const [loggers, expected] of refused) {
    const log = { disableConsole: true, loggers } as never;
    await t.throwsAsync(quietNode(t, { log }), expected);
  }
  await turn();
  t.is(ended, 4);
});
