import { inspect } from 'node:util';
import { ConsoleLogger, type LogFields, type LogRecord, type Node } from 'tergo';
import test, { type ExecutionContext } from 'ava';
import { quietNode, spawnWitness } from '../support/witness.ts';
import { runSource } from '../support/run-node.ts';

interface Lined {
  readonly node: Node;
  readonly lines: string[];
}

/** A node whose console logger writes into a list. */
async function lined(t: ExecutionContext, format: 'text' | 'json'): Promise<Lined> {
  const lines: string[] = [];
  const output = (line: string): void => void lines.push(line);
  const node = await quietNode(t, { log: { format, output, level: 'debug' } });
  return { node, lines };
}

const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

/** The line of one record of the node `a@b`. */
function lineOf(format: 'text' | 'json', fields: LogFields, message = 'text'): string {
  const lines: string[] = [];
  const logger = new ConsoleLogger({ format, output: (line) => void lines.push(line) });
  const record: LogRecord = {
    timeMs: at,
    level: 'info',
    source: { type: 'node', node: 'a@b' },
    message,
    fields,
  };
  void logger.log(record);
  return lines.join('\n');
}

function fieldsOf(fields: LogFields): unknown {
  return (JSON.parse(lineOf('json', fields)) as { fields: unknown }).fields;
}

test('text has time, level, source, message and fields', (t) => {
  t.is(
    lineOf('text', { id: 7, name: 'x y', on: true, list: [1, 2], at: undefined }),
    '2026-01-02T03:04:05.678Z [info] a@b: text id=7 name="x y" on=true list=[ 1, 2 ] at=undefined',
  );
  t.is(lineOf('text', {}), '2026-01-02T03:04:05.678Z [info] a@b: text');
});

test('text shows pid, name and class of a process', async (t) => {
  const { node, lines } = await lined(t, 'text');
  const named = await spawnWitness(node, { name: 'clerk' });
  await named.run((self) => self.log.warning('hello', { by: self.pid }));
  const nameless = await spawnWitness(node);
  await nameless.run((self) => self.log.debug('hi'));
  t.is(lines.length, 2);
  t.is(
    lines[0]?.replace(/^\S+ /, ''),
    `[warning] ${named.pid} 'clerk' Witness: hello by=${named.pid}`,
  );
  t.is(lines[1]?.replace(/^\S+ /, ''), `[debug] ${nameless.pid} Witness: hi`);
});

test('text shows an error with code, stack and cause', (t) => {
  const cause = new RangeError('too far');
  const error = Object.assign(new Error('no way', { cause }), { code: 'lost' });
  const line = lineOf('text', { error });
  t.regex(line, /error=Error: no way\n/);
  t.regex(line, /console-logger\.spec\.ts/);
  t.regex(line, /code: 'lost'/);
  t.regex(line, /\[cause\]: RangeError: too far/);
});

test('text keeps strange fields on their line', (t) => {
  const circular: Record<string, unknown> = { name: 'loop' };
  circular['self'] = circular;
  const fields = { circular, big: 10n, map: new Map([[1, 2]]), quote: 'a"b\nc\t\\' };
  const line = lineOf('text', fields);
  t.notRegex(line, /\n/);
  t.true(line.includes('big=10n'));
  t.true(line.includes('[Circular *1]'));
  t.true(line.includes('map=Map(1) { 1 => 2 }'));
  t.true(line.includes(String.raw`quote="a\"b\nc\t\\"`));
});

test('JSON is one object a line with time, level, source, message and fields', async (t) => {
  const { node, lines } = await lined(t, 'json');
  const { pid, run } = await spawnWitness(node, { name: 'clerk' });
  node.log.info('from the node', { id: 7 });
  await run((self) => self.log.error('from a process'));
  const [first, second] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  t.deepEqual(Object.keys(first ?? {}), ['time', 'level', 'source', 'message', 'fields']);
  t.like(first, {
    level: 'info',
    source: { type: 'node', node: node.name },
    message: 'from the node',
    fields: { id: 7 },
  });
  t.true(Math.abs(Date.parse(String(first?.['time'])) - Date.now()) < 60_000);
  t.like(second, {
    level: 'error',
    source: {
      type: 'process',
      node: node.name,
      pid: { node: node.name, id: pid.id, creation: node.creation },
      name: 'clerk',
      behaviour: 'Witness',
    },
    message: 'from a process',
    fields: {},
  });
});

test('JSON escapes quotes, line ends, tabs and backslashes', (t) => {
  const text = 'a "quoted"\nline\twith \\ and \u0000';
  const line = lineOf('json', { text }, text);
  for (const raw of ['\n', '\t', '\u0000']) t.false(line.includes(raw));
  t.like(JSON.parse(line), { message: text, fields: { text } });
});

test('JSON shows an error with name, message, code and cause, and its stack under a key of its own [C5]', (t) => {
  const cause = new RangeError('too far');
  const error = Object.assign(new TypeError('no way', { cause }), { code: 'lost' });
  const line = JSON.parse(lineOf('json', { error })) as Record<string, unknown>;
  t.deepEqual(Object.keys(line), ['time', 'level', 'source', 'message', 'fields', 'stack']);
  t.deepEqual(line['fields'], {
    error: {
      name: 'TypeError',
      message: 'no way',
      code: 'lost',
      cause: { name: 'RangeError', message: 'too far', stack: cause.stack },
    },
  });
  t.is(line['stack'], error.stack);
});

test('JSON shows the stack of an error in another field there', (t) => {
  const why = new TypeError('no way');
  t.deepEqual(fieldsOf({ why }), {
    why: { name: 'TypeError', message: 'no way', stack: why.stack },
  });
});

test('JSON turns what it cannot hold into text', (t) => {
  const fields = {
    big: 10n,
    symbol: Symbol('mark'),
    map: new Map([['a', 1]]),
    set: new Set([1]),
    call: Object.assign(() => 1, { toString: () => 'a function' }),
    deep: { big: [20n] },
    ratio: Number.NaN,
    limits: [-Infinity, Infinity],
  };
  t.deepEqual(fieldsOf(fields), {
    big: '10',
    symbol: 'Symbol(mark)',
    map: "Map(1) { 'a' => 1 }",
    set: 'Set(1) { 1 }',
    call: 'a function',
    deep: { big: ['20'] },
    ratio: 'NaN',
    limits: ['-Infinity', 'Infinity'],
  });
});

test('JSON survives values that contain themselves, errors too', (t) => {
  const circular: Record<string, unknown> = { name: 'loop' };
  circular['self'] = circular;
  const error = new Error('itself');
  error.cause = error;
  const shown = fieldsOf({ circular, error }) as { error: Record<string, unknown> };
  t.like(shown, { circular: { name: 'loop' }, error: { message: 'itself' } });
  t.is(typeof shown.error['cause'], 'string');
});

test('JSON shows a value that stands twice both times', (t) => {
  const user = { id: 7 };
  t.deepEqual(fieldsOf({ from: user, to: user, both: [user, user] }), {
    from: { id: 7 },
    to: { id: 7 },
    both: [{ id: 7 }, { id: 7 }],
  });
});

const thrower = (): never => {
  throw new Error('not for you');
};
for (const [title, hostile] of [
  [
    'with a getter that throws',
    Object.defineProperty({}, 'secret', { get: thrower, enumerable: true }),
  ],
  ['with a toJSON and an inspect that throw', { toJSON: thrower, [inspect.custom]: thrower }],
] as const) {
  test(`a record with a field ${title} is written all the same, the other fields with it`, (t) => {
    for (const format of ['text', 'json'] as const)
      t.regex(lineOf(format, { hostile, id: 7 }, 'still here'), /still here.*hostile.*id\W+7/);
  });
}

test('a field that cannot be read says why in its place, and the others are written as they are', (t) => {
  const fields = { id: 7, path: 'x', size: Object(1n) as unknown };
  Object.defineProperty(fields, 'secret', { get: thrower, enumerable: true });
  for (const format of ['text', 'json'] as const) {
    const line = lineOf(format, fields, 'still here');
    t.regex(
      line,
      /still here.*id.{1,2}7.*path.{1,2}"x".*BigInt: 1n.*secret.*cannot be shown: not for you/,
    );
  }
});

test('options that are changed after it was made are not those of the logger', (t) => {
  const lines: string[] = [];
  const options = { includeFields: true, time: 'none', output: lines.push.bind(lines) };
  const logger = new ConsoleLogger(options as never);
  options.includeFields = false;
  const source = { type: 'node', node: 'a@b' } as const;
  void logger.log({ timeMs: at, level: 'info', source, message: 'text', fields: { id: 7 } });
  t.deepEqual(lines, ['[info] a@b: text id=7']);
});

test('without an output of its own the console logger writes to standard error', async (t) => {
  const { stdout, stderr, code } = await runSource(`
    import { startNode } from 'tergo';
    await using node = await startNode('a@localhost', { log: { format: 'json' } });
    node.log.info('to standard error');
    node.log.debug('not at all');
  `);
  t.is(stdout, '');
  t.like(JSON.parse(stderr), { level: 'info', message: 'to standard error' });
  t.is(code, 0);
});
