import test from 'ava';
import { startNode } from 'tergo';
import { Burster, PER_TARGET, valueOf } from './burster.ts';
import { puppet, puppets } from './stage.ts';

const BURSTS = 10;

test('bursts of all kinds of values to two targets arrive whole, in order and from who sent them', async (t) => {
  const node = await startNode('bursts@localhost', {
    ...{ threads: 3, behaviors: [puppets, new URL('./burster.ts', import.meta.url)] },
    log: { disableConsole: true },
  });
  t.teardown(() => node.stopForce());
  const receivers = [await puppet(node, 2), await puppet(node, 2)];
  const targets = receivers.map(({ pid }) => pid);
  const senders = [
    await node.spawn(Burster, { thread: 1 }),
    await node.spawn(Burster, { thread: 1 }),
  ];
  for (const sender of senders) node.send(sender, { targets, bursts: BURSTS });
  for (const [place, receiver] of receivers.entries()) {
    const notices = await receiver.hears(senders.length * BURSTS * PER_TARGET);
    for (const sender of senders) {
      const got = notices.filter((notice) => notice.on === 'message' && notice.from === sender);
      const expected = Array.from({ length: BURSTS * PER_TARGET }, (_, nth) => {
        const burst = Math.floor(nth / PER_TARGET);
        const turn = burst % 2 === 0 ? place : 1 - place;
        const index = (2 * burst + turn) * PER_TARGET + (nth % PER_TARGET);
        return { on: 'message', message: valueOf(index), from: sender };
      });
      t.deepEqual(got, expected);
    }
  }
});
