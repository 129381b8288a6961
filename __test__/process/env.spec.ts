import { env, envKey, type EnvEntry, type Node, type Pid } from 'tergo';
import test, { type ExecutionContext } from 'ava';
import { gone, quietNode, spawnWitness, type Handle } from '../support/witness.ts';

const color = envKey<string>('color');
const size = envKey<number>('size');
const nullable = envKey<string | null>('nullable');

type Options = Parameters<typeof spawnWitness>[1];

/** A child of a witness, spawned by the witness itself. */
function spawnChild(node: Node, parent: Handle, options: Options = {}): Promise<Handle> {
  return parent.run((self) => spawnWitness(node, { ...options, parent: self }));
}

function colorOf(process: Handle): Promise<string | undefined> {
  return process.run((self) => self.env(color));
}

const nodeWith = (t: ExecutionContext, ...entries: readonly EnvEntry[]): Promise<Node> =>
  quietNode(t, { env: entries });

test('a process sees the environment of the node with its own over it [L3]', async (t) => {
  const node = await nodeWith(t, env(color, 'node'), env(size, 1));
  const process = await spawnWitness(node, { env: [env(color, 'own')] });
  const list = await process.run((self) => self.envList());
  t.deepEqual(Object.fromEntries(list), { COLOR: 'own', SIZE: 1 });
});

test('setting and removing a value changes the process and not the node [L3]', async (t) => {
  const node = await nodeWith(t, env(color, 'node'));
  const process = await spawnWitness(node);
  await process.run((self) => self.setEnv(color, 'changed'));
  t.is(await colorOf(process), 'changed');
  t.is(node.env(color), 'node');
  await process.run((self) => self.setEnv(color, undefined));
  t.is(await colorOf(process), 'node');
  await process.run((self) => self.setEnv(color, undefined));
  t.is(node.env(color), 'node');
});

test('keys of a process ignore case [L3]', async (t) => {
  const node = await nodeWith(t);
  const process = await spawnWitness(node, { env: [env(envKey<string>('CoLoR'), 'own')] });
  t.is(await process.run((self) => self.env(envKey<string>('cOlOr'))), 'own');
  await process.run((self) => self.setEnv(envKey<string>('COLOR'), 'set'));
  t.is(await colorOf(process), 'set');
  const keys = await process.run((self) => [...self.envList().keys()]);
  t.deepEqual(keys, ['COLOR']);
});

test('a later change of the node shows in a process without a value of its own', async (t) => {
  const node = await nodeWith(t, env(color, 'before'));
  const process = await spawnWitness(node);
  node.setEnv(color, 'after');
  t.is(await colorOf(process), 'after');
  node.setEnv(color, undefined);
  t.is(await colorOf(process), undefined);
});

test('a child starts with the values of its parent, laid under its own', async (t) => {
  const node = await nodeWith(t);
  const parent = await spawnWitness(node, { env: [env(color, 'parent'), env(size, 1)] });
  const child = await spawnChild(node, parent, { env: [env(size, 2)] });
  const list = await child.run((self) => self.envList());
  t.deepEqual(Object.fromEntries(list), { COLOR: 'parent', SIZE: 2 });
});

test('changes of a child reach neither its parent nor its siblings', async (t) => {
  const node = await nodeWith(t);
  const parent = await spawnWitness(node, { env: [env(color, 'parent')] });
  const child = await spawnChild(node, parent);
  const sibling = await spawnChild(node, parent);
  await child.run((self) => self.setEnv(color, 'child'));
  t.is(await colorOf(child), 'child');
  t.is(await colorOf(parent), 'parent');
  t.is(await colorOf(sibling), 'parent');
});

test('the order is the process, its parent, its leader, the node', async (t) => {
  const node = await nodeWith(t, env(color, 'node'));
  const leader = await spawnWitness(node);
  const parent = await spawnWitness(node);
  const child = await spawnChild(node, parent, { leader: leader.pid });

  t.is(await colorOf(child), 'node');
  await leader.run((self) => self.setEnv(color, 'leader'));
  t.is(await colorOf(child), 'leader');
  await parent.run((self) => self.setEnv(color, 'parent'));
  t.is(await colorOf(child), 'parent');
  await child.run((self) => self.setEnv(color, 'own'));
  t.is(await colorOf(child), 'own');

  await child.run((self) => self.setEnv(color, undefined));
  t.is(await colorOf(child), 'parent');
  await parent.run((self) => self.setEnv(color, undefined));
  t.is(await colorOf(child), 'leader');
  await leader.run((self) => self.setEnv(color, undefined));
  t.is(await colorOf(child), 'node');
});

test('the list follows the same order', async (t) => {
  const node = await nodeWith(t, env(color, 'node'), env(size, 1));
  const leader = await spawnWitness(node, { env: [env(size, 2)] });
  const parent = await spawnWitness(node);
  const child = await spawnChild(node, parent, { leader: leader.pid });
  await parent.run((self) => self.setEnv(color, 'parent'));
  const list = await child.run((self) => self.envList());
  t.deepEqual(Object.fromEntries(list), { COLOR: 'parent', SIZE: 2 });
});

test('a process that took the slot of a dead parent or leader does not lend its values', async (t) => {
  const node = await nodeWith(t, env(color, 'node'));
  const parent = await spawnWitness(node);
  const leader = await spawnWitness(node);
  const child = await spawnChild(node, parent, { leader: leader.pid });
  for (const { pid } of [parent, leader]) node.kill(pid);
  await gone(node, parent);

  // Slots are granted in blocks, so that it takes some processes to meet those two again.
  const strangers: Pid<never>[] = [];
  for (let count = 0; count < 5000; count++) {
    const stranger = await spawnWitness(node, { env: [env(color, 'stranger')] });
    strangers.push(stranger.pid);
  }
  t.is(strangers.length, 5000);
  t.is(await colorOf(child), 'node');
});

test('null, zero, false and the empty string are values, only undefined is none', async (t) => {
  const node = await nodeWith(t, env(nullable, null));
  t.is(node.env(nullable, 'fallback'), null);
  const process = await spawnWitness(node, {
    env: [env(size, 0), env(color, ''), env(envKey<boolean>('on'), false)],
  });
  await process.run((self) => {
    t.is(self.env(nullable, 'fallback'), null);
    t.is(self.env(size, 7), 0);
    t.is(self.env(color, 'red'), '');
    t.false(self.env(envKey<boolean>('on'), true));
    t.is(self.env(envKey<string>('missing'), 'red'), 'red');
  });
});

test('the lists are copies', async (t) => {
  const node = await nodeWith(t, env(color, 'node'));
  (node.envList() as Map<string, unknown>).set('COLOR', 'forged');
  t.is(node.env(color), 'node');
  const process = await spawnWitness(node, { env: [env(size, 1)] });
  await process.run((self) => {
    (self.envList() as Map<string, unknown>).clear();
    t.is(self.env(size), 1);
  });
});

test('a key is a non-empty string of at most 255 bytes', async (t) => {
  const node = await nodeWith(t);
  for (const key of ['', 'k'.repeat(256), undefined, null, 5]) {
    const bad = key as never;
    t.throws(() => envKey(bad), { code: 'incorrect', message: /^name must be/ });
    t.throws(() => env(bad, 1 as never), { code: 'incorrect', message: /^key must be/ });
    t.throws(() => node.env(bad), { code: 'incorrect', message: /^key must be/ });
    t.throws(() => node.setEnv(bad, 1 as never), { code: 'incorrect', message: /^key must be/ });
  }
  const process = await spawnWitness(node);
  await t.throwsAsync(
    process.run((self) => self.env('' as never)),
    { code: 'incorrect' },
  );
});
