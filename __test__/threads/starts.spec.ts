import test from 'ava';
import { startNode } from 'tergo';
import { puppet, threadNode } from './stage.ts';

const quiet = { log: { disableConsole: true } };

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
