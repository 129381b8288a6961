import test, { type ExecutionContext } from 'ava';
import { eventId, eventName, type Node } from 'tergo';
import { Control } from '../../ts/far/control.ts';
import { FRAME_MESSAGE, KIND_FAR, KIND_REQUEST } from '../../ts/native/layout.ts';
import { ofProcess, recordLog } from '../support/log-records.ts';
import { waitFor } from '../support/wait-for.ts';
import { KEPT_NUMBER } from '../threads/puppet.ts';
import { fresh, gone, type Handle, puppet } from '../threads/stage.ts';
import { networkNode } from './cluster.ts';
import { Forged, type HeardControl, Hostile } from './hostile.ts';
import { lendSlow, slowSpawn } from './slow-start.ts';

/** How a frame names a process. */
interface Place {
  readonly first: number;
  readonly second: number;
}

/** A node with a process, and a peer that says whatever it likes. */
interface Scene {
  readonly node: Node;
  readonly peer: Hostile;
  readonly to: Handle;
  readonly place: Place;
  /** Hears what is said meanwhile: the process itself may be waiting. */
  readonly witness: Handle;
}

/** What a process of the peer is for others. */
const OWN = new Forged(1, [0, 7, 1, 5000]);
const FROM = { thread: 0, slot: 7, generation: 1, id: 5000 };

async function scene(t: ExecutionContext): Promise<Scene> {
  const node = await networkNode('a@localhost');
  t.teardown(() => node.stopForce());
  const peer = await connected(t, node, 'one');
  const [to, witness] = [await puppet(node, 0, { trapExit: true }), await puppet(node, 0)];
  return { node, peer, to, place: placeOf(to), witness };
}

function placeOf({ pid }: Handle): Place {
  const { slot: first, generation: second } = pid as unknown as {
    readonly slot: number;
    readonly generation: number;
  };
  return { first, second };
}

async function connected(t: ExecutionContext, node: Node, name: string): Promise<Hostile> {
  const peer = await Hostile.connect(node, `${name}@localhost`);
  t.teardown(() => peer.close());
  await waitFor('the peer', () => node.network.nodes().includes(peer.name));
  return peer;
}

/** Another one in the place of a peer. */
async function successor(t: ExecutionContext, node: Node, before: Hostile): Promise<Hostile> {
  await before.close();
  await waitFor('the end of the connection', () => !node.network.nodes().includes(before.name));
  return connected(t, node, 'two');
}

/** What a peer is told by that control frame, the last of them. */
function told(peer: Hostile, op: number): Promise<HeardControl> {
  return waitFor(`the control frame ${op}`, () => peer.heard().findLast((one) => one.op === op));
}

/** By their numbers, the calls of a peer that were answered. */
function replies(peer: Hostile): readonly number[] {
  return peer.heard().flatMap(({ op, number }) => (op === Control.reply ? [number] : []));
}

/** The process knows a value that the peer has sent. */
async function known({ peer, to, place }: Scene, value: unknown): Promise<unknown> {
  const count = (await to.seen()).length + 1;
  peer.say({ op: FRAME_MESSAGE, kind: KIND_FAR, ...place, value });
  return (await to.messages(count)).at(-1);
}

const numbers = Array.from({ length: 50 }, (_, number) => number);

test('a peer cannot say that what another one has has ended, or that it is watched', async (t) => {
  const all = await scene(t);
  const { node, peer, to } = all;
  const other = await connected(t, node, 'two');
  const of = await known(all, OWN);
  const monitored = to.do('monitor', of);
  const { number } = await told(peer, Control.watch);
  for (const forged of numbers)
    other.say({ first: Control.watched, second: forged, value: 'process-unknown' });
  await said(all, other);
  peer.say({ first: Control.watched, second: number, value: [] });
  await monitored;
  for (const forged of numbers)
    other.say({ first: Control.fired, second: forged, value: ['kill', false] });
  await said(all, other);
  peer.say({ first: Control.fired, second: number, value: ['shutdown', false] });
  const downs = await waitFor('the end', async () => {
    const notices = (await to.seen()).filter(({ on }) => on === 'down');
    return notices.length > 0 && notices;
  });
  t.like(downs, [{ ended: { reason: 'shutdown' } }]);
  t.is(downs.length, 1);
  t.true(other.isConnected);
});

/** All that a peer has said so far has been read. */
async function said({ witness }: Scene, peer: Hostile): Promise<void> {
  const text = fresh('said');
  peer.say({ op: FRAME_MESSAGE, kind: KIND_FAR, ...placeOf(witness), value: text });
  await waitFor('what was said', async () =>
    (await witness.seen()).some((notice) => 'message' in notice && notice.message === text),
  );
}

test('a peer cannot confirm or refuse an important message to another one', async (t) => {
  const all = await scene(t);
  const { node, peer, to } = all;
  const other = await connected(t, node, 'two');
  const of = await known(all, OWN);
  const before = node.network.node(peer.name)!.info().messagesOut;
  const important = (who: Handle): Promise<unknown> => who.do('sendImportant', of, 'important');
  const [first, second] = [important(to), important(await puppet(node, 0))];
  const sent = (): boolean => node.network.node(peer.name)!.info().messagesOut >= before + 2;
  await waitFor('the messages', sent);
  for (const forged of numbers) other.say({ first: Control.placed, second: forged });
  for (const forged of numbers)
    other.say({ first: Control.notPlaced, second: forged, value: 'process-unknown' });
  await said(all, other);
  peer.say({ first: Control.notPlaced, second: 1, value: 'process-mailbox-full' });
  peer.say({ first: Control.placed, second: 2 });
  await t.throwsAsync(first, { code: 'process-mailbox-full' });
  await second;
  t.true(other.isConnected);
});

test('a peer cannot answer what another one was asked', async (t) => {
  const all = await scene(t);
  const { node, peer } = all;
  const other = await connected(t, node, 'two');
  const info = node.network.node(peer.name)!.applicationInfo('shop');
  const { number } = await told(peer, Control.ask);
  for (const forged of numbers)
    other.say({ first: Control.answer, second: forged, value: [true, undefined] });
  await said(all, other);
  const value = [false, new RangeError('the true one')];
  peer.say({ first: Control.answer, second: number, value });
  await t.throwsAsync(info, { message: 'the true one' });
  t.true(other.isConnected);
});

test('a peer cannot publish what another one has', async (t) => {
  const all = await scene(t);
  const { node, peer, to } = all;
  const other = await connected(t, node, 'two');
  const subscribed = to.do('monitorEvent', eventId(eventName('news'), peer.name));
  const { number } = await told(peer, Control.watch);
  peer.say({ first: Control.watched, second: number, value: [3, []] });
  await subscribed;
  for (const forged of numbers)
    other.say({ first: Control.published, second: forged, value: [1n, 2, 'forged'] });
  await said(all, other);
  peer.say({ first: Control.published, second: 3, value: [1n, 2, 'true'] });
  const events = await waitFor('the news', async () => {
    const notices = (await to.seen()).filter(({ on }) => on === 'event');
    return notices.length > 0 && notices;
  });
  t.like(events, [{ message: 'true', node: peer.name }]);
  t.is(events.length, 1);
});

test('a peer cannot have the answer to its call given to another one', async (t) => {
  const all = await scene(t);
  const { node, peer, place } = all;
  const other = await connected(t, node, 'two');
  // Whichever places the two have: thread 0 of each.
  for (const [index, seat] of [64, 65, 66, 67].entries()) {
    const value = [undefined, 'what is answered at once', undefined, seat * 64];
    const request = { op: FRAME_MESSAGE, kind: KIND_REQUEST, ...place } as const;
    other.say({ ...request, prefix: [20 + index, 1], value, from: FROM });
  }
  await waitFor('the answers', () => replies(peer).length + replies(other).length === 4);
  t.deepEqual(replies(peer), []);
  t.deepEqual(replies(other), [20, 21, 22, 23]);
});

test('a peer in the place of one that broke the rules loses its connection for the same', async (t) => {
  const { node, peer } = await scene(t);
  const broken = { first: Control.fired, value: 'no reason' };
  peer.say(broken);
  await peer.isCutOff();
  const next = await successor(t, node, peer);
  next.say(broken);
  await next.isCutOff();
  t.true(node.isAlive);
});

test('a process of a peer is not taken for one with the same numbers of the peer before', async (t) => {
  const { node, peer, to, place } = await scene(t);
  const hello = { op: FRAME_MESSAGE, kind: KIND_FAR, ...place, from: FROM } as const;
  peer.say({ ...hello, value: 'from the one before' });
  await to.hears(1);
  const next = await successor(t, node, peer);
  next.say({ ...hello, value: 'from the one after' });
  const notices = await to.hears(2);
  t.deepEqual(
    notices.map((notice) => 'from' in notice && (notice.from as { readonly node: string }).node),
    [peer.name, next.name],
  );
});

test('what a peer has given up or waits for is none of the calls of the one after it', async (t) => {
  const all = await scene(t);
  const { node, peer, to, place } = all;
  const request = { op: FRAME_MESSAGE, kind: KIND_REQUEST, ...place, from: FROM } as const;
  const kept = (): Promise<readonly number[]> => to.do('keptNumbers');
  peer.say({ first: Control.cancel, second: 9 });
  peer.say({ ...request, prefix: [10, 0], value: KEPT_NUMBER });
  await said(all, peer);
  await waitFor('the call', async () => (await kept()).length === 1);
  const next = await successor(t, node, peer);
  for (const number of [9, 10]) next.say({ ...request, prefix: [number, 0], value: KEPT_NUMBER });
  await waitFor('the calls', async () => (await kept()).length === 3);
  await to.do('answerKept', 'all');
  await waitFor('the answers', () => replies(next).length === 2);
  t.deepEqual(replies(next), [9, 10]);
  t.true(next.isConnected);
});

test('what a peer has watched is not told to the one after it', async (t) => {
  const { node, peer } = await scene(t);
  const [watched, name] = [await puppet(node, 0), fresh('name')];
  const event = eventName<unknown>(fresh('event'));
  await watched.do('registerName', name);
  await watched.do('announce', event, { notify: true });
  peer.say({ first: Control.watch, second: 5, value: ['name', name] });
  peer.say({ first: Control.watch, second: 6, value: ['event', event] });
  await watched.hears(1);
  const next = await successor(t, node, peer);
  const notices = await watched.hears(2);
  t.deepEqual(
    notices.map(({ on }) => on),
    ['event-start', 'event-stop'],
  );
  await watched.do('publish', event, 'to nobody');
  watched.tell({ type: 'stop' });
  await watched.gone();
  next.say({ first: Control.watch, second: 7, value: ['name', name] });
  await told(next, Control.watched);
  const heard = next.heard().flatMap(({ op }) => (op === Control.peerUp ? [] : [op]));
  t.deepEqual(heard, [Control.watched]);
});

test('a call that waits when its peer is lost is not taken', async (t) => {
  const all = await scene(t);
  const { node, peer, to, place } = all;
  const gate = await to.shut();
  const request = { op: FRAME_MESSAGE, kind: KIND_REQUEST, ...place, from: FROM } as const;
  peer.say({ ...request, prefix: [9, 0], value: KEPT_NUMBER });
  await said(all, peer);
  const next = await successor(t, node, peer);
  await gate.open();
  next.say({ ...request, prefix: [10, 0], value: KEPT_NUMBER });
  await waitFor('the call', async () => (await to.do<number[]>('keptNumbers')).length > 0);
  await to.do('answerKept', 'all');
  await waitFor('the answer', () => replies(next).length > 0);
  t.deepEqual(replies(next), [10]);
});

test('what a peer was to be answered is not told to the one after it, and the child that it wanted ends without a complaint', async (t) => {
  const { node, peer } = await scene(t);
  const log = recordLog(node);
  const { begun, finish } = lendSlow(node);
  const words = { name: slowSpawn, options: {}, parent: OWN, leader: OWN, env: [] };
  const value = ['spawn', { ...words, logLevel: 'info', proxy: 0 }];
  peer.say({ first: Control.ask, second: 5, value });
  const child = await begun;
  const next = await successor(t, node, peer);
  finish();
  await gone(node, child);
  // Whatever was to be said is said before this.
  next.say({ first: Control.watch, second: 6, value: ['name', 'nobody has it'] });
  await told(next, Control.watched);
  t.false(next.heard().some(({ op }) => op === Control.answer));
  t.deepEqual(ofProcess(log, child), []);
});
