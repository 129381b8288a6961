import test from 'ava';
import { noreply, processId, processName, type Node, type Pid } from 'tergo';
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
import { clerkOn } from '../support/clerk-places.ts';
import { closeShared, freshName, places, sharedPlace, witnessOn } from '../support/places.ts';
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

test.after.always(closeShared);

for (const place of places) {
  for (const isLate of [false, true]) {
    const title = isLate
      ? 'a message that is forwarded after an await keeps its first sender, through any number of hands'
      : 'a forwarded message keeps its first sender, through any number of hands';

    test(`${title}${place.title}`, async (t) => {
      const node = await sharedPlace(t, place);
      const last = await witnessOn(node, place.self);
      const sender = await witnessOn(node, place.self);
      const hands = await Promise.all(
        Array.from({ length: 10 }, (_, at) => clerkOn(node, at % 2 ? place.self : place.other)),
      );
      const [first, ...others] = [...hands.map(({ pid }) => pid), last.pid as Pid<unknown>];
      const message = { type: 'pass', path: others, isLate };
      await sender.run((self) => self.send(first!, message));
      await waitFor('the first', () => last.seen.length === 1);
      node.send(first!, message);
      await waitFor('both', () => last.seen.length === 2);
      const arrived = { ...message, path: [] };
      t.deepEqual(last.seen, [
        { on: 'message', message: arrived, from: sender.pid },
        { on: 'message', message: arrived, from: node.pid },
      ]);
    });
  }

  test(`a message is forwarded by name and by alias as well${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const name = freshName('last');
    const last = await witnessOn(node, place.self, { name });
    const alias = await last.run((self) => self.createAlias());
    const hand = await clerkOn(node, place.other);
    for (const to of [processId(name, node.name), alias, last.pid])
      node.send(hand.pid, { type: 'pass', path: [to] });
    await waitFor('all', () => last.seen.length === 3);
    t.deepEqual(
      last.seen,
      Array.from({ length: 3 }, () => ({
        on: 'message',
        message: { type: 'pass', path: [] },
        from: node.pid,
      })),
    );
  });
}

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
