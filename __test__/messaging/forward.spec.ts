import test from 'ava';
import { noreply, processName, type Node, type Pid } from 'tergo';
import {
  improvise,
  inside,
  logOf,
  spawnCollector,
  spawnGated,
  spawnPuppet,
  spawnScript,
  type Options,
} from '../support/improvise.ts';
import { quietNode } from '../support/witness.ts';
import { waitFor } from '../support/wait-for.ts';

interface Last {
  readonly pid: Pid<unknown>;
  /** Message and sender of each that came. */
  readonly got: (readonly [message: unknown, from: Pid<unknown>])[];
}

async function spawnLast(node: Node, options: Options = {}): Promise<Last> {
  const got: Last['got'] = [];
  const handleMessage = (_self: unknown, message: unknown, from: Pid<unknown>): unknown => {
    got.push([message, from]);
    return noreply;
  };
  return { pid: await spawnScript(node, { handleMessage }, options), got };
}

test('a forwarded message keeps its first sender, through any number of hands', async (t) => {
  const node = await quietNode(t);
  const last = await spawnLast(node);
  let next = last.pid;
  for (let hand = 0; hand < 10; hand++) {
    const to = next;
    next = await spawnScript(node, { handleMessage: (self, message) => self.forward(to, message) });
  }
  const sender = await spawnPuppet(node);
  const message = { type: 'parcel' };
  await inside(node, sender, (self) => self.send(next, message));
  node.send(next, 'from outside');
  await waitFor('both', () => last.got.length === 2);
  t.deepEqual(last.got, [
    [message, sender],
    ['from outside', node.pid],
  ]);
  t.true(last.got[0]![0] === message);
});

test('a message is forwarded by name and by alias as well', async (t) => {
  const node = await quietNode(t);
  const name = processName<unknown>('last');
  const got: unknown[] = [];
  const last = await spawnScript(
    node,
    {
      handleMessage: (_self, message, from) => (got.push([message, from]), noreply),
      handleCall: (self) => self.createAlias(),
    },
    { name },
  );
  const alias = (await node.call(last, { type: 'alias' })) as Pid<unknown>;
  for (const to of [name, alias, last]) {
    const hand = await spawnScript(node, {
      handleMessage: (self, message) => self.forward(to, message),
    });
    node.send(hand, 'parcel');
  }
  await waitFor('all', () => got.length === 3);
  t.deepEqual(
    got,
    Array.from({ length: 3 }, () => ['parcel', node.pid]),
  );
});

/** Forwards in each of the ways in which a message can reach it. */
const hands: Readonly<Record<string, Options & { isSplit?: boolean }>> = {
  'a plain process': {},
  'a process with a limited mailbox': { mailboxSize: 10 },
  'a process with split handling': { isSplit: true },
};

for (const [title, { isSplit = false, ...options }] of Object.entries(hands)) {
  test(`${title} forwards with the first sender also after it has sent and spawned, and after an await`, async (t) => {
    const node = await quietNode(t);
    const last = await spawnLast(node);
    const other = await spawnCollector(node);
    await spawnScript(
      node,
      {
        init: (self) => void (self.splitHandle = isSplit),
        handleMessage: async (self, message) => {
          self.send(other.pid, 'something else');
          const spawned = self.spawn(improvise({}));
          self.forward(last.pid, [message, 'at once']);
          await spawned;
          self.send(other.pid, 'something else');
          await self.inspect(other.pid);
          return self.forward(last.pid, message);
        },
      },
      { ...options, name: processName('hand') },
    );
    const senders = await Promise.all([1, 2, 3].map(() => spawnPuppet(node)));
    for (const sender of senders)
      await inside(node, sender, (self) => self.send(processName<unknown>('hand'), 'parcel'));
    await waitFor('all', () => last.got.length === 6);
    t.deepEqual(
      last.got,
      senders.flatMap((sender) => [
        [['parcel', 'at once'], sender],
        ['parcel', sender],
      ]),
    );
  });
}

test('a forwarded message that reaches nobody is logged, and the process that forwards lives', async (t) => {
  const node = await quietNode(t);
  const records = logOf(node);
  const dead = await spawnCollector(node);
  node.kill(dead.pid);
  const full = await spawnGated(node, { mailboxSize: 1 });
  node.send(full.pid, 'fills it');
  const nobody = processName<unknown>('nobody');
  const hand = await spawnScript(node, {
    handleMessage: (self, to: Pid<unknown>) => self.forward(to, 'parcel'),
  });
  for (const to of [dead.pid, full.pid, nobody]) node.send(hand, to);
  await waitFor('the log', () => records.length === 3);
  t.deepEqual(
    records.map(({ level, fields }) => [level, fields['result']]),
    [
      ['warning', 'process-unknown'],
      ['warning', 'process-mailbox-full'],
      ['warning', 'name-unknown'],
    ],
  );
  t.is(node.processState(hand), 'sleep');
});
