import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ConsoleLogger, type ConsoleLoggerOptions, type LogFields, type LogRecord } from 'tergo';
import test from 'ava';
import { runSource } from '../support/run-node.ts';
import { scratchFolder } from '../support/scratch-folder.ts';
import { quietNode, spawnWitness } from '../support/witness.ts';

const timeMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

interface Told {
  readonly message?: string;
  readonly fields?: LogFields;
  readonly source?: LogRecord['source'];
}

/** The line of one record of the node `a@b`. */
function lineOf(options: ConsoleLoggerOptions, told: Told = {}): string {
  const { message = 'text', fields = {}, source = { type: 'node', node: 'a@b' } } = told;
  const lines: string[] = [];
  const logger = new ConsoleLogger({ ...options, output: (line) => void lines.push(line) });
  void logger.log({ timeMs, level: 'info', source, message, fields });
  return lines.join('\n');
}

test('plain text has time, level, source, message and fields [C6]', (t) => {
  const fields = { id: 7, by: 'x y', at: undefined };
  t.is(
    lineOf({}, { fields }),
    '2026-01-02T03:04:05.678Z [info] a@b: text id=7 by="x y" at=undefined',
  );
});

test('JSON has time, level, source, message and fields [C5]', (t) => {
  const fields = { id: 7, by: 'x y', on: true, no: null, list: [1, { a: 'b' }] };
  t.deepEqual(JSON.parse(lineOf({ format: 'json' }, { fields })), {
    time: '2026-01-02T03:04:05.678Z',
    level: 'info',
    source: { type: 'node', node: 'a@b' },
    message: 'text',
    fields,
  });
});

const nasty = 'a "quoted"\nline\twith \\ and \r and \u001b[31m and \u0000 and \u0085 and \u2028';

test('JSON escapes quotes, line ends, tabs and backslashes, in names too [C7]', (t) => {
  const line = lineOf({ format: 'json' }, { message: nasty, fields: { [nasty]: nasty } });
  // oxlint-disable-next-line no-control-regex -- those are what must not be there
  t.notRegex(line, /[\u0000-\u001f]/);
  t.true(line.includes(String.raw`a \"quoted\"\nline\twith \\ and \r`));
  t.like(JSON.parse(line), { message: nasty, fields: { [nasty]: nasty } });
});

test('text escapes line ends, tabs and whatever drives a terminal; fields are quoted [C7]', (t) => {
  t.is(
    lineOf({ time: 'none' }, { message: nasty }),
    String.raw`[info] a@b: a "quoted"\nline\twith \ and \r and \u001b[31m and \u0000 and \u0085 and \u2028`,
  );
  t.is(
    lineOf({ time: 'none' }, { fields: { text: nasty } }),
    String.raw`[info] a@b: text text="a \"quoted\"\nline\twith \\ and \r and \u001b[31m and \u0000 and \u0085 and \u2028"`,
  );
});

const forged = 'x\n2026-01-02T03:04:05.678Z [error] a@b: forged';

test('nothing that a program puts in begins a line of its own', async (t) => {
  const node = await quietNode(t);
  const { pid } = await spawnWitness(node);
  const source = { type: 'process', node: 'a@b', pid, name: forged, behaviour: forged } as const;
  const error = new Error(forged, { cause: new Error(forged) });
  error.name = forged;
  const fields = {
    [forged]: forged,
    error,
    deep: { error },
    list: [forged],
    at: new Map([[forged, 1]]),
  };
  const strange = { [Symbol.for('nodejs.util.inspect.custom')]: () => forged };
  for (const format of ['text', 'coloured'] as const) {
    const text = lineOf({ format }, { message: forged, fields: { ...fields, strange }, source });
    const begins = text.split('\n').filter((line) => !line.startsWith('  '));
    t.is(begins.length, 1, text);
  }
  t.notRegex(lineOf({ format: 'json' }, { message: forged, fields, source }), /\n/);
});

test('a key that could be taken for something else is quoted', (t) => {
  t.is(
    lineOf({ time: 'none' }, { fields: { 'a b': 1, 'c=d': 2, 'http.status': 200, '': 3 } }),
    '[info] a@b: text "a b"=1 "c=d"=2 http.status=200 ""=3',
  );
});

test('the time may be ISO, ms or none', (t) => {
  t.regex(lineOf({ time: 'iso' }), /^2026-01-02T03:04:05\.678Z \[info\]/);
  t.is(lineOf({ time: 'ms' }), `${timeMs} [info] a@b: text`);
  t.is(lineOf({ time: 'none' }), '[info] a@b: text');
  t.is(JSON.parse(lineOf({ format: 'json', time: 'ms' })).time, timeMs);
  t.false('time' in JSON.parse(lineOf({ format: 'json', time: 'none' })));
});

test('name, class and fields can be left out', async (t) => {
  const node = await quietNode(t);
  const { pid } = await spawnWitness(node);
  const source = { type: 'process', node: 'a@b', pid, name: 'clerk', behaviour: 'Shop' } as const;
  const told: Told = { source, fields: { id: 7, error: new Error('no') } };
  const without = { includeName: false, includeBehaviour: false, includeFields: false } as const;
  t.is(lineOf({ time: 'none', ...without }, told), `[info] ${pid}: text`);
  const { includeName } = without;
  t.regex(
    lineOf({ time: 'none', includeName }, told),
    new RegExp(`^\\[info\\] ${pid} Shop: text id`),
  );
  const json = JSON.parse(lineOf({ format: 'json', ...without }, told)) as Record<string, unknown>;
  t.deepEqual(Object.keys(json), ['time', 'level', 'source', 'message']);
  t.deepEqual(Object.keys(json['source'] as object), ['type', 'node', 'pid']);
});

/** Writes a record of each level by a console logger of the format `coloured`. */
const paints = `
  import { ConsoleLogger } from 'tergo';
  const logger = new ConsoleLogger({ format: 'coloured' });
  const source = { type: 'node', node: 'a@b' };
  for (const level of ['debug', 'info', 'warning', 'error'])
    logger.log({ timeMs: ${timeMs}, level, source, message: 'text', fields: { id: 7 } });
`;

/** What it writes to a pipe in a process with that environment. */
async function coloured(env: Record<string, string | undefined>): Promise<string> {
  const plain = { FORCE_COLOR: undefined, NO_COLOR: undefined, TERM: 'xterm', TZ: 'Europe/Vienna' };
  return (await runSource(paints, { env: { ...plain, ...env } })).stderr;
}

test('coloured lines have a short local time and a colour for each level', async (t) => {
  const lines = (await coloured({ FORCE_COLOR: '1' })).trimEnd().split('\n');
  t.is(lines.length, 4);
  t.deepEqual(
    // oxlint-disable-next-line no-control-regex -- colours begin with one
    lines.map((line) => line.replaceAll(/\u001b\[\d+m/g, '')),
    ['debug  ', 'info   ', 'warning', 'error  '].map((l) => `04:04:05.678 ${l} a@b text id=7`),
  );
  t.is(new Set(lines.map((line) => /\[\d+m(?=debug|info|warn|error)/.exec(line)?.[0])).size, 4);
});

test('without a terminal, or where they are not wanted, coloured is plain text', async (t) => {
  const plain = '2026-01-02T03:04:05.678Z [debug] a@b: text id=7';
  for (const env of [{}, { NO_COLOR: '1' }, { FORCE_COLOR: '0' }, { TERM: 'dumb' }])
    t.is((await coloured(env)).split('\n')[0], plain, JSON.stringify(env));
});

test('on a terminal colours show, unless they are not wanted', async (t) => {
  if (process.platform !== 'linux' || !existsSync('/usr/bin/script')) {
    t.log('there is no script(1) of Linux here, which makes a terminal');
    t.pass();
    return;
  }
  const file = path.join(scratchFolder(t), 'paints.mjs');
  const tergo = new URL('../../dist/index.js', import.meta.url).href;
  writeFileSync(file, paints.replace("'tergo'", `'${tergo}'`));
  const onTerminal = (env: Record<string, string>): string => {
    const { FORCE_COLOR: _force, NO_COLOR: _no, ...rest } = process.env;
    const command = `'${process.execPath}' '${file}'`;
    const options = { env: { ...rest, TERM: 'xterm', ...env } };
    return String(execFileSync('/usr/bin/script', ['-qec', command, '/dev/null'], options));
  };
  t.true(onTerminal({}).includes('\u001b['));
  for (const env of [{ NO_COLOR: '1' }, { FORCE_COLOR: '0' }, { TERM: 'dumb' }])
    t.false(onTerminal(env).includes('\u001b['), JSON.stringify(env));
});

const wrong: Readonly<Record<string, readonly unknown[]>> = {
  format: ['xml', null, 5],
  time: ['short', null, true],
  includeBehaviour: [1, 'no', null],
  includeName: [0, 'yes', null],
  includeFields: [[], 'no', null],
  output: ['stderr', null, {}],
  colour: [true],
};

for (const [key, values] of Object.entries(wrong)) {
  test(`a wrong ${key} is refused, of a logger and of a node`, async (t) => {
    for (const value of values) {
      t.throws(() => new ConsoleLogger({ [key]: value }), {
        code: 'incorrect',
        message: new RegExp(`^options\\.${key} must be`),
      });
      await t.throwsAsync(quietNode(t, { log: { [key]: value } }), {
        code: 'incorrect',
        message: new RegExp(`^options\\.log\\.${key} must be`),
      });
    }
  });
}
