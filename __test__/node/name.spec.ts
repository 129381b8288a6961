import { startNode, TergoError } from 'tergo';
import test from 'ava';
import { quietNode } from '../support/witness.ts';

const silent = { log: { disableConsole: true } } as const;

test('a name is two halves around one @', async (t) => {
  for (const name of ['a@b', 'hello@localhost', 'node-1@10.0.0.1', 'größe@host.example']) {
    await using node = await startNode(name, silent);
    t.is(node.name, name);
    t.is(node.pid.node, name);
    t.is(node.info().name, name);
  }
});

test('a name with an empty half, spaces or another number of @ is refused and shown', async (t) => {
  const names = [
    '',
    'hello',
    '@',
    '@host',
    'hello@',
    'a@b@c',
    'a b@c',
    'a@b c',
    ' a@b',
    'a@b\n',
    'a\u0007@b',
    '\ud800@b',
  ];
  for (const name of names) {
    const error = await t.throwsAsync(startNode(name, silent), { code: 'incorrect' }, name);
    t.regex(error?.message ?? '', /^the node name must be 'name@host'/, name);
    t.true(TergoError.is(error, 'incorrect'));
  }
});

test('a name that is no string is refused', async (t) => {
  for (const name of [undefined, null, 5, true, {}, ['a@b'], Symbol('a@b')]) {
    await t.throwsAsync(startNode(name as never, silent), {
      code: 'incorrect',
      message: /^the node name must be/,
    });
  }
});

test('a name may have 255 bytes, counted in UTF-8, and no more', async (t) => {
  const host = '@h';
  await using longest = await startNode('n'.repeat(253) + host, silent);
  t.is(longest.name.length, 255);
  await t.throwsAsync(startNode('n'.repeat(254) + host, silent), {
    code: 'name-too-long',
    message: /255 bytes/,
  });
  await t.throwsAsync(startNode('ü'.repeat(127) + host, silent), { code: 'name-too-long' });
  await using wide = await startNode('ü'.repeat(126) + host, silent);
  t.is(Buffer.byteLength(wide.name), 254);
});

test('the node is a process of its own with the id 1, and ids of others start at 1001', async (t) => {
  const node = await quietNode(t);
  t.is(node.pid.id, 1);
  t.is(node.pid.creation, node.creation);
  t.regex(String(node.pid), /^<[0-9A-F]{8}\.0\.1>$/);
});

test('no two nodes of one OS process share a creation', async (t) => {
  const nodes = await Promise.all(Array.from({ length: 5 }, () => quietNode(t)));
  const creations = new Set(nodes.map(({ creation }) => creation));
  t.is(creations.size, 5);
  for (const creation of creations) t.true(Math.abs(creation - Date.now()) < 60_000);
});
