import test, { type ExecutionContext } from 'ava';
import { eventId, eventName, type Node, processId, processName } from 'tergo';
import { Control } from '../../ts/far/control.ts';
import { FRAME_MESSAGE, KIND_FAR, KIND_REQUEST } from '../../ts/native/layout.ts';
import { waitFor } from '../support/wait-for.ts';
import { KEPT_NUMBER } from '../threads/puppet.ts';
import { fresh, type Handle, puppet } from '../threads/stage.ts';
import { networkNode, type Pair, receivers, showWay } from './cluster.ts';
import { Forged, Hostile } from './hostile.ts';
import { hostileCaller } from './hostile-caller.ts';

/** Two connected nodes with two threads each. */
async function threadedPair(t: ExecutionContext): Promise<Pair> {
  const a = await networkNode('a@localhost', {}, { threads: 2 });
  const b = await networkNode('b@localhost', {}, { threads: 2 });
  t.teardown(async () => {
    await a.stopForce();
    await b.stopForce();
  });
  showWay(a, b);
  showWay(b, a);
  await a.network.connect('b@localhost');
  return { a, b };
}

/** Ends thread 1 of the process's node, and waits until it is back. */
async function endThread(one: Handle): Promise<void> {
  one.tell({ type: 'exit process', code: 1 });
  await threadIsBack(one.node);
}

async function threadIsBack(node: Node): Promise<void> {
  const isBack = (): boolean => {
    const { restarts, isUp } = node.info().threads[1]!;
    return isUp && restarts === 1;
  };
  await waitFor('the thread to be back', isBack, 20_000);
}

/** A process on thread 1 of node b, and its name as others say it. */
async function named(b: Node): Promise<{ readonly to: Handle; readonly address: unknown }> {
  const name = processName(fresh('name'));
  const to = await puppet(b, 1);
  await to.do('registerName', name);
  return { to, address: processId(name, b.name) };
}

/** How a call by name ends whose thread does. */
const rejected = [
  'rejected',
  { code: 'process-terminated', cause: { code: 'thread-terminated' } },
] as const;

for (const { title, thread } of receivers) {
  test(`a thread that ends leaves no subscription on another node, ${title}`, async (t) => {
    const { a, b } = await threadedPair(t);
    const name = eventName<unknown>(fresh('event'));
    const event = eventId(name, 'a@localhost');
    const producer = await puppet(a, thread);
    await producer.do('announce', name, { notify: true });
    const [first, second] = [await puppet(b, 1), await puppet(b, 1)];
    for (const one of [first, second]) await one.do('monitorEvent', event);
    await endThread(first);
    const heard = (count: number): Promise<unknown> =>
      producer.hears(count).then((notices) => notices.map(({ on }) => on));
    t.deepEqual(await heard(2), ['event-start', 'event-stop']);
    const sent = a.network.info().nodes[0]!.messagesOut;
    await producer.do('publish', name, 'to nobody');
    t.is(a.network.info().nodes[0]!.messagesOut, sent);
    // The thread that is there now is another one.
    const third = await puppet(b, 1);
    await third.do('monitorEvent', event);
    await producer.do('publish', name, 'to the third');
    t.deepEqual(await third.messages(1), ['to the third']);
    t.deepEqual(await heard(3), ['event-start', 'event-stop', 'event-start']);
  });

  test(`what is related to a thread of another node hears once that it has ended, ${title}`, async (t) => {
    const { a, b } = await threadedPair(t);
    const named = processName(fresh('name'));
    const name = eventName<unknown>(fresh('event'));
    const [target, beside] = [await puppet(b, 1), await puppet(b, 0)];
    await target.do('registerName', named);
    await target.do('announce', name, {});
    const alias = await target.do('createAlias');
    const who = await puppet(a, thread, { trapExit: true });
    for (const to of [target.pid, beside.pid, alias, processId(named, 'b@localhost')])
      await who.do('monitor', to);
    await who.do('link', target.pid);
    await who.do('monitorEvent', eventId(name, 'b@localhost'));
    await endThread(target);
    const notices = await who.hears(5);
    for (const notice of notices)
      t.like(notice, { ended: { reason: { code: 'thread-terminated' } } });
    t.deepEqual(notices.map((notice) => ('ended' in notice ? notice.ended.kind : '')).toSorted(), [
      'alias',
      'event',
      'name',
      'pid',
      'pid',
    ]);
    // Of another thread of that node, and of the one that is there now.
    const next = await puppet(b, 1);
    await next.do('registerName', named);
    await who.do('monitor', processId(named, 'b@localhost'));
    for (const one of [next, beside]) one.tell({ type: 'stop' });
    const all = await who.hears(7);
    t.is(all.length, 7);
    for (const notice of all.slice(5)) t.like(notice, { ended: { reason: 'normal' } });
  });

  test(`a call to a process whose thread ends rejects on another node, ${title}`, async (t) => {
    const { a, b } = await threadedPair(t);
    const [from, to] = [await puppet(a, thread), await puppet(b, 1)];
    const asked = from.do('callAndTell', to.pid, { type: 'keep' }, 60_000);
    await waitFor('the call', () => to.do('keptCaller'));
    await endThread(to);
    t.like(await asked, ['rejected', { code: 'process-terminated' }]);
  });

  test(`a call by name to a process whose thread ends rejects on another node, ${title}`, async (t) => {
    const { a, b } = await threadedPair(t);
    const [from, { to, address }] = [await puppet(a, thread), await named(b)];
    const asked = from.do('callAndTell', address, { type: 'keep' }, 60_000);
    await waitFor('the call', () => to.do('keptCaller'));
    await endThread(to);
    t.like(await asked, rejected);
  });

  test(`a call by name that waits in a mailbox when its thread ends rejects on another node, ${title}`, async (t) => {
    const { a, b } = await threadedPair(t);
    const [from, { to, address }] = [await puppet(a, thread), await named(b)];
    const beside = await puppet(b, 1);
    await to.shut();
    const asked = from.do('callAndTell', address, { type: 'keep' }, 60_000);
    await waitFor('the call', async () => (await b.fetchProcessInfo(to.pid)).mailbox > 0);
    await endThread(beside);
    t.like(await asked, rejected);
  });

  test(`a call by name that is in hand when its thread ends rejects on another node, ${title}`, async (t) => {
    const { a, b } = await threadedPair(t);
    const [from, { address }] = [await puppet(a, thread), await named(b)];
    const end = { type: 'do', op: 'exitThread', args: [] };
    const asked = from.do('callAndTell', address, end, 60_000);
    await threadIsBack(b);
    t.like(await asked, rejected);
  });
}

test('a call by name that was answered does not end one of the next caller when its thread ends', async (t) => {
  const b = await networkNode('b@localhost', {}, { threads: 2 });
  t.teardown(() => b.stopForce());
  const { to, address } = await named(b);
  const beside = await puppet(b, 0);
  const name = processName(fresh('name'));
  await beside.do('registerName', name);
  const call = async (
    whom: unknown,
    by: Handle,
    value: string,
  ): Promise<() => Promise<unknown>> => {
    const a = await networkNode('a@localhost');
    t.teardown(() => a.stopForce());
    showWay(a, b);
    const from = await puppet(a, 0);
    const asked = from.do('callAndTell', whom, { type: 'keep' }, 60_000);
    await waitFor('the call', () => by.do('keptCaller'));
    return async () => {
      await by.do('answerKept', value);
      const answer = await asked;
      await a.stopForce();
      await waitFor('the end of the connection', () => b.network.nodes().length === 0);
      return answer;
    };
  };
  const first = await call(address, to, 'by the thread that ends');
  t.deepEqual(await first(), ['answered', 'by the thread that ends']);
  // Its calls have the same numbers, and its connection has the same place.
  const second = await call(processId(name, b.name), beside, 'by another thread');
  await endThread(to);
  t.deepEqual(await second(), ['answered', 'by another thread']);
});

test('a wish to watch what is on a thread that is not there is answered', async (t) => {
  const { peer } = await hostileCaller(t);
  const onThread = 1 << 24;
  const value = new Forged(1, [1, 7, 1, 5000]);
  peer.say({ first: Control.watch | onThread, second: 9, value });
  await waitFor('the answer', () =>
    peer.heard().some(({ op, number }) => op === Control.watched && number === 9),
  );
  t.true(peer.isConnected);
});

test('the end of a thread takes nothing of the one that is there after it', async (t) => {
  const { node, peer, to, place } = await hostileCaller(t);
  const pid = new Forged(1, [1, 7, 1, 5000]);
  peer.say({ op: FRAME_MESSAGE, kind: KIND_FAR, ...place, value: pid });
  const [of] = await to.messages(1);
  const sent = (): number => node.network.info().nodes[0]!.messagesOut;
  const before = sent();
  const monitored = to.do('monitor', of);
  await waitFor('the wish to watch', () => sent() > before);
  peer.say({ first: Control.watched, second: 1, value: [] });
  await monitored;
  const important = to.do('sendImportant', of, 'to the one that there is now');
  const unplaced = t.throwsAsync(important, { message: 'its own' });
  await waitFor('the message', () => sent() > before + 1);
  peer.say({ first: Control.threadEnded, second: 1, value: [new Error('the one before'), 4999] });
  peer.say({ first: Control.threadEnded, second: 2, value: [new Error('another one'), 5000] });
  peer.say({ first: Control.threadEnded, second: 1, value: [new Error('its own'), 5000] });
  const notices = await to.hears(2);
  await unplaced;
  t.like(notices[1], { on: 'down', ended: { reason: { message: 'its own' } } });
});

test('the end of a thread rejects no important message to the one that is there after it', async (t) => {
  const { node, peer, to, place } = await hostileCaller(t);
  const value = new Forged(2, ['an alias', new Forged(1, [1, 7, 1, 5000]), 1, 0, 0]);
  peer.say({ op: FRAME_MESSAGE, kind: KIND_FAR, ...place, value });
  const [alias] = await to.messages(1);
  const sent = (): number => node.network.info().nodes[0]!.messagesOut;
  const asked = async (before: number): Promise<void> => {
    await waitFor('the message', () => sent() > before);
  };
  const before = sent();
  const placed = to.do('sendImportant', alias, 'to the one that there is now');
  await asked(before);
  peer.say({ first: Control.threadEnded, second: 1, value: [new Error('the one before'), 4999] });
  peer.say({ first: Control.placed, second: 1, from: { thread: 1 } });
  await placed;
  const lost = to.do('sendImportant', alias, 'to the same');
  const unplaced = t.throwsAsync(lost, { message: 'its own' });
  await asked(before + 1);
  peer.say({ first: Control.threadEnded, second: 1, value: [new Error('its own'), 5000] });
  await unplaced;
});

test('a call that comes after the end of the thread of its caller is not taken', async (t) => {
  const { node, peer, to, place } = await hostileCaller(t);
  peer.say({ first: Control.threadEnded, second: 1, value: [new Error('it has ended'), 5000] });
  const request = { op: FRAME_MESSAGE, kind: KIND_REQUEST, ...place, value: KEPT_NUMBER } as const;
  const one = { thread: 1, slot: 7, generation: 1 };
  peer.say({ ...request, prefix: [9, 0], from: { ...one, id: 5000 } });
  peer.say({ op: FRAME_MESSAGE, kind: KIND_FAR, ...place, value: 'after it' });
  await to.messages(1);
  t.is(await to.do('keptCaller'), undefined);
  // Of the thread that is there after it, and of another one.
  peer.say({ ...request, prefix: [10, 0], from: { ...one, id: 5001 } });
  peer.say({ ...request, prefix: [9, 0], from: { ...one, thread: 2, id: 5000 } });
  await waitFor('the calls', async () => (await to.do<number[]>('keptNumbers')).length === 2);
  // Whoever has its place later has other threads.
  await peer.close();
  await waitFor('the end of the connection', () => node.network.nodes().length === 0);
  const next = await Hostile.connect(node, 'caller@localhost');
  t.teardown(() => next.close());
  next.say({ ...request, prefix: [9, 0], from: { ...one, id: 5000 } });
  await waitFor('the call', async () => (await to.do<number[]>('keptNumbers')).length === 3);
});
