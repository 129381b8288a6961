import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { FileLogger, type FileLoggerOptions, type LogRecord, type Node } from 'tergo';
import { type VirtualClock, virtualClock } from 'tergo/testing';
import test, { type ExecutionContext } from 'ava';
import { scratchFolder } from '../support/scratch-folder.ts';
import { waitFor } from '../support/wait-for.ts';
import { quietNode, spawnWitness } from '../support/witness.ts';

interface Troubled {
  readonly node: Node;
  readonly clock: VirtualClock;
  /** What another logger got. */
  readonly others: LogRecord[];
  /** Logs, and waits until the file logger has dealt with it. */
  readonly log: (message: string) => Promise<void>;
}

async function troubled(t: ExecutionContext, options: FileLoggerOptions): Promise<Troubled> {
  const clock = virtualClock();
  const node = await quietNode(t, { clock, log: { disableConsole: true } });
  const others: LogRecord[] = [];
  node.addLogger('ears', { log: (record) => void others.push(record) });
  node.addLogger('file', new FileLogger({ time: 'none', ...options }));
  const { run } = await spawnWitness(node);
  const log = async (message: string): Promise<void> => {
    await run((self) => self.log.info(message));
    await waitFor('the file logger', () => node.loggers()[1]?.queued === 0);
  };
  return { node, clock, others, log };
}

function codesOf(records: readonly LogRecord[]): unknown[] {
  return records
    .filter(({ message }) => message === 'a logger failed')
    .map(({ fields }) => (fields['error'] as NodeJS.ErrnoException).code);
}

function messagesOf(file: string): string[] {
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.slice(line.indexOf(': ') + 2));
}

test('a missing folder is told once; when it is there, the file says how many records were lost', async (t) => {
  const folder = path.join(scratchFolder(t), 'logs');
  const file = path.join(folder, 'app.log');
  const { node, clock, others, log } = await troubled(t, { path: file });
  await log('one');
  mkdirSync(folder);
  await clock.advance(4999);
  await log('two');
  t.false(existsSync(file));
  await clock.advance(1);
  await log('three');
  await log('four');
  t.deepEqual(messagesOf(file), [
    'records were lost: the file could not be written lost=2',
    'three',
    'four',
  ]);
  t.deepEqual(codesOf(others), ['ENOENT']);
  t.deepEqual(
    others.map(({ message }) => message).filter((message) => message !== 'a logger failed'),
    ['one', 'two', 'three', 'four'],
  );
  t.like(node.loggers()[1], { failed: 2, written: 2, dropped: 0 });
});

test('a folder that cannot be written to is told once, and harms nothing else', async (t) => {
  const folder = scratchFolder(t);
  readOnly(t, folder);
  const { node, clock, others, log } = await troubled(t, { path: path.join(folder, 'app.log') });
  for (let i = 0; i < 5; i++) {
    await log(`record ${i}`);
    await clock.advance(7000);
  }
  t.is(codesOf(others).length, 1);
  t.regex(String(codesOf(others)[0]), /EACCES|EROFS/);
  t.is(others.length, 6);
  t.like(node.loggers()[1], { failed: 5, written: 0 });
  t.deepEqual(await node.stop(), { killed: [] });
});

/** Root may write wherever the file system lets it: only another file system stops it. */
function readOnly(t: ExecutionContext, folder: string): void {
  if (process.getuid?.() !== 0) {
    chmodSync(folder, 0o500);
    return t.teardown(() => chmodSync(folder, 0o700));
  }
  t.true(mount(t, folder, 'ro'), 'root can mount');
}

/** Mounts a small file system; false where that is not allowed. */
function mount(t: ExecutionContext, folder: string, options: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    return false;
  }
  t.teardown(() => void execFileSync('umount', ['-l', folder]));
  return true;
}

test('a full device is told once, and is never put aside', async (t) => {
  if (!existsSync('/dev/full')) {
    t.log('this system has no /dev/full');
    t.pass();
    return;
  }
  const { node, clock, others, log } = await troubled(t, {
    path: '/dev/full',
    maxBytes: 1,
    period: 1000,
  });
  for (let i = 0; i < 4; i++) {
    await log(`record ${i}`);
    await clock.advance(6000);
  }
  t.deepEqual(codesOf(others), ['ENOSPC']);
  t.is(others.length, 5);
  t.like(node.loggers()[1], { failed: 4, written: 0 });
  t.deepEqual(
    readdirSync('/dev').filter((name) => name.startsWith('full')),
    ['full'],
  );
});

test('what is no regular file is written, and never put aside', async (t) => {
  const folder = scratchFolder(t);
  const file = path.join(folder, 'pipe');
  execFileSync('mkfifo', [file]);
  const reader = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  t.teardown(() => closeSync(reader));
  const { clock, log, others } = await troubled(t, { path: file, maxBytes: 1, period: 1000 });
  for (const message of ['one', 'two']) {
    await log(message);
    await clock.advance(1000);
  }
  const text = Buffer.alloc(1000);
  const size = readSync(reader, text);
  t.regex(
    text.toString('utf8', 0, size),
    /^\[info\] \S+ Witness: one\n\[info\] \S+ Witness: two\n$/,
  );
  t.deepEqual(readdirSync(folder), ['pipe']);
  t.deepEqual(codesOf(others), []);
});

test('when a full disk has room again, the file goes on with whole lines', async (t) => {
  const folder = scratchFolder(t);
  if (!mount(t, folder, 'size=64k')) {
    t.log('mounting is not allowed here');
    t.pass();
    return;
  }
  const file = path.join(folder, 'app.log');
  const filler = path.join(folder, 'filler');
  const { clock, others, log } = await troubled(t, { path: file });
  await log('before');
  fill(filler);
  const long = 'x'.repeat(10_000);
  for (let i = 0; i < 3; i++) await log(`${long} ${i}`);
  rmSync(filler);
  await clock.advance(5000);
  await log('after');
  t.deepEqual(codesOf(others), ['ENOSPC']);
  const messages = messagesOf(file);
  const lost = 'records were lost: the file could not be written lost=3';
  t.deepEqual(messages, ['before', lost, 'after']);
  t.is(others.length, 6);
});

/** Takes all the room that is left. */
function fill(file: string): void {
  for (let size = 4096; size >= 1;) {
    try {
      writeFileSync(file, Buffer.alloc(size), { flag: 'a' });
    } catch {
      size = Math.floor(size / 2);
    }
  }
}

test('a file that cannot be put aside is written on, which is told once', async (t) => {
  // With a time behind it this name is too long.
  const file = path.join(scratchFolder(t), 'x'.repeat(240));
  const { clock, others, log, node } = await troubled(t, { path: file, period: 1000 });
  for (const message of ['one', 'two', 'three']) {
    await log(message);
    await clock.advance(1000);
  }
  t.deepEqual(messagesOf(file), ['one', 'two', 'three']);
  t.deepEqual(codesOf(others), ['ENAMETOOLONG']);
  t.like(node.loggers()[1], { written: 3, failed: 0 });
});

test('a folder that is removed on the way is told once, and used again when it is back', async (t) => {
  const folder = path.join(scratchFolder(t), 'logs');
  mkdirSync(folder);
  const file = path.join(folder, 'app.log');
  const { clock, others, log, node } = await troubled(t, { path: file, period: 1000 });
  await log('one');
  // What is open stays open; whatever needs the folder fails.
  rmSync(folder, { recursive: true });
  await clock.advance(1000);
  await log('two');
  t.deepEqual(codesOf(others), ['ENOENT']);
  mkdirSync(folder);
  await clock.advance(5000);
  await log('three');
  t.deepEqual(messagesOf(file), [
    'records were lost: the file could not be written lost=1',
    'three',
  ]);
  t.is(node.loggers()[1]?.failed, 1);
});

test('a folder in place of the file is told, and nothing else', async (t) => {
  const folder = scratchFolder(t);
  const { node, others, log } = await troubled(t, { path: folder });
  await log('one');
  t.deepEqual(codesOf(others), ['EISDIR']);
  t.deepEqual(await node.stop(), { killed: [] });
});

test('a clock that is set back after a failure does not put the next try off', async (t) => {
  const folder = path.join(scratchFolder(t), 'logs');
  const file = path.join(folder, 'app.log');
  const { clock, log } = await troubled(t, { path: file });
  await log('one');
  mkdirSync(folder);
  clock.setWallNow(clock.wallNow() - 3_600_000);
  await log('two');
  t.deepEqual(messagesOf(file).slice(1), ['two']);
});

test('only what is not written counts as lost, when it fails between two files', async (t) => {
  const folder = path.join(scratchFolder(t), 'logs');
  mkdirSync(folder);
  const { node, clock, log } = await troubled(t, {
    path: path.join(folder, 'app.log'),
    maxBytes: 100,
  });
  await log('opens the file');
  rmSync(folder, { recursive: true });
  // The first of this one batch still goes into the file that is open.
  node.log.info('in hand');
  for (let i = 0; i < 3; i++) node.log.info(`more ${i}`);
  await waitFor('the file logger', () => node.loggers()[1]?.queued === 0);
  mkdirSync(folder);
  await clock.advance(5000);
  await log('after');
  const [note = ''] = messagesOf(path.join(folder, 'app.log'));
  t.is(note, 'records were lost: the file could not be written lost=3');
});
