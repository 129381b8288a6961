import { join } from 'node:path';
import test from 'ava';
import { startNode } from 'tergo';
import { runNode } from '../support/run-node.ts';
import { scratchFolder } from '../support/scratch-folder.ts';
import { Handle, puppet, puppets, threadNode } from './stage.ts';
import { Talkative } from './talkative.ts';

const quiet = { log: { disableConsole: true } };
const talkative = new URL('./talkative.ts', import.meta.url);
const stuck = new URL('./stuck.ts', import.meta.url);

/** Limits under which V8 ends the whole program, or which Node.js takes for none. */
const wrongLimits: readonly (readonly [key: string, value: unknown])[] = [
  ['maxOldGenerationSizeMb', -5],
  ['maxOldGenerationSizeMb', 1],
  ['maxOldGenerationSizeMb', '64'],
  ['maxOldGenerationSizeMb', Number.NaN],
  ['maxYoungGenerationSizeMb', 0],
  ['maxYoungGenerationSizeMb', Infinity],
  ['stackSizeMb', 0.01],
  ['stackSizeMb', 1e300],
  ['codeRangeSizeMb', 1e8],
  ['codeRangeSizeMb', null],
];

for (const [key, value] of wrongLimits) {
  test(`a ${key} of ${value} is refused before any thread is started`, async (t) => {
    for (const threads of [1, 2])
      await t.throwsAsync(
        startNode('wrong@localhost', { ...quiet, threads, resourceLimits: { [key]: value } }),
        { code: 'incorrect', message: new RegExp(`options\\.resourceLimits\\.${key} must be`) },
      );
  });
}

for (const threads of [0, 1.5, 65, '2', 'all', Number.NaN, null]) {
  test(`${JSON.stringify(threads)} threads (${typeof threads}) are refused, with what there may be`, async (t) => {
    await t.throwsAsync(startNode('wrong@localhost', { ...quiet, threads: threads as number }), {
      ...{ code: 'incorrect' },
      message: /^options\.threads must be a whole number from 1 to 64 or 'auto', but is /,
    });
  });
}

test('threads with little of everything come up and work', async (t) => {
  const resourceLimits = {
    ...{ maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 1 },
    ...{ stackSizeMb: 0.5, codeRangeSizeMb: 1 },
  };
  const node = await threadNode(t, { resourceLimits });
  const one = await puppet(node, 1);
  node.send(one.pid, 'hello');
  t.deepEqual(await one.messages(1), ['hello']);
});

test('what a module and its processes post to parentPort disturbs nobody', async (t) => {
  const node = await threadNode(t, { behaviors: [puppets, talkative] });
  const pid = await node.spawn(Talkative, { thread: 1, args: [{}] });
  const one = new Handle(node, pid);
  for (let round = 0; round < 20; round++) await one.do('talk');
  t.is(node.info().threads[1]!.restarts, 0);
});

for (const type of ['module', 'module-typescript']) {
  test(`a program that stands in the command line as ${type} has threads, too`, async (t) => {
    const source = `
      import { startNode } from 'tergo';
      const { Puppet } = await import('${puppets}');
      const node = await startNode('inline@localhost', { threads: 2, behaviors: ['${puppets}'] });
      const pid = await node.spawn(Puppet, { thread: 1, args: [{}] });
      console.log((await node.fetchProcessInfo(pid)).thread);
      await node.stop();`;
    const flags = ['--expose-gc', `--input-type=${type}`];
    const { stdout, stderr, code } = await runNode('--eval', { flags, args: [source] });
    t.deepEqual([stdout, code], ['1\n', 0], stderr);
  });
}

/** What a module does in place of being imported, and what the start says of it. */
const stuckWays: readonly (readonly [fate: string, code: string, text: RegExp])[] = [
  [
    'exit',
    'thread-terminated',
    /thread \d has ended \(exit code 0\), while it imported \S+stuck\.ts/,
  ],
  ['throw', 'incorrect', /options\.behaviors: \S+stuck\.ts cannot be imported: .*on purpose/],
  ['wait', 'incorrect', /options\.behaviors: \S+stuck\.ts .*never settles/],
];

for (const [fate, code, message] of stuckWays) {
  test.serial(`a module that does not come to its end on a thread is named: ${fate}`, async (t) => {
    process.env['TERGO_TEST_STUCK'] = fate;
    t.teardown(() => delete process.env['TERGO_TEST_STUCK']);
    const behaviors = [puppets, stuck];
    await t.throwsAsync(startNode('stuck@localhost', { ...quiet, threads: 3, behaviors }), {
      code,
      message,
    });
  });
}

test.serial('a thread that ends while others still come up fails the start', async (t) => {
  process.env['TERGO_TEST_STUCK'] = 'outlive';
  process.env['TERGO_TEST_STUCK_FILE'] = join(scratchFolder(t), 'first');
  t.teardown(() => delete process.env['TERGO_TEST_STUCK']);
  const behaviors = [puppets, stuck];
  await t.throwsAsync(startNode('early@localhost', { ...quiet, threads: 3, behaviors }), {
    code: 'thread-terminated',
    message: /thread \d has ended \(exit code 0\)/,
  });
});

/** How a main file that is a module of behaviours starts its node, and what it prints then. */
const ownMains: readonly (readonly [how: string, text: RegExp])[] = [
  ['awaits', /^incorrect options\.behaviors: \S+own-main\.ts cannot .*never settles.*startNode/],
  ['starts', /^incorrect startNode was called while a scheduler thread imported \S+own-main\.ts/],
  ['starts later', /startNode was called on a scheduler thread .*own-main\.ts/],
  ['guards', /^up$/m],
];

for (const [how, text] of ownMains) {
  test(`a main file that names itself in behaviors and ${how} never starts threads without end`, async (t) => {
    const env = { TERGO_TEST_OWN_MAIN: how };
    const { stdout, stderr, code } = await runNode(new URL('./own-main.ts', import.meta.url), {
      env,
    });
    t.regex(stdout, text, stderr);
    t.is(code, 0, stderr);
  });
}
