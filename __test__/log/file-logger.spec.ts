import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inspect } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { FileLogger, type FileLoggerOptions, type Node } from 'tergo';
import { type VirtualClock, virtualClock } from 'tergo/testing';
import test, { type ExecutionContext } from 'ava';
import { everyValue } from '../support/bad-values.ts';
import { runSource } from '../support/run-node.ts';
import { scratchFolder } from '../support/scratch-folder.ts';
import { quietNode } from '../support/witness.ts';

interface Filed {
  readonly node: Node;
  readonly clock: VirtualClock;
  readonly folder: string;
  readonly file: string;
}

type Options = Omit<FileLoggerOptions, 'path'>;

/** A node that logs into `app.log` of a folder of its own. */
async function filed(
  t: ExecutionContext,
  options: Options = {},
  folder = scratchFolder(t),
): Promise<Filed> {
  const clock = virtualClock({ startAt: Date.UTC(2026, 0, 1, 22, 30) });
  const node = await quietNode(t, { clock, log: { disableConsole: true } });
  const file = path.join(folder, 'app.log');
  node.addLogger('file', new FileLogger({ path: file, time: 'none', ...options }));
  return { node, clock, folder, file };
}

/** The messages in a file, compressed or not. */
function messagesIn(file: string): string[] {
  const data = readFileSync(file);
  const text = (file.endsWith('.gz') ? gunzipSync(data) : data).toString();
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => line.slice(line.indexOf(': ') + 2));
}

/** Every file with what it holds, the old ones first. */
function contents(folder: string): Record<string, string[]> {
  const names = readdirSync(folder).toSorted();
  return Object.fromEntries(names.map((name) => [name, messagesIn(path.join(folder, name))]));
}

test('records come into the file line by line, in order', async (t) => {
  const { node, file } = await filed(t);
  const messages = Array.from({ length: 5000 }, (_, i) => `record ${i}`);
  for (const message of messages) node.log.info(message);
  await node.stop();
  t.deepEqual(messagesIn(file), messages);
});

test('the format is that of the console logger, without colours', async (t) => {
  for (const format of ['text', 'json', 'coloured'] as const) {
    const { node, file } = await filed(t, { format, time: 'iso' });
    node.log.info('hello', { id: 7 });
    await node.stop();
    const line = readFileSync(file, 'utf8');
    if (format === 'json') t.like(JSON.parse(line), { message: 'hello', fields: { id: 7 } });
    else t.is(line, '2026-01-01T22:30:00.000Z [info] quiet@localhost: hello id=7\n');
  }
});

function thrower(): never {
  throw new Error('not for you');
}

test('a record that cannot be shown as it is holds up no other', async (t) => {
  const { node, file } = await filed(t, { includeFields: true });
  for (const message of ['one', 'two'])
    node.log.info(message, { hostile: { [inspect.custom]: thrower } });
  node.log.info('three');
  await node.stop();
  const why = 'hostile="cannot be shown: not for you"';
  t.deepEqual(messagesIn(file), [`one ${why}`, `two ${why}`, 'three']);
});

test('what a file holds already stays', async (t) => {
  const folder = scratchFolder(t);
  writeFileSync(path.join(folder, 'app.log'), 'x: before\n');
  const { node, file } = await filed(t, {}, folder);
  node.log.info('after');
  await node.stop();
  t.deepEqual(messagesIn(file), ['before', 'after']);
});

test('before a file would grow too large it is put aside', async (t) => {
  // Each line has 32 characters and its end.
  const { node, folder } = await filed(t, { maxBytes: 100 });
  for (let i = 0; i < 10; i++) node.log.info(`rec ${i}`);
  await node.stop();
  t.deepEqual(contents(folder), {
    'app.log': ['rec 9'],
    'app.log.2026-01-01T22-30-00.000Z': ['rec 0', 'rec 1', 'rec 2'],
    'app.log.2026-01-01T22-30-00.001Z': ['rec 3', 'rec 4', 'rec 5'],
    'app.log.2026-01-01T22-30-00.002Z': ['rec 6', 'rec 7', 'rec 8'],
  });
});

test('a line that is longer than a file may be has one of its own', async (t) => {
  const { node, folder } = await filed(t, { maxBytes: 100 });
  const long = 'x'.repeat(200);
  for (const message of ['one', long, 'two']) node.log.info(message);
  await node.stop();
  t.deepEqual(Object.values(contents(folder)), [['two'], ['one'], [long]]);
});

test('what a file held before counts to its size', async (t) => {
  const folder = scratchFolder(t);
  writeFileSync(path.join(folder, 'app.log'), `x: ${'y'.repeat(90)}\n`);
  const { node } = await filed(t, { maxBytes: 100 }, folder);
  node.log.info('new');
  await node.stop();
  t.deepEqual(Object.values(contents(folder)), [['new'], ['y'.repeat(90)]]);
});

for (const [period, stepMs] of [
  ['hour', 3_600_000],
  ['day', 86_400_000],
  [60_000, 60_000],
] as const) {
  test(`with the period ${period} the first record of the next one puts the file aside`, async (t) => {
    const { node, clock, folder } = await filed(t, { period });
    node.log.info('first');
    await clock.advance(stepMs - (clock.wallNow() % stepMs) - 1);
    node.log.info('last of its period');
    await clock.advance(1);
    node.log.info('first of the next');
    await clock.advance(10 * stepMs);
    node.log.info('much later');
    await node.stop();
    const files = contents(folder);
    t.deepEqual(Object.values(files), [
      ['much later'],
      ['first', 'last of its period'],
      ['first of the next'],
    ]);
    const midnight = 'app.log.2026-01-02T00-00-00.000Z';
    if (period === 'day') t.is(Object.keys(files)[1], midnight);
  });
}

test('a file of an earlier period is put aside at the start', async (t) => {
  const folder = scratchFolder(t);
  const old = path.join(folder, 'app.log');
  writeFileSync(old, 'x: yesterday\n');
  utimesSync(old, 0, Date.UTC(2025, 11, 31, 12) / 1000);
  const { node } = await filed(t, { period: 'day' }, folder);
  node.log.info('today');
  await node.stop();
  t.deepEqual(Object.values(contents(folder)), [['today'], ['yesterday']]);
});

test('a clock that is set back puts no file aside, and overwrites none', async (t) => {
  const { node, clock, folder } = await filed(t, { period: 'hour', maxBytes: 100 });
  for (let i = 0; i < 4; i++) node.log.info(`rec ${i}`);
  clock.setWallNow(Date.UTC(2026, 0, 1, 20));
  for (let i = 4; i < 8; i++) node.log.info(`rec ${i}`);
  await node.stop();
  t.deepEqual(Object.values(contents(folder)), [
    ['rec 6', 'rec 7'],
    ['rec 0', 'rec 1', 'rec 2'],
    ['rec 3', 'rec 4', 'rec 5'],
  ]);
});

test('only so many old files are kept, the newest', async (t) => {
  const { node, folder } = await filed(t, { maxBytes: 40, depth: 2 });
  for (let i = 0; i < 6; i++) node.log.info(`rec ${i}`);
  await node.stop();
  t.deepEqual(Object.values(contents(folder)), [['rec 5'], ['rec 3'], ['rec 4']]);
});

test('old files of earlier runs count, and other files are left alone', async (t) => {
  const folder = scratchFolder(t);
  const others = ['app.log.bak', 'app.log.2026', 'other.log.2020-01-01T00-00-00.000Z', 'app.logs'];
  const old = [0, 1, 2].map(
    (day) => `app.log.2020-01-0${day + 1}T00-00-00.000Z${day === 1 ? '.gz' : ''}`,
  );
  for (const name of [...others, ...old]) writeFileSync(path.join(folder, name), '');
  const { node } = await filed(t, { depth: 2 }, folder);
  await node.stop();
  t.deepEqual(readdirSync(folder).toSorted(), [...others, ...old.slice(1)].toSorted());
});

test('an old file of an earlier run is never overwritten', async (t) => {
  const folder = scratchFolder(t);
  const at = 'app.log.2026-01-01T22-30-00';
  writeFileSync(path.join(folder, `${at}.000Z`), 'x: earlier\n');
  writeFileSync(path.join(folder, `${at}.001Z.gz`), gzipSync('x: earlier, too\n'));
  const { node } = await filed(t, { maxBytes: 40 }, folder);
  for (const message of ['one', 'two']) node.log.info(message);
  await node.stop();
  t.deepEqual(contents(folder), {
    'app.log': ['two'],
    [`${at}.000Z`]: ['earlier'],
    [`${at}.001Z.gz`]: ['earlier, too'],
    [`${at}.002Z`]: ['one'],
  });
});

test('compressed old files can be read by gunzip', async (t) => {
  const { node, folder } = await filed(t, { maxBytes: 40, depth: 3, gzip: true });
  for (let i = 0; i < 6; i++) node.log.info(`rec ${i}`);
  await node.stop();
  const files = contents(folder);
  t.deepEqual(Object.values(files), [['rec 5'], ['rec 2'], ['rec 3'], ['rec 4']]);
  t.true(
    Object.keys(files)
      .slice(1)
      .every((name) => /\.\d{3}Z\.gz$/.test(name)),
  );
});

test('what a compression left half done is done again', async (t) => {
  const folder = scratchFolder(t);
  const name = 'app.log.2025-12-31T00-00-00.000Z';
  writeFileSync(path.join(folder, name), 'x: old\n');
  writeFileSync(path.join(folder, `${name}.gz.tmp`), 'half');
  const { node } = await filed(t, { gzip: true }, folder);
  await node.stop();
  t.deepEqual(contents(folder), { [`${name}.gz`]: ['old'] });
});

test('no file is opened before the first record', async (t) => {
  const { node, folder } = await filed(t);
  await node.stop();
  t.deepEqual(readdirSync(folder), []);
});

test('a path belongs to one logger of an OS process at a time', async (t) => {
  const { node, file } = await filed(t);
  const second = await quietNode(t);
  const again = new FileLogger({ path: path.join(file, '..', 'app.log') });
  t.throws(() => second.addLogger('file', again), { code: 'taken', message: /app\.log/ });
  t.deepEqual(second.loggers(), []);
  await node.stop();
  t.notThrows(() => second.addLogger('file', again));
});

for (const end of ['process.exit(3)', `setImmediate(() => { throw new Error('boom'); })`]) {
  test(`nothing that was logged is lost or written twice by ${end}`, async (t) => {
    const file = path.join(scratchFolder(t), 'app.log');
    const { code } = await runSource(`
      import { FileLogger, startNode } from 'tergo';
      const node = await startNode('a@localhost', { log: { disableConsole: true } });
      node.addLogger('file', new FileLogger({ path: ${JSON.stringify(file)}, time: 'none', maxBytes: 50_000 }));
      for (let i = 0; i < 3000; i++) {
        node.log.info('record ' + i);
        if (i % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      ${end};
    `);
    t.not(code, 0);
    const files = Object.values(contents(path.dirname(file)));
    const messages = [...files.slice(1), files[0]].flat();
    t.deepEqual(
      messages,
      Array.from({ length: 3000 }, (_, i) => `record ${i}`),
    );
  });
}

test('options that are none are refused, with the key named', (t) => {
  const wrong: Readonly<Record<string, readonly unknown[]>> = {
    path: ['', 5, null, undefined, {}],
    period: ['week', 0, 999, -1, 1.5, null, Number.NaN],
    maxBytes: [0, -1, 1.5, '1k', null],
    depth: [-1, 1.5, '3', null],
    gzip: [1, 'yes', null],
    format: ['xml', null],
    time: ['short'],
    size: [5],
  };
  for (const [key, values] of Object.entries(wrong))
    for (const value of values)
      t.throws(() => new FileLogger({ path: 'a', [key]: value } as never), {
        code: 'incorrect',
        message: new RegExp(`^options\\.${key} must be`),
      });
  for (const [title, value] of everyValue)
    t.throws(() => new FileLogger(value as never), { code: 'incorrect' }, title);
});
