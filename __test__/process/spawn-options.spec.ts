import {
  Actor,
  env,
  envKey,
  noreply,
  processName,
  type Next,
  type Node,
  type SpawnOptions,
} from 'tergo';
import test, { type ExecutionContext } from 'ava';
import { gone, quietNode, spawnWitness, type WitnessProtocol } from '../support/witness.ts';

class Idle extends Actor<{ message: unknown }> {
  args: readonly unknown[] = [];

  override init(...args: readonly unknown[]): void {
    this.args = args;
  }

  override handleMessage(): Next {
    return noreply;
  }
}

/** Spawning with these options rejects; the message begins with what is wrong, and nothing stays. */
async function refused(
  t: ExecutionContext,
  node: Node,
  options: unknown,
  subject: string,
): Promise<void> {
  const spawned = node.spawn(Idle, options as SpawnOptions<{ message: unknown }, []>);
  const error = await t.throwsAsync(spawned, { code: 'incorrect' }, subject);
  t.true(error?.message.startsWith(`${subject} must be `), `${error?.message} names ${subject}`);
  t.like(node.info(), { processes: 0, registeredNames: 0, spawned: 0 });
}

test('options that are no object, and unknown keys, are refused', async (t) => {
  const node = await quietNode(t);
  for (const options of [null, 5, 'name']) await refused(t, node, options, 'options');
  await refused(t, node, { mailBoxSize: 5 }, 'options.mailBoxSize');
  await refused(t, node, { name: 'x', linkparent: true }, 'options.linkparent');
  const fallback = { to: 'x', tga: '' };
  await refused(t, node, { mailboxSize: 1, fallback }, 'options.fallback.tga');
});

const bound = { mailboxSize: 1 };
const wrong: Readonly<Record<string, readonly object[]>> = {
  mailboxSize: [-1, 1.5, '5', null, Number.NaN, Infinity, 2 ** 31 + 1].map((mailboxSize) => ({
    mailboxSize,
  })),
  'mailboxSize with a fallback': [{}, { mailboxSize: 0 }, { mailboxSize: undefined }].map(
    (options) => ({ ...options, fallback: { to: 'x', tag: '' } }),
  ),
  fallback: [null, 5, 'x'].map((fallback) => ({ ...bound, fallback })),
  'fallback.to': ['', 5, null, undefined].map((to) => ({ ...bound, fallback: { to, tag: '' } })),
  'fallback.tag': [5, null, undefined].map((tag) => ({ ...bound, fallback: { to: 'x', tag } })),
  leader: [null, 5, 'name', {}, { node: 'a@b', id: 1, creation: 1 }].map((leader) => ({ leader })),
  env: [null, {}, 'a=b', new Map()].map((env) => ({ env })),
  'env[1]': [null, 5, 'a', {}].map((entry) => ({ env: [env('a' as never, 1 as never), entry] })),
  linkParent: [1, 'yes', null].map((linkParent) => ({ linkParent })),
  linkChild: [0, 'no', null].map((linkChild) => ({ linkChild })),
  priority: ['urgent', 1, null, ''].map((priority) => ({ priority })),
  initTimeoutMs: [-1, '5', null, Number.NaN, 2 ** 32].map((initTimeoutMs) => ({ initTimeoutMs })),
  logLevel: ['trace', 1, null, ''].map((logLevel) => ({ logLevel })),
  name: ['', 'n'.repeat(256), 5, null, {}].map((name) => ({ name })),
  args: [5, 'args', {}, null].map((args) => ({ args })),
};

for (const [key, options] of Object.entries(wrong)) {
  test(`a wrong ${key} is named, and nothing is spawned`, async (t) => {
    const node = await quietNode(t);
    for (const option of options) await refused(t, node, option, `options.${key.split(' ')[0]}`);
  });
}

test('only a class that extends Process can be spawned', async (t) => {
  const node = await quietNode(t);
  const values = [undefined, null, 5, 'Idle', {}, () => undefined, Object, Map, new Date()];
  for (const behaviour of values) {
    await t.throwsAsync(node.spawn(behaviour as never), {
      code: 'incorrect',
      message: /^behaviour must be a class that extends Actor, Supervisor or Process/,
    });
  }
  t.is(node.info().spawned, 0);
});

test('every option may be undefined', async (t) => {
  const node = await quietNode(t);
  const keys = ['mailboxSize', 'fallback', 'leader', 'env', 'linkParent', 'linkChild', 'priority'];
  const more = ['initTimeoutMs', 'logLevel', 'name', 'args'];
  const options = Object.fromEntries([...keys, ...more].map((key) => [key, undefined]));
  const pid = await node.spawn(Idle, options as never);
  t.like(node.processInfo(pid), { mailboxSize: 0, name: undefined, priority: 'normal' });
});

test('args reach init', async (t) => {
  const node = await quietNode(t);
  const { promise, resolve } = Promise.withResolvers<readonly unknown[]>();
  class Told extends Actor {
    override init(...args: readonly unknown[]): void {
      resolve(args);
    }
  }
  const list = ['a', 5, undefined, { deep: true }];
  await node.spawn(Told, { args: list as never });
  t.deepEqual(await promise, list);
});

test('the options are read once: changing them later changes nothing', async (t) => {
  const node = await quietNode(t);
  const color = envKey<string>('color');
  const entries = [env(color, 'red')];
  const options = { env: entries, mailboxSize: 5 };
  const { pid, run } = await spawnWitness(node, options);
  entries.push(env(color, 'blue'));
  options.mailboxSize = 1;
  t.is(await run((self) => self.env(color)), 'red');
  t.is(node.processInfo(pid).mailboxSize, 5);
});

test('the leader is the one that is named, else that of the parent', async (t) => {
  const node = await quietNode(t);
  const leader = await spawnWitness(node);
  const member = await spawnWitness(node, { leader: leader.pid });
  const child = await member.run((self) => spawnWitness(node, { parent: self }));
  for (const { run, pid } of [member, child]) {
    t.is(await run((self) => self.leader), leader.pid);
    t.is(node.processInfo(pid).leader, leader.pid);
  }
  t.is(await child.run((self) => self.parent), member.pid);
  t.is(await leader.run((self) => self.leader), node.pid);
});

test('a process cannot send an exit to its parent or leader', async (t) => {
  const node = await quietNode(t);
  const leader = await spawnWitness(node);
  const parent = await spawnWitness(node);
  const child = await parent.run((self) =>
    spawnWitness(node, { parent: self, leader: leader.pid }),
  );
  await child.run((self) => {
    for (const pid of [self.pid, parent.pid, leader.pid, node.pid]) {
      t.is(self.sendExit(pid, 'shutdown'), 'not-allowed');
    }
  });
});

test('a process without linkParent outlives its parent', async (t) => {
  const node = await quietNode(t);
  const parent = await spawnWitness(node);
  const child = await parent.run((self) => spawnWitness(node, { parent: self }));
  node.kill(parent.pid);
  await gone(node, parent);
  t.is(await child.run((self) => self.parent), parent.pid);
  t.deepEqual(await child.heard(), []);
});

test('linkParent: the child ends with its parent, for the same reason, trapping or not', async (t) => {
  const node = await quietNode(t);
  const parent = await spawnWitness(node);
  const options = { linkParent: true };
  const [child, trapping] = await parent.run((self) =>
    Promise.all([
      spawnWitness(node, { ...options, parent: self }),
      spawnWitness(node, { ...options, parent: self, trapExit: true }),
    ]),
  );
  t.deepEqual(node.processInfo(child.pid).links, [{ kind: 'pid', pid: parent.pid }]);
  t.deepEqual(node.processInfo(parent.pid).links, []);
  const reason = new Error('broken home');
  node.sendExit(parent.pid, reason);
  for (const { pid, seen } of [child, trapping]) {
    await gone(node, { pid });
    t.is(seen.length, 1);
    t.like(seen[0], { on: 'terminate', exit: { kind: 'pid', pid: parent.pid } });
    t.is(seen[0]?.on === 'terminate' ? seen[0].reason : undefined, reason);
  }
});

test('linkChild: the parent hears of the end of its child', async (t) => {
  const node = await quietNode(t);
  const parent = await spawnWitness(node, { trapExit: true });
  const child = await parent.run((self) => spawnWitness(node, { parent: self, linkChild: true }));
  t.deepEqual(node.processInfo(parent.pid).links, [{ kind: 'pid', pid: child.pid }]);
  t.deepEqual(node.processInfo(child.pid).links, []);
  node.kill(child.pid);
  const heard = await parent.heard();
  t.deepEqual(heard, [{ on: 'exit', ended: { kind: 'pid', pid: child.pid, reason: 'kill' } }]);
});

test('linkChild: a parent that does not trap exits ends with its child', async (t) => {
  const node = await quietNode(t);
  const parent = await spawnWitness(node);
  const child = await parent.run((self) => spawnWitness(node, { parent: self, linkChild: true }));
  const reason = new Error('lost');
  node.sendExit(child.pid, reason);
  await gone(node, parent);
  t.like(parent.seen.at(-1), { on: 'terminate', exit: { kind: 'pid', pid: child.pid } });
});

test('linkChild: a child that ends before its spawn has returned is heard of', async (t) => {
  const node = await quietNode(t);
  const parent = await spawnWitness(node, { trapExit: true });
  class Ephemeral extends Actor<{ message: 'end' }> {
    override init(): void {
      this.node.sendExit(this.pid, 'shutdown');
    }
    override handleMessage(): Next {
      return noreply;
    }
  }
  const pid = await parent.run((self) => self.spawn(Ephemeral, { linkChild: true }));
  await gone(node, { pid });
  const heard = await parent.heard();
  t.deepEqual(heard, [{ on: 'exit', ended: { kind: 'pid', pid, reason: 'shutdown' } }]);
});

test('links to the parent have no effect on what the node spawns', async (t) => {
  const node = await quietNode(t);
  const both = { linkParent: true, linkChild: true };
  const { pid } = await spawnWitness(node, both);
  t.deepEqual(node.processInfo(pid).links, []);
  node.sendExit(pid, new Error('no matter'));
  await gone(node, { pid });
  t.true(node.isAlive);
});

test('a name that is taken rejects the spawn before anything is made', async (t) => {
  const node = await quietNode(t);
  const name = processName<WitnessProtocol>('mine');
  const { pid } = await spawnWitness(node, { name });
  await t.throwsAsync(spawnWitness(node, { name }), { code: 'taken', message: /'mine'/ });
  t.like(node.info(), { processes: 1, spawned: 1 });
  t.is(node.whereis(name), pid);
});
