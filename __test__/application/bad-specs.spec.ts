import test from 'ava';
import {
  Actor,
  childSpec,
  startNode,
  type ApplicationSpec,
  type LogLevel,
  type NodeOptions,
} from 'tergo';
import { everyValue } from '../support/bad-values.ts';
import { members, theatre, troupe } from '../support/troupe.ts';

class Idle extends Actor {}
const group = members([], 'x');

const bad: readonly (readonly [title: string, key: string, spec: Record<string, unknown>])[] = [
  ['an empty name', 'spec.name', { name: '' }],
  ['a name that is a number', 'spec.name', { name: 5 }],
  ['a name with a space', 'spec.name', { name: 'my shop' }],
  ['a name with a line feed', 'spec.name', { name: 'my\nshop' }],
  ['an empty group', 'spec.group', { group: [] }],
  ['a group that is no list', 'spec.group', { group: {} }],
  ['a member that childSpec did not make', 'spec.group[1]', { group: [...group, { name: 'y' }] }],
  // oxlint-disable-next-line no-sparse-arrays
  ['a group with a hole', 'spec.group[0]', { group: [, ...group] }],
  ['two members of one name', 'spec.group[1].name', { group: [...group, ...group] }],
  [
    'a member that is to be restarted',
    'spec.group[0].restart',
    { group: [childSpec('x', Idle, { restart: 'permanent' })] },
  ],
  [
    'a significant member',
    'spec.group[0].significant',
    { group: [childSpec('x', Idle, { significant: true })] },
  ],
  [
    'a member with limits of restarts',
    'spec.group[0].intensity',
    { group: [childSpec('x', Idle, { periodMs: 5 })] },
  ],
  ['an unknown mode', 'spec.mode', { mode: 'eternal' }],
  ['dependencies that are no list', 'spec.depends', { depends: 'b' }],
  ['a dependency without a name', 'spec.depends[0]', { depends: [''] }],
  ['a dependency that is named twice', 'spec.depends[1]', { depends: ['b', 'b'] }],
  ['an environment that is no list', 'spec.env', { env: { a: 1 } }],
  ['a value that env did not make', 'spec.env[0]', { env: [5] }],
  ['a negative weight', 'spec.weight', { weight: -1 }],
  ['half a weight', 'spec.weight', { weight: 0.5 }],
  ['a weight that does not fit into 32 bits', 'spec.weight', { weight: 2 ** 32 }],
  ['tags that are no list', 'spec.tags', { tags: 'blue' }],
  ['an empty tag', 'spec.tags[0]', { tags: [''] }],
  ['a tag that is a number', 'spec.tags[0]', { tags: [5] }],
  ['a tag with a space', 'spec.tags[1]', { tags: ['blue', 'a b'] }],
  ['a tag of 65 bytes', 'spec.tags[0]', { tags: ['x'.repeat(65)] }],
  ['a tag that is named twice', 'spec.tags[1]', { tags: ['blue', 'blue'] }],
  ['17 tags', 'spec.tags', { tags: Array.from({ length: 17 }, (_, at) => `t${at}`) }],
  [
    'tags of more than 512 bytes together',
    'spec.tags',
    { tags: Array.from({ length: 9 }, (_, at) => `${at}${'x'.repeat(60)}`) },
  ],
  ['an unknown level', 'spec.logLevel', { logLevel: 'loud' }],
  ['a negative time', 'spec.initTimeoutMs', { initTimeoutMs: -1 }],
  ['a time that is a text', 'spec.startTimeoutMs', { startTimeoutMs: '5' }],
  ['an endless time', 'spec.stopTimeoutMs', { stopTimeoutMs: Infinity }],
  ['a description that is a number', 'spec.description', { description: 5 }],
  ['a version that is a number', 'spec.version', { version: 5 }],
  ['an unknown key', 'spec.groups', { groups: [] }],
];

for (const [title, key, part] of bad) {
  test(`${title} is refused at the load, and the key is named`, async (t) => {
    const { load, node } = await theatre(t);
    const spec = { name: 'a', group, ...part } as unknown as ApplicationSpec;
    const error = await t.throwsAsync(load(spec), { code: 'incorrect' });
    t.true(error?.message.startsWith(`${key} must be`), error?.message);
    t.is(node.applications.list().length, 1);
  });
}

for (const [title, value] of everyValue) {
  if (title === 'an empty object' || title === 'an object without a prototype') continue;
  test(`${title} is no spec`, async (t) => {
    const { load } = await theatre(t);
    await t.throwsAsync(load(value as ApplicationSpec), { code: 'incorrect', message: /^spec/ });
  });

  test(`${title} is no application`, async (t) => {
    const { node } = await theatre(t);
    const code = 'incorrect';
    await t.throwsAsync(node.applications.load(value as never), { code, message: /application/ });
    await t.throwsAsync(startNode('bad@localhost', { applications: [value] } as NodeOptions), {
      ...{ code, message: /options\.applications\[0\]/ },
    });
    if (value === undefined) return;
    await t.throwsAsync(startNode('bad@localhost', { applications: value } as NodeOptions), {
      ...{ code, message: /options\.applications/ },
    });
  });
}

test('a name that is taken is refused', async (t) => {
  const { load } = await theatre(t);
  await load({ name: 'a', group });
  await t.throwsAsync(load({ name: 'a', group }), { code: 'taken' });
  await t.throwsAsync(load({ name: 'system', group }), { code: 'taken' });
});

test('what load throws makes the load reject, and nothing is loaded', async (t) => {
  const { node } = await theatre(t);
  const error = new Error('no spec');
  for (const load of [
    () => Promise.reject(error),
    () => {
      throw error;
    },
  ]) {
    class Broken extends troupe([], { name: 'a', group }) {
      override load(): never {
        return load() as never;
      }
    }
    t.is(await t.throwsAsync(node.applications.load(Broken)), error);
  }
  t.is(node.applications.list().length, 1);
});

test('dependencies that form a cycle are refused when the last of them is loaded, and the cycle is named', async (t) => {
  const { load, node } = await theatre(t);
  await load({ name: 'a', depends: ['b'], group });
  await load({ name: 'b', depends: ['other', 'c'], group });
  const error = await t.throwsAsync(load({ name: 'c', depends: ['a'], group }), {
    code: 'application-depends',
  });
  t.true(error?.message.includes("'c' → 'a' → 'b' → 'c'"), error?.message);
  t.true(error?.message.startsWith('spec.depends'));
  t.is(node.applications.list().length, 3);
  await t.throwsAsync(load({ name: 'd', depends: ['d'], group }), { message: /'d' → 'd'/ });
});

const names: readonly unknown[] = ['', 5, undefined, null, {}];

test('a name that is none is refused by every method, and so are wrong options', async (t) => {
  const { load, node } = await theatre(t);
  const { applications } = node;
  await load({ name: 'a', group });
  const code = 'incorrect';
  for (const name of names as readonly string[]) {
    await t.throwsAsync(applications.start(name), { code });
    await t.throwsAsync(applications.stop(name), { code });
    await t.throwsAsync(applications.restart(name), { code });
    t.throws(() => applications.info(name), { code });
    t.throws(() => applications.tree(name), { code });
    t.throws(() => applications.processes(name), { code });
    t.throws(() => applications.unload(name), { code });
  }
  await t.throwsAsync(applications.start('a', { mode: 'x' as never }), {
    message: /options\.mode/,
  });
  await t.throwsAsync(applications.start('a', { env: 5 as never }), { message: /options\.env/ });
  await t.throwsAsync(applications.start('a', { modes: 5 } as never), {
    message: /options\.modes/,
  });
  await t.throwsAsync(applications.stop('a', { timeoutMs: -1 }), { message: /options\.timeoutMs/ });
  await t.throwsAsync(applications.restart('a', { timeout: 1 } as never), {
    message: /options\.timeout .* mode, env, timeoutMs/,
  });
  for (const bad of [null, 5, 'now', []])
    await t.throwsAsync(applications.restart('a', bad as never), { code, message: /^options/ });
  await t.throwsAsync(applications.load(troupe([], { name: 'b', group }), { args: 5 } as never), {
    message: /options\.args/,
  });
  await t.throwsAsync(applications.load(troupe([], { name: 'b', group }), null as never), {
    message: /options/,
  });
  t.throws(() => applications.setWeight('a', -1), { message: /weight/ });
  t.throws(() => applications.setWeight('a', 2 ** 32), { message: /weight must be/ });
  t.throws(() => applications.setTags('a', ['a b']), { message: /tags\[0\] must be/ });
  t.throws(() => applications.setTags('a', ['x', 'x']), { message: /tags\[1\]/ });
  t.throws(() => applications.setLogLevel('a', 'loud' as LogLevel), { code });
  t.is(applications.info('a').state, 'loaded');
  const error = t.throws(() => applications.info('b'), { code: 'application-unknown' });
  t.true(error.message.includes('system, a'));
});
