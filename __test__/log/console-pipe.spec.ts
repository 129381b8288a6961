import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { runSource } from '../support/run-node.ts';
import { scratchFolder } from '../support/scratch-folder.ts';
import { waitFor } from '../support/wait-for.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Child {
  readonly process: ChildProcess;
  /** What it told over its channel. */
  readonly told: unknown[];
}

/** Runs source whose standard error nobody reads before the test does. */
function start(t: ExecutionContext, source: string): Child {
  const args = ['--input-type=module-typescript', '--eval', source];
  const stdio = ['ignore', 'inherit', 'pipe', 'ipc'] as const;
  const child = spawn(process.execPath, args, { cwd: root, stdio: [...stdio] });
  t.teardown(() => child.kill('SIGKILL'));
  const told: unknown[] = [];
  child.on('message', (message) => told.push(message));
  child.stderr!.pause();
  return { process: child, told };
}

async function errorOutput({ process: { stderr } }: Child): Promise<string> {
  let text = '';
  stderr!.setEncoding('utf8').on('data', (part: string) => (text += part));
  // Once paused it stays so, whoever listens.
  stderr!.resume();
  await once(stderr!, 'end');
  return text;
}

/** An actor that logs `count` lines of 1000 characters, and tells when it has. */
function talker(count: number, then: string): string {
  return `
    import { Actor, noreply, startNode } from 'tergo';
    const node = await startNode('a@localhost', { log: { time: 'none' } });
    class Talker extends Actor {
      handleMessage(at) {
        this.log.info(String(at).padEnd(1000, '.'));
        if (at + 1 < ${count}) this.send(this.pid, at + 1);
        else process.send('talked', () => { ${then} });
        return noreply;
      }
    }
    node.send(await node.spawn(Talker), 0);
  `;
}

/** The numbers of the lines, in their order; fails at a line that is not whole. */
function numbers(t: ExecutionContext, text: string): number[] {
  return text
    .trimEnd()
    .split('\n')
    .filter((line) => /Talker: \d/.test(line))
    .map((line) => {
      const [, number = '', rest = ''] = /Talker: (\d+)(\.*)$/.exec(line) ?? [];
      t.is(number.length + rest.length, 1000, line);
      return Number(number);
    });
}

const thousand = Array.from({ length: 1000 }, (_, i) => i);

test('actors go on while nobody reads standard error; then every line comes, in order', async (t) => {
  const child = start(t, talker(1000, 'process.disconnect(); node.stop();'));
  await waitFor('the actor to be through', () => child.told.includes('talked'), 20_000);
  t.is(child.process.exitCode, null);
  t.deepEqual(numbers(t, await errorOutput(child)), thousand);
});

test('what waits when the program exits is written as soon as somebody reads', async (t) => {
  const child = start(t, talker(1000, 'process.exit(3);'));
  await waitFor('the actor to be through', () => child.told.includes('talked'), 20_000);
  t.deepEqual(numbers(t, await errorOutput(child)), thousand);
  await waitFor('its end', () => child.process.exitCode !== null);
  t.is(child.process.exitCode, 3);
});

test('what waits when the program crashes is written before it ends', async (t) => {
  const crash = `setImmediate(() => { throw new Error('out of luck'); });`;
  const child = start(t, talker(1000, crash));
  await waitFor('the actor to be through', () => child.told.includes('talked'), 20_000);
  t.deepEqual(numbers(t, await errorOutput(child)), thousand);
  await waitFor('its end', () => child.process.exitCode !== null);
  t.not(child.process.exitCode, 0);
});

test('an exit does not wait for a reader who never comes', async (t) => {
  const child = start(t, talker(1000, 'process.exit(3);'));
  // A stream that nobody reads holds the event back.
  const [code] = (await once(child.process, 'exit')) as [number];
  t.is(code, 3);
});

test('a program whose node has stopped ends, though nobody reads what is left', async (t) => {
  const child = start(t, talker(1000, 'process.disconnect(); node.stop({ timeoutMs: 100 });'));
  await waitFor('its end', () => child.process.exitCode === 0, 20_000);
  t.true(child.told.includes('talked'));
});

test('beyond the size of the queue lines are dropped, which is told at its end', async (t) => {
  const child = start(t, talker(20_000, 'process.disconnect(); node.stop();'));
  await waitFor('the actor to be through', () => child.told.includes('talked'), 30_000);
  const text = await errorOutput(child);
  const seen = numbers(t, text);
  t.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  );
  t.true(seen.length > 10_000 && seen.length < 20_000);
  const [, dropped] = /too slow: records were dropped .*dropped=(\d+)/.exec(text) ?? [];
  // On a busy machine one more tells that a callback took long.
  const total = seen.length + Number(dropped);
  t.true(total === 20_000 || total === 20_001, String(total));
});

test('several nodes of one program share standard error, line by line', async (t) => {
  const { stderr } = await runSource(`
    import { startNode } from 'tergo';
    await using a = await startNode('a@localhost', { log: { time: 'none' } });
    await using b = await startNode('b@localhost', { log: { time: 'none' } });
    for (const node of [a, b, a]) node.log.info('one');
  `);
  t.is(stderr, ['a', 'b', 'a'].map((name) => `[info] ${name}@localhost: one\n`).join(''));
});

test('a reader that is gone ends nothing and is told nowhere', async (t) => {
  const child = start(
    t,
    `
    import { startNode } from 'tergo';
    const node = await startNode('a@localhost');
    node.addLogger('ears', { log: ({ message }) => process.send(message) });
    await new Promise((resolve) => process.once('message', resolve));
    for (let i = 0; i < 3; i++) {
      node.log.info('line ' + i);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await node.stop();
    process.send('stopped', () => process.disconnect());
  `,
  );
  child.process.stderr!.destroy();
  child.process.send('go');
  const [code] = (await once(child.process, 'exit')) as [number];
  t.deepEqual(child.told, ['line 0', 'line 1', 'line 2', 'stopped']);
  t.is(code, 0);
});

test('a stop by a signal writes the last line', async (t) => {
  const source = `
    import { startNode } from 'tergo';
    await startNode('a@localhost', { handleSignals: true, log: { time: 'none' } });
    console.log('ready');
  `;
  const { stderr, signal } = await runSource(source, {
    onOutput: (_, kill) => kill('SIGTERM'),
  });
  t.is(stderr, '[info] a@localhost: stopping signal="SIGTERM"\n');
  t.is(signal, 'SIGTERM');
});

test('a file as standard error holds every line, in order with what the program itself writes', async (t) => {
  const file = path.join(scratchFolder(t), 'errors');
  const fd = openSync(file, 'w');
  const source = `
    import { startNode } from 'tergo';
    const node = await startNode('a@localhost', { log: { time: 'none' } });
    for (let i = 0; i < 1000; i++) {
      node.log.info('log ' + i);
      process.stderr.write('own ' + i + '\\n');
    }
    process.exit();
  `;
  const args = ['--input-type=module-typescript', '--eval', source];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', fd] });
  closeSync(fd);
  await once(child, 'exit');
  const expected = thousand.map((i) => `[info] a@localhost: log ${i}\nown ${i}\n`);
  t.is(readFileSync(file, 'utf8'), expected.join(''));
});
