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
import {
  childOn,
  closeShared,
  infoOf,
  isReason,
  places,
  settled,
  sharedPlace,
  witnessGone,
  witnessOn,
} from '../support/places.ts';
import { quietNode, reasonOf, type Handle } from '../support/witness.ts';
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

test.after.always(closeShared);

const reasons: readonly ExitReason[] = ['normal', 'shutdown', 'kill', new Error('custom')];

const exitOf = ({ pid }: { readonly pid: AnyPid }, reason: ExitReason): object => ({
  ...{ kind: 'pid', pid, reason },
});

for (const place of places) {
  const family = async (
    node: Node,
    options: { trapExit: boolean; linkParent?: boolean },
  ): Promise<{ parent: Handle; child: Handle }> => {
    const parent = await witnessOn(node, place.self);
    return { parent, child: await childOn(node, place, parent, options) };
  };

  test(`a trapping process gets another process's shutdown as a message with sender and reason, and lives [L14]${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const target = await witnessOn(node, place.other, { trapExit: true });
    const sender = await witnessOn(node, place.self);
    t.is(await sender.run((self) => self.sendExit(target.pid, 'shutdown')), 'ok');
    const ended = exitOf(sender, 'shutdown');
    t.deepEqual((await target.heard()) as unknown[], [{ on: 'exit', ended }]);
    await waitFor('rest', async () => (await infoOf(node, target.pid)).state === 'sleep');
  });

  test(`the same signal from its parent ends it, trapping or not, and terminate sees the reason and the signal [L14]${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    for (const trapExit of [true, false]) {
      const { parent, child } = await family(node, { trapExit });
      t.is(await parent.run((self) => self.sendExit(child.pid, 'shutdown')), 'ok');
      await witnessGone(node, child);
      const exit = exitOf(parent, 'shutdown');
      t.deepEqual(child.seen as unknown[], [{ on: 'terminate', reason: 'shutdown', exit }]);
    }
  });

  test(`every reason from the parent ends a trapping process, an error and kill among them${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    for (const reason of reasons) {
      const { parent, child } = await family(node, { trapExit: true });
      await parent.run((self) => self.sendExit(child.pid, reason));
      await witnessGone(node, child);
      isReason(t, place, reasonOf(child.seen[0]), reason);
    }
  });

  test(`the end of a linked parent ends a trapping child, the end of another linked process does not${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    for (const reason of ['shutdown', new Error('custom')] as const) {
      const { parent, child } = await family(node, { trapExit: true, linkParent: true });
      const other = await witnessOn(node, place.self);
      await child.run((self) => self.link(other.pid));
      node.kill(other.pid);
      await waitFor('the exit', () => child.seen.length === 1);
      const first = { on: 'exit', ended: exitOf(other, 'kill') };
      t.deepEqual((await child.heard()) as unknown[], [first]);
      node.sendExit(parent.pid, reason);
      await witnessGone(node, child);
      const last = { on: 'terminate', reason, exit: exitOf(parent, reason) };
      t.deepEqual(child.seen as unknown[], [first, last]);
    }
  });

  test(`the node is the parent of what it spawned: its signal ends a trapping process${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const target = await witnessOn(node, place.other, { trapExit: true });
    t.is(node.sendExit(target.pid, 'shutdown'), 'ok');
    await witnessGone(node, target);
    const exit = exitOf(node, 'shutdown');
    t.deepEqual(target.seen as unknown[], [{ on: 'terminate', reason: 'shutdown', exit }]);
  });

  for (const reason of reasons) {
    test(`an exit signal with ${reason} ends a process that does not trap, for that very reason${place.title}`, async (t) => {
      const node = await sharedPlace(t, place);
      const target = await witnessOn(node, place.other);
      const sender = await witnessOn(node, place.self);
      const send = (): Promise<unknown> => sender.run((self) => self.sendExit(target.pid, reason));
      t.is(await send(), 'ok');
      await witnessGone(node, target);
      const exit = exitOf(sender, reason);
      t.deepEqual(target.seen as unknown[], [{ on: 'terminate', reason, exit }]);
      isReason(t, place, reasonOf(target.seen[0]), reason);
      await settled(node);
      t.is(await send(), 'process-unknown');
    });

    test(`a trapping process hears an exit signal with ${reason} from another process, and lives${place.title}`, async (t) => {
      const node = await sharedPlace(t, place);
      const target = await witnessOn(node, place.other, { trapExit: true });
      const sender = await witnessOn(node, place.self);
      await sender.run((self) => self.sendExit(target.pid, reason));
      const ended = exitOf(sender, reason);
      t.deepEqual((await target.heard()) as unknown[], [{ on: 'exit', ended }]);
    });
  }

  test(`an exit signal to the parent is not allowed${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const { parent, child } = await family(node, { trapExit: false });
    t.is(await child.run((self) => self.sendExit(parent.pid, 'shutdown')), 'not-allowed');
    await t.throwsAsync(
      child.run((self) => self.delayExit(parent.pid, 'shutdown', 1)),
      { code: 'not-allowed' },
    );
    t.deepEqual(await parent.heard(), []);
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
