import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { startNode, type Node } from 'tergo';
import { Aggregator } from '../../examples/count-words/aggregator.ts';
import { batchesOf } from '../../examples/count-words/batches.ts';
import { CountWords } from '../../examples/count-words/count-words.ts';
import { ProgressLine } from '../../examples/count-words/progress-line.ts';
import { aggregatorName, progressEvent } from '../../examples/count-words/protocols.ts';
import { countInto } from '../../examples/count-words/words.ts';
import { type Finished, runNode } from '../support/run-node.ts';
import { waitFor, waitForEvent } from '../support/wait-for.ts';

// One after another: each runs a process of its own.
const demo = new URL('../../examples/count-words.ts', import.meta.url);

/** A new folder with the given files, which is gone after the test. */
function folderWith(t: ExecutionContext, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'tergo-words-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return folder;
}

const fortyFiles = Object.fromEntries(
  Array.from({ length: 40 }, (_, i) => [`${String(i).padStart(2, '0')}.txt`, 'one two two']),
);
const killedNode =
  /^count-words-(\d)@localhost \(process (\d+)\) was killed by kill -9, (\d+) files? given to its workers; /gm;
const speedUp = /^once more without crashes, .* times as fast/gm;

function count(...args: readonly string[]): Promise<Finished> {
  return runNode(demo, { args, env: { INIT_CWD: undefined } });
}

function shownOn(output: { readonly isTTY: boolean }): string {
  let shown = '';
  const line = new ProgressLine({ ...output, write: (text) => (shown += text) });
  for (const done of [1, 2, 20]) line.show({ done, of: 20, words: 1000 * done });
  return shown;
}

function failsWith(t: ExecutionContext, { code, stderr }: Finished, text: string): void {
  t.is(code, 1);
  t.is(stderr, `count-words: ${text}\n`);
}

test.serial(
  'without an argument it counts this repository on all cores, and a plain loop agrees',
  async (t) => {
    // Much to do, and on a busy machine for long.
    const env = { INIT_CWD: undefined };
    const { stdout, stderr, code } = await runNode(demo, { env, timeoutMs: 100_000 });
    t.is(code, 0, stderr);
    const cores = availableParallelism();
    t.regex(stdout, new RegExp(`, ${Math.max(4, 2 * cores)} workers on ${cores} threads?$`, 'm'));
    t.regex(stdout, /^100 % {2}(\S+) of \1 files, /m);
    t.is(stdout.match(/^ +\d+\. \S+ +[\d,]+$/gm)?.length, 10);
    t.regex(stdout, /^\d+\.\d{3} s: [\d,]+ words\/s, [\d.,]+ MB\/s$/m);
    t.regex(stdout, /^a plain loop over the same files agrees: [\d,]+ words$/m);
    t.is(stdout.match(speedUp)?.length, cores > 1 ? 1 : undefined);
  },
);

test.serial('with several threads it tells how much they gain over one', async (t) => {
  const { stdout, stderr, code } = await count(folderWith(t, fortyFiles), '--threads', '3');
  t.is(code, 0, stderr);
  t.regex(stdout, /^40 files below \S+, 6 workers on 3 threads$/m);
  t.is(stdout.match(speedUp)?.length, 1);
  t.regex(stdout, / \d+\.\d{3} s with 1 thread, \d+\.\d{3} s with 3: \d+\.\d\d times as fast/);
});

test.serial('with one thread nothing is compared, and no thread ends', async (t) => {
  const { stdout, stderr, code } = await count(folderWith(t, fortyFiles), '--threads=1');
  t.is(code, 0, stderr);
  t.regex(stdout, /, 4 workers on 1 thread$/m);
  t.notRegex(stdout, speedUp);
  t.notRegex(`${stdout}${stderr}`, /thread \d was ended|thread has ended/);
});

test.serial(
  'a whole thread, a worker and the reader end for real, are logged once and replaced, and every file is counted once all the same',
  async (t) => {
    const folder = folderWith(t, fortyFiles);
    const { stdout, stderr, code } = await count(folder, '--threads', '2');
    t.is(code, 0, stderr);
    t.regex(stdout, /^a worker crashed on purpose with \d\d\.txt in hand; the pool replaced it, /m);
    t.regex(stdout, /^thread 1 was ended on purpose, \d files? given to its workers; the node /m);
    t.regex(stdout, /^the reader crashed on purpose; its supervisor restarted it$/m);
    t.is(stdout.match(/crashed/g)?.length, 2);
    t.is(stderr.match(/process crashed/g)?.length, 2);
    t.is(stderr.match(/a scheduler thread has ended/g)?.length, 1);
    t.regex(stderr, /a scheduler thread has ended; its processes with it thread=1 /);
    t.regex(stderr, /'reader' Reader: process crashed error=Error: crashed on purpose$/m);
    t.regex(
      stderr,
      /Worker: process crashed error=Error: crashed on purpose with .*\d\d\.txt in hand/,
    );
    t.regex(stdout, /^ +1\. two +80$/m);
    t.regex(stdout, /^ +2\. one +40$/m);
    t.regex(
      stdout,
      /^40 text files \(0 without text skipped\), 440 bytes, 120 words, 2 different$/m,
    );
  },
);

test.serial(
  'several nodes find each other and count; one is killed on the way, and every file is counted once all the same',
  async (t) => {
    const { stdout, stderr, code } = await count(folderWith(t, fortyFiles), '--nodes', '3');
    t.is(code, 0, stderr);
    t.regex(stdout, /^40 files below \S+, 3 nodes, each with 4 workers on 1 thread$/m);
    const [killed] = stdout.matchAll(killedNode);
    t.is(killed?.[1], '3');
    t.true(Number(killed?.[3]) > 0);
    t.throws(() => process.kill(Number(killed?.[2]), 0), { code: 'ESRCH' });
    t.is(stdout.match(/^a worker crashed on purpose/gm)?.length, 1);
    t.is(stdout.match(/^the reader crashed on purpose/gm)?.length, 1);
    t.regex(stdout, /^ +1\. two +80$/m);
    t.regex(stdout, /^40 text files .* 120 words, 2 different$/m);
    t.regex(stdout, /^a plain loop over the same files agrees: 120 words$/m);
    t.regex(stderr, /count-words-2@localhost: a node is connected node="count-words@localhost"/);
    t.notRegex(stdout, speedUp);
  },
);

test.serial('several nodes have several threads each, and log as the first one', async (t) => {
  const folder = folderWith(t, { 'only.txt': 'alone' });
  const args = ['--nodes=2', '--threads=2', '--log=off'];
  const { stdout, stderr, code } = await count(folder, ...args);
  t.is(stderr, '');
  t.is(code, 0);
  t.regex(stdout, /, 2 nodes, each with 4 workers on 2 threads$/m);
  t.regex(stdout, /^thread 1 was ended on purpose, /m);
  t.is(stdout.match(killedNode)?.length, 1);
  t.regex(stdout, /agrees: 1 word$/m);
});

test.serial('with one node there is no network', async (t) => {
  const { stdout, stderr } = await count(folderWith(t, fortyFiles), '--nodes=1', '--threads=1');
  t.regex(stdout, /, 4 workers on 1 thread$/m);
  t.notRegex(`${stdout}${stderr}`, /killed by kill -9|the registrar|is connected/);
});

test.serial(
  'words are letters, digits and underscores of any script, whatever their case, in every folder below',
  async (t) => {
    const folder = folderWith(t, {
      'a.txt': 'Hello, hello HELLO!\n',
      'b/c/d.md': 'größe Größe snake_case 42 — 42',
      'b/binary.dat': 'hello\0hello',
      'node_modules/x/left-out.txt': 'hello hello',
      '.git/left-out.txt': 'hello',
    });
    const { stdout, stderr, code } = await count(folder);
    t.is(code, 0, stderr);
    t.regex(stdout, /^3 files below /);
    t.deepEqual(stdout.match(/^ +\d+\. .*$/gm), [
      `   1. hello${' '.repeat(24)}3`,
      `   2. 42${' '.repeat(27)}2`,
      `   3. größe${' '.repeat(24)}2`,
      `   4. snake_case${' '.repeat(19)}1`,
    ]);
    t.regex(stdout, /^2 text files \(1 without text skipped\), 56 bytes, 8 words, 4 different$/m);
    t.regex(stdout, /^a plain loop over the same files agrees: 8 words$/m);
  },
);

test.serial('a single file is enough for all that ends on the way', async (t) => {
  const folder = folderWith(t, { 'only.txt': 'alone' });
  const { stdout, code } = await count(folder, '--threads', '2');
  t.is(code, 0);
  t.regex(stdout, /crashed on purpose with only\.txt in hand/);
  t.regex(stdout, /^thread 1 was ended on purpose, /m);
  t.regex(stdout, /^1 text file \(0 without text skipped\), 5 bytes, 1 word, 1 different$/m);
});

test.serial('a path is taken from where the user stands', async (t) => {
  const folder = folderWith(t, { 'texts/a.txt': 'word' });
  const args = ['texts', '--threads', '1'];
  const { stdout } = await runNode(demo, { args, env: { INIT_CWD: folder } });
  t.regex(stdout, /agrees: 1 word$/m);
});

test.serial(
  'a folder that does not exist is one line on standard error and exit code 1',
  async (t) => {
    const missing = path.join(folderWith(t, {}), 'missing');
    failsWith(t, await count(missing), `${missing} does not exist`);
  },
);

test.serial('an empty folder is one line on standard error and exit code 1', async (t) => {
  const folder = folderWith(t, {});
  failsWith(t, await count(folder), `there are no files below ${folder}`);
});

test.serial('a folder of binary files is one line on standard error and exit code 1', async (t) => {
  const folder = folderWith(t, { 'a.bin': '\0', 'b.bin': 'x\0y' });
  const text = `there is no text below ${folder} (2 files skipped as binary, too large or unreadable)`;
  failsWith(t, await count(folder, '--log=off'), text);
});

test.serial(
  'a file instead of a folder is one line on standard error and exit code 1',
  async (t) => {
    const file = path.join(folderWith(t, { 'a.txt': 'text' }), 'a.txt');
    failsWith(t, await count(file), `${file} is not a folder`);
  },
);

test.serial(
  'a folder that cannot be read is one line on standard error and exit code 1',
  async (t) => {
    const loop = path.join(folderWith(t, {}), 'loop');
    symlinkSync('loop', loop); // not by permissions: the superuser may read everything
    failsWith(t, await count(loop), `${loop} cannot be read (ELOOP)`);
  },
);

test.serial('a job of the clock prints how far it is, at the latest at the end', async (t) => {
  const { stdout } = await count(folderWith(t, { 'a.txt': 'one two', 'b.txt': 'three' }));
  t.regex(stdout, /^progress at \d\d:\d\d:\d\d: 100 %, 2 of 2 files, 3 words$/m);
});

test.serial('--log says how the log looks on standard error', async (t) => {
  const folder = folderWith(t, { 'a.txt': 'one', 'b.txt': 'two', 'c.txt': 'three' });
  const json = await count(folder, '--log', 'json');
  const records = json.stderr
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { level: string; message: string });
  t.true(records.some(({ level, message }) => level === 'error' && message === 'process crashed'));
  t.true(records.some(({ message }) => message === 'application started'));
  const off = await count(folder, '--log=off');
  t.is(off.stderr, '');
  t.regex(off.stdout, /agrees: 3 words$/m);
  const coloured = await runNode(demo, {
    args: [folder, '--log', 'coloured'],
    env: { INIT_CWD: undefined, FORCE_COLOR: '1', NO_COLOR: undefined },
  });
  t.true(coloured.stderr.includes('\u001B['));
  failsWith(
    t,
    await count(folder, '--log', 'xml'),
    '--log must be text, coloured, json or off, but is xml',
  );
});

test.serial('wrong arguments are one line on standard error and exit code 1', async (t) => {
  const folder = folderWith(t, { 'a.txt': 'one' });
  failsWith(t, await count(folder, folder), 'one folder at most, but there are 2');
  for (const [option, max] of [
    ['--threads', 64],
    ['--nodes', 16],
  ] as const)
    for (const number of ['0', `${max + 1}`, '1.5', 'two', ''])
      failsWith(
        t,
        await count(folder, `${option}=${number}`),
        `${option} must be a number from 1 to ${max}, but is ${number}`,
      );
  const { code, stderr } = await count('--loud');
  t.is(code, 1);
  t.regex(stderr, /^count-words: Unknown option '--loud'/);
});

for (const nodes of ['1', '3'])
  test.serial(
    `a reader that has seen enough ends it without a word, nodes: ${nodes}`,
    async (t) => {
      const folder = folderWith(t, { 'a.txt': 'one two', 'b.txt': 'three' });
      const command = '"$0" "$1" "$2" --nodes "$3" --log off | true';
      const args = [process.execPath, fileURLToPath(demo), folder, nodes];
      const shell = spawn('sh', ['-c', command, ...args]);
      let stderr = '';
      shell.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      // The other nodes have it, too: it closes when the last of them has ended.
      const [code] = await waitForEvent(shell, 'close', 30_000);
      t.is(stderr, '');
      t.is(code, 0);
    },
  );

test('a batch whose words come twice is added once', async (t) => {
  await using node = await startNode('aggregator@localhost');
  const batches = [['a', 'b'], ['c'], ['d']].map((paths, number) => ({ number, paths }));
  const aggregator = await node.spawn(Aggregator, { args: [batches] });
  const counts = new Map([['word', 3]]);
  const text = { bytes: 10, isText: true };
  const none = { bytes: 7, isText: false };
  for (const batch of [0, 0, 1])
    node.send(aggregator, {
      ...{ type: 'counted', batch, counts },
      files: batch === 0 ? [text, none] : [text],
    });
  const totals = await node.call(aggregator, { type: 'totals' });
  t.deepEqual([totals.files, totals.skipped, totals.bytes, totals.words], [2, 1, 20, 6]);
  t.deepEqual(await node.call(aggregator, { type: 'missing' }), {
    batches: [batches[2]],
    isFirst: true,
  });
});

test('batches hold every file once, large ones come first, and there are some for each worker', (t) => {
  const files = Array.from({ length: 1000 }, (_, n) => ({ path: `${n}`, size: (n * 7919) % 5000 }));
  const all = batchesOf([...files, { path: 'large', size: 40_000_000 }], 4);
  t.deepEqual(all[0], { number: 0, paths: ['large'] });
  t.true(all.length >= 32);
  t.deepEqual(
    all.map(({ number }) => number),
    all.map((_, index) => index),
  );
  const paths = all.flatMap((batch) => batch.paths);
  t.is(paths.length, 1001);
  t.is(new Set(paths).size, 1001);
  t.deepEqual(batchesOf([{ path: 'only', size: 0 }], 4), [{ number: 0, paths: ['only'] }]);
});

/** Starts the application with files that are not there. */
async function startCounting(node: Node, files: number): Promise<void> {
  const batches = Array.from({ length: files }, (_, number) => {
    return { number, paths: [`/missing/${number}`] };
  });
  const drill = { thread: undefined, node: undefined };
  const plan = { workers: 2, remotePools: [], drill };
  const line = new ProgressLine({ write: () => undefined });
  await node.applications.load(CountWords, { args: [batches, plan, line] });
  await node.applications.start('count-words');
}

test('whoever is killed is replaced, and all is counted all the same', async (t) => {
  await using node = await startNode('killed@localhost', { log: { level: 'disabled' } });
  await startCounting(node, 2000);
  const victims = ['reporter', 'counters', 'reader'];
  for await (const { message } of node.subscribe(progressEvent)) {
    const victim = message.done % 100 === 0 ? victims.shift() : undefined;
    const pid = victim === undefined ? undefined : node.whereis(victim);
    if (pid !== undefined) node.kill(pid);
    if (message.done === message.of) break;
  }
  const { files, skipped } = await node.call(aggregatorName, { type: 'totals' });
  t.deepEqual([files, skipped], [0, 2000]);
});

test('when too much crashes, the supervisor gives up and the application ends', async (t) => {
  await using node = await startNode('gives-up@localhost', { log: { level: 'disabled' } });
  await startCounting(node, 20_000);
  for (let kills = 0; kills <= 5; kills++) {
    const reader = await waitFor('a reader', () => {
      const pid = node.whereis('reader');
      return pid !== undefined && node.processState(pid) !== 'init' && pid;
    });
    node.kill(reader);
    await waitFor('its end', () => node.processState(reader) === 'terminated');
  }
  await waitFor('the end', () => node.applications.info('count-words').state === 'loaded');
  t.is(node.info().processes, 0);
  t.deepEqual(node.cron.info().jobs, []);
});

test('a long text is counted in pieces, and no word is cut in two', async (t) => {
  const words = Array.from({ length: 30_000 }, (_, i) => `word${i % 7}`);
  const counts = new Map<string, number>();
  await countInto(counts, words.join(' '));
  t.is(counts.size, 7);
  t.is(
    [...counts.values()].reduce((sum, number) => sum + number, 0),
    30_000,
  );
});

test('on a terminal progress is one line that is written over, elsewhere a line for each tenth', (t) => {
  t.is(
    shownOn({ isTTY: true }),
    '\r\u001B[K  5 %  1 of 20 files, 1,000 words' +
      '\r\u001B[K 10 %  2 of 20 files, 2,000 words' +
      '\r\u001B[K100 %  20 of 20 files, 20,000 words\n',
  );
  t.is(
    shownOn({ isTTY: false }),
    ' 10 %  2 of 20 files, 2,000 words\n100 %  20 of 20 files, 20,000 words\n',
  );
});
