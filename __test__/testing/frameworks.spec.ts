import test from 'ava';
import { runNode, runSource } from '../support/run-node.ts';

const suite = `
  import { after, test } from 'node:test';
  import { Actor, noreply, startNode } from 'tergo';
  import { probe, stage, startUnit, virtualClock } from 'tergo/testing';
  class Echo extends Actor {
    handleMessage(message, from) { if (message !== undefined) this.send(from, message); return noreply; }
  }
`;

/** node:test writes TAP when it is not the runner of files. */
function passed(stdout: string): number {
  return Number(/^# pass (\d+)$/m.exec(stdout)?.[1]);
}

test('a suite of a hundred tests under node:test leaves no handle open', async (t) => {
  const { stdout, stderr, code } = await runSource(
    `${suite}
    for (let n = 0; n < 100; n += 1) {
      test('test ' + n, async () => {
        await using echo = await probe(Echo);
        await echo.send(n);
        echo.shouldOnce('send', { to: echo.unit.tester.pid, message: n });
        await using node = await startNode('n' + n + '@localhost', n % 2 ? {} : { clock: virtualClock() });
        using s = stage(node);
        const pid = await node.spawn(Echo);
        node.send(pid, undefined);
        await s.shouldOnce('deliver', { to: pid }, { withinMs: 60_000 });
      });
    }
    after(async () => {
      for (let turns = 0; turns < 3; turns += 1) await new Promise((resolve) => setImmediate(resolve));
      console.log('open:', process.getActiveResourcesInfo().filter((one) => !/Pipe|TTY|FS/.test(one)).join());
    });
  `,
    { timeoutMs: 60_000, flags: ['--test-reporter=tap'] },
  );
  t.is(passed(stdout), 100, stdout + stderr);
  t.true(stdout.includes('open: \n'), stdout.slice(-500));
  t.is(code, 0);
});

test('a forgotten unit, probe or stage keeps no OS process alive', async (t) => {
  const { stdout, code } = await runSource(`${suite}
    const echo = await probe(Echo);
    await echo.send(1);
    stage(echo.unit.node);
    await startUnit();
    console.log('end');
  `);
  t.is(stdout, 'end\n');
  t.is(code, 0);
});

test('a failed assertion shows its text, and carries both sides, under node:test', async (t) => {
  const { stdout, code } = await runSource(
    `${suite}
    test('fails', async () => {
      await using echo = await probe(Echo);
      await echo.send({ type: 'a', n: 1 });
      echo.shouldOnce('send', { message: { type: 'b', n: 1 } });
    });
  `,
    { flags: ['--test-reporter=spec'] },
  );
  t.regex(stdout, /AssertionError \[ERR_ASSERTION\]: Echo <[^>]+> should send once, like/);
  t.regex(stdout, /message\.type must be 'b', but is 'a'/);
  t.regex(stdout, /expected: \[Object\]/);
  t.is(code, 1);
});

test('nodes, clocks and probes go on under the fake timers of a test framework', async (t) => {
  const { stdout, stderr } = await runSource(
    `${suite}
    test('mocked', async (context) => {
      context.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'] });
      await using echo = await probe(Echo);
      await echo.send(1);
      await echo.advance(1000);
      echo.shouldOnce('send', { message: 1 });
      await using node = await startNode('n@localhost');
      using s = stage(node);
      const pid = await node.spawn(Echo);
      node.sendAfter(pid, undefined, 5);
      await s.shouldOnce('deliver', { to: pid, message: undefined });
    });
  `,
    { flags: ['--test-reporter=tap'] },
  );
  t.is(passed(stdout), 1, stdout + stderr);
});

test('fake timers that were installed over the globals do not stop a node either', async (t) => {
  const { stdout } = await runSource(`${suite}
    // As vitest and sinon do it.
    const never = () => { throw new Error('faked'); };
    Object.assign(globalThis, { setImmediate: never, setTimeout: never, clearTimeout: never, setInterval: never });
    globalThis.performance = { now: never, timeOrigin: 0 };
    await using echo = await probe(Echo);
    await echo.send(1);
    await echo.advance(1000);
    await using node = await startNode('n@localhost');
    using s = stage(node);
    node.sendAfter(await node.spawn(Echo), undefined, 5);
    await s.shouldOnce('deliver');
    console.log(echo.sent.length, 'and on');
  `);
  t.is(stdout, '1 and on\n');
});

test('nor one with threads and a registrar of its own', async (t) => {
  const { stdout } = await runSource(`${suite}
    const never = () => { throw new Error('faked'); };
    Object.assign(globalThis, { setImmediate: never, setTimeout: never, clearTimeout: never, setInterval: never });
    globalThis.performance = { now: never, timeOrigin: 0 };
    const nobody = () => [];
    const registrar = { name: 'empty', start() {}, announce() {}, close() {}, nodes: nobody, resolve: nobody, resolveApplication: nobody };
    const network = { cookie: 'at least 16 bytes', acceptors: [{ port: 0 }], registrar };
    await using node = await startNode('n@localhost', { threads: 2, network, log: { level: 'disabled' } });
    await node.network.connect('b@localhost').catch(({ code }) => console.log(code, node.info().threads.length));
  `);
  t.is(stdout, 'no-route 2\n');
});

test('a suite of vitest runs, leaves no handle open, and shows the text of what failed', async (t) => {
  const vitest = new URL('../../node_modules/vitest/vitest.mjs', import.meta.url);
  const args = ['run', '--dir', '__test__/testing/vitest', '--reporter=tap-flat'];
  const { stdout, stderr } = await runNode(vitest, { args, timeoutMs: 60_000 });
  t.deepEqual(
    stdout.match(/^(not )?ok .*(?= #)/gm)?.map((line) => line.replace(/ \d+ - .* > /, ': ')),
    [
      'ok: a probe',
      'ok: a stage, and a clock that stands still',
      'ok: a node goes on under fake timers',
      'not ok: a failed assertion shows its text',
    ],
    stdout + stderr,
  );
  t.regex(stdout, /message: "Echo <[^>]+> should send once, like/);
});

test('behaviours live on other threads under vitest, when it leaves modules to Node.js', async (t) => {
  const vitest = new URL('../../node_modules/vitest/vitest.mjs', import.meta.url);
  const options = ['--reporter=tap-flat', '--experimental.viteModuleRunner=false'];
  const args = ['run', '--dir', '__test__/testing/vitest-threads', ...options];
  const { stdout, stderr, code } = await runNode(vitest, { args, timeoutMs: 60_000 });
  t.regex(stdout, /^ok 1 - .*lives on another thread/m, stdout + stderr);
  t.is(code, 0);
});
