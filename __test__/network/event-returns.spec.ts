import test, { type ExecutionContext } from 'ava';
import { eventId, eventName } from 'tergo';
import { Control } from '../../ts/far/control.ts';
import { waitFor } from '../support/wait-for.ts';
import { puppet } from '../threads/stage.ts';
import { networkNode } from './cluster.ts';
import { type HeardControl, Hostile } from './hostile.ts';

const NEWS = eventName<unknown>('news');

function heard(peer: Hostile, op: number, count: number): Promise<readonly HeardControl[]> {
  return waitFor(`${count} control frames ${op}`, () => {
    const all = peer.heard().filter((one) => one.op === op);
    return all.length >= count && all;
  });
}

/** Two processes of a node; the first one has asked for an event of another node, which is played by hand. */
async function subscribing(t: ExecutionContext) {
  const node = await networkNode('a@localhost');
  t.teardown(() => node.stopForce());
  const peer = await Hostile.connect(node, 'one@localhost');
  t.teardown(() => peer.close());
  const [first, second] = [await puppet(node, 0), await puppet(node, 0)];
  const event = eventId(NEWS, peer.name);
  return { peer, first, second, event, subscribed: first.do('monitorEvent', event) };
}

test('who asks for an event that ends and comes again meanwhile gets the next one, which is not watched twice', async (t) => {
  const { peer, first, second, event, subscribed } = await subscribing(t);
  const [watch] = await heard(peer, Control.watch, 1);
  peer.say({ first: Control.watched, second: watch!.number, value: [3, []] });
  await subscribed;
  const late = second.do('monitorEvent', event);
  const [, again] = await heard(peer, Control.watch, 2);
  t.is(again!.number, watch!.number);
  peer.say({ first: Control.fired, second: again!.number, value: ['shutdown', false] });
  // The next one of that name: the other node takes it that it is watched from now on.
  peer.say({ first: Control.watched, second: again!.number, value: [4, []] });
  const [, , anew] = await heard(peer, Control.watch, 3);
  t.not(anew!.number, again!.number);
  peer.say({ first: Control.watched, second: anew!.number, value: [4, []] });
  await late;
  t.like(await first.hears(1), [{ on: 'down', ended: { reason: 'shutdown' } }]);
  const [unwatch] = await heard(peer, Control.unwatch, 1);
  t.is(unwatch!.number, again!.number);
});

test('an answer that an event is on another thread, which comes late, does not part subscribers from it', async (t) => {
  const { peer, first, second, event, subscribed } = await subscribing(t);
  const late = second.do('monitorEvent', event);
  const [{ number }] = (await heard(peer, Control.watch, 2)) as [HeardControl];
  // Two answers of thread 0 of the other node, and between them one of the thread on which the event is.
  peer.say({ first: Control.watched, second: number, value: [3, []] });
  await subscribed;
  peer.say({ first: Control.watched, second: number, value: 0 });
  await heard(peer, Control.watch, 3);
  await t.notThrowsAsync(first.do('demonitorEvent', event));
  peer.say({ first: Control.watched, second: number, value: [3, []] });
  await late;
  peer.say({ first: Control.published, second: 3, value: [1n, 2, 'news'] });
  t.deepEqual(await second.messages(1), ['news']);
});

test('what another thread than the one asked answers is taken back from there', async (t) => {
  const { peer, first, second, event, subscribed } = await subscribing(t);
  const other = second.do('monitorEvent', event);
  const [{ number }] = (await heard(peer, Control.watch, 2)) as [HeardControl];
  // It has moved to thread 0 between the two answers of that; what thread 1 was asked meanwhile it does not have any more.
  peer.say({ first: Control.watched, second: number, value: 1 });
  peer.say({ first: Control.watched, second: number, value: [3, []] });
  await subscribed;
  peer.say({ first: Control.watched, second: number, value: 'event-unknown', from: { thread: 1 } });
  await t.throwsAsync(other, { code: 'event-unknown' });
  await first.do('demonitorEvent', event);
  t.is((await heard(peer, Control.unwatch, 1))[0]!.number, number);
});
