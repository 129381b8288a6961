import test from 'ava';
import { noreply, type AnyPid, type Exit, type ExitReason, type Node, type Pid } from 'tergo';
import {
  inside,
  logOf,
  spawnPuppet,
  spawnScript,
  type Options,
  type Self,
} from '../support/improvise.ts';
import { quietNode } from '../support/witness.ts';
import { waitFor } from '../support/wait-for.ts';

/** What a process saw of exits. */
interface Seen {
  readonly exits: Exit[];
  readonly ends: [ExitReason, Exit | undefined][];
}

interface Watched extends Seen {
  readonly pid: Pid<unknown>;
}

async function spawnWatched(
  by: Node | Self,
  trapExit: boolean,
  options: Options = {},
): Promise<Watched> {
  const [exits, ends]: [Seen['exits'], Seen['ends']] = [[], []];
  const pid = await spawnScript(
    by,
    {
      init: (self) => void (self.trapExit = trapExit),
      handleMessage: (self, task: (self: Self) => unknown) => task(self),
      handleExit: (_self, exit) => (exits.push(exit), noreply),
      terminate: (_self, reason, exit) => void ends.push([reason, exit]),
    },
    options,
  );
  return { pid, exits, ends };
}

/** A child of a process, spawned from inside of it. */
async function spawnChild(
  node: Node,
  trapExit: boolean,
  options: Options = {},
): Promise<{ parent: Pid<unknown>; child: Watched }> {
  const parent = await spawnPuppet(node);
  const child = await new Promise<Watched>((resolve, reject) => {
    node.send(parent, async (self: Self) => {
      await spawnWatched(self, trapExit, options).then(resolve, reject);
      return noreply;
    });
  });
  return { parent, child };
}

test('the flag is off at first, can be turned on and off, and takes nothing but a boolean [L14]', async (t) => {
  const node = await quietNode(t);
  const puppet = await spawnPuppet(node);
  await inside(node, puppet, (self) => {
    const flags = [self.trapExit];
    for (const isTrapping of [true, false]) {
      self.trapExit = isTrapping;
      flags.push(self.trapExit);
    }
    t.deepEqual(flags, [false, true, false]);
    t.throws(() => (self.trapExit = 1 as never), { code: 'incorrect', message: /trapExit/ });
  });
});

test("a trapping process gets another process's shutdown as a message with sender and reason, and lives [L14]", async (t) => {
  const node = await quietNode(t);
  const target = await spawnWatched(node, true);
  const sender = await spawnPuppet(node);
  t.is(await inside(node, sender, (self) => self.sendExit(target.pid, 'shutdown')), 'ok');
  await waitFor('the exit', () => target.exits.length === 1);
  t.deepEqual(target.exits, [{ kind: 'pid', pid: sender, reason: 'shutdown' }]);
  t.deepEqual(target.ends, []);
  t.is(node.processState(target.pid), 'sleep');
});

test('the same signal from its parent ends it, trapping or not, and terminate sees the reason and the signal [L14]', async (t) => {
  const node = await quietNode(t);
  for (const trapExit of [true, false]) {
    const { parent, child } = await spawnChild(node, trapExit);
    t.is(await inside(node, parent, (self) => self.sendExit(child.pid, 'shutdown')), 'ok');
    await waitFor('the end', () => child.ends.length === 1);
    t.deepEqual(child.ends, [['shutdown', { kind: 'pid', pid: parent, reason: 'shutdown' }]]);
    t.deepEqual(child.exits, []);
    t.is(node.processState(child.pid), 'terminated');
  }
});

test('every reason from the parent ends a trapping process, an error and kill among them', async (t) => {
  const node = await quietNode(t);
  for (const reason of ['normal', 'shutdown', 'kill', new Error('custom')] as const) {
    const { parent, child } = await spawnChild(node, true);
    await inside(node, parent, (self) => self.sendExit(child.pid, reason));
    await waitFor('the end', () => child.ends.length === 1);
    t.is(child.ends[0]![0], reason);
  }
});

test('the end of a linked parent ends a trapping child, the end of another linked process does not', async (t) => {
  const node = await quietNode(t);
  for (const reason of ['shutdown', new Error('custom')] as const) {
    const { parent, child } = await spawnChild(node, true, { linkParent: true });
    const other = await spawnPuppet(node);
    await new Promise<void>((resolve, reject) => {
      node.send(child.pid, (self: Self) => self.link(other).then(resolve, reject));
    });
    node.kill(other);
    await waitFor('the exit', () => child.exits.length === 1);
    t.deepEqual(child.exits, [{ kind: 'pid', pid: other, reason: 'kill' }]);
    t.deepEqual(child.ends, []);
    node.sendExit(parent, reason);
    await waitFor('the end', () => child.ends.length === 1);
    t.deepEqual(child.ends, [[reason, { kind: 'pid', pid: parent, reason }]]);
    t.is(child.exits.length, 1);
  }
});

test('the node is the parent of what it spawned: its signal ends a trapping process', async (t) => {
  const node = await quietNode(t);
  const target = await spawnWatched(node, true);
  t.is(node.sendExit(target.pid, 'shutdown'), 'ok');
  await waitFor('the end', () => target.ends.length === 1);
  t.deepEqual(target.ends, [['shutdown', { kind: 'pid', pid: node.pid, reason: 'shutdown' }]]);
});

for (const reason of ['normal', 'shutdown', 'kill', new Error('custom')] as const) {
  test(`an exit signal with ${reason} ends a process that does not trap, for that very reason`, async (t) => {
    const node = await quietNode(t);
    const target = await spawnWatched(node, false);
    const sender = await spawnPuppet(node);
    t.is(await inside(node, sender, (self) => self.sendExit(target.pid, reason)), 'ok');
    await waitFor('the end', () => target.ends.length === 1);
    t.deepEqual(target.ends, [[reason, { kind: 'pid', pid: sender, reason }]]);
    t.is(target.ends[0]![0], reason);
    t.is(node.sendExit(target.pid, reason), 'process-unknown');
  });

  test(`a trapping process hears an exit signal with ${reason} from another process, and lives`, async (t) => {
    const node = await quietNode(t);
    const target = await spawnWatched(node, true);
    const sender = await spawnPuppet(node);
    await inside(node, sender, (self) => self.sendExit(target.pid, reason));
    await waitFor('the exit', () => target.exits.length === 1);
    t.deepEqual(target.exits, [{ kind: 'pid', pid: sender, reason }]);
    t.deepEqual(target.ends, []);
  });
}

test('an exit signal to oneself, the parent, the leader or the node is not allowed', async (t) => {
  const node = await quietNode(t);
  const leader = await spawnPuppet(node);
  const parent = await spawnPuppet(node, { leader });
  const child = await new Promise<Pid<unknown>>((resolve, reject) => {
    node.send(parent, async (self: Self) => {
      await spawnPuppet(self).then(resolve, reject);
      return noreply;
    });
  });
  await inside(node, child, (self) => {
    t.deepEqual([self.parent, self.leader], [parent, leader]);
    for (const to of [self.pid, parent, leader, node.pid]) {
      t.is(self.sendExit(to, 'shutdown'), 'not-allowed');
      t.throws(() => self.sendExitAfter(to, 'shutdown', 1), { code: 'not-allowed' });
    }
  });
  t.is(node.sendExit(node.pid, 'shutdown'), 'not-allowed');
  t.deepEqual(
    [child, parent, leader].map((pid) => node.processState(pid)),
    ['sleep', 'sleep', 'sleep'],
  );
});

test('a reason that is none, and a target that is no pid, are refused by name', async (t) => {
  const node = await quietNode(t);
  const { pid } = await spawnWatched(node, false);
  const puppet = await spawnPuppet(node);
  const senders: ((to: AnyPid, reason: ExitReason) => unknown)[] = [
    (to, reason) => node.sendExit(to, reason),
  ];
  await inside(node, puppet, (self) => {
    senders.push((to, reason) => self.sendExit(to, reason));
    senders.push((to, reason) => self.sendExitAfter(to, reason, 1));
    for (const send of senders) {
      for (const reason of [undefined, null, 'crash', {}, 7])
        t.throws(() => send(pid, reason as never), { code: 'incorrect', message: /^reason / });
      for (const to of [undefined, null, 'name', {}, 7])
        t.throws(() => send(to as never, 'normal'), { code: 'incorrect', message: /^to / });
    }
  });
  t.not(node.processState(pid), 'terminated');
});

test('a trapping process without handleExit lives, and the exit is logged as lost', async (t) => {
  const node = await quietNode(t);
  const records = logOf(node);
  const target = await spawnScript(node, { init: (self) => void (self.trapExit = true) });
  const sender = await spawnPuppet(node);
  await inside(node, sender, (self) => self.sendExit(target, new Error('custom')));
  await waitFor('the log', () => records.length === 1);
  t.like(records[0], { level: 'warning', source: { pid: target } });
  t.regex(records[0]!.message, /handleExit is not implemented/);
  t.is(node.processState(target), 'sleep');
});

test('an end by a signal with an error is logged as such, one with normal or shutdown is not', async (t) => {
  const node = await quietNode(t);
  const records = logOf(node);
  const reasons: readonly ExitReason[] = ['normal', 'shutdown', 'kill', new Error('custom')];
  for (const reason of reasons) {
    const { pid, ends } = await spawnWatched(node, false);
    node.sendExit(pid, reason);
    await waitFor('the end', () => ends.length === 1);
  }
  t.deepEqual(
    records.map(({ level, fields }) => [level, fields['error']]),
    [['error', reasons[3]]],
  );
});
