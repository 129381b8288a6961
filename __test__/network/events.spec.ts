import { once } from 'node:events';
import { createServer } from 'node:net';
import test from 'ava';
import { type EventId, type EventMessage, eventId, eventName, type Node } from 'tergo';
import { recordLog } from '../support/log-records.ts';
import { waitFor, within } from '../support/wait-for.ts';
import { fresh, type Handle, puppet } from '../threads/stage.ts';
import {
  closeSharedPair,
  networkNode,
  type Pair,
  pair,
  part,
  receivers,
  sharedPair,
  showWay,
} from './cluster.ts';

test.after.always(closeSharedPair);

for (const { title, thread } of receivers) {
  test(`D39: a subscriber gets the backlog and what is published, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const name = eventName<unknown>(fresh('event'));
    const producer = await puppet(b, thread);
    const subscriber = await puppet(a, 0);
    await producer.do('announce', name, { buffer: 1, notify: true });
    await producer.do('publish', name, 'first', 'second');
    const event = eventId(name, 'b@localhost');
    const backlog = await subscriber.do<readonly EventMessage<unknown>[]>('monitorEvent', event);
    t.deepEqual(
      backlog.map(({ message, node }) => [message, node]),
      [['second', 'b@localhost']],
    );
    const info = await subscriber.do<{ monitors: readonly object[] }>('info');
    t.like(info.monitors[0], { kind: 'event', name, node: 'b@localhost' });
    await producer.do('publish', name, { third: 3 });
    const [heard] = await subscriber.hears(1);
    t.like(heard, { on: 'event', message: { third: 3 }, event: name, node: 'b@localhost' });
    await subscriber.do('demonitorEvent', event);
    const notices = await producer.hears(2);
    t.deepEqual(
      notices.map(({ on }) => on),
      ['event-start', 'event-stop'],
    );
  });
}

test('one frame goes to a node, however many subscribe there', async (t) => {
  const { a, b } = await pair(t);
  const peer = await a.network.connect('b@localhost');
  const name = eventName<unknown>(fresh('event'));
  const producer = await puppet(b, 0);
  await producer.do('announce', name, {});
  const subscribers = await Promise.all(Array.from({ length: 20 }, () => puppet(a, 0)));
  for (const one of subscribers) await one.do('monitorEvent', eventId(name, 'b@localhost'));
  const before = peer.info().messagesIn;
  await producer.do('publish', name, ...Array.from({ length: 50 }, (_, index) => index));
  for (const one of subscribers) t.is((await one.hears(50)).length, 50);
  const frames = peer.info().messagesIn - before;
  t.true(frames < 60, `${frames} frames for 50 messages to 20 subscribers`);
});

test('what is published to threads and nodes says the same to both, also when a text tells it apart', async (t) => {
  const { a, b } = await pair(t);
  const name = eventName<unknown>(fresh('event'));
  const producer = await puppet(b, 0);
  await producer.do('announce', name, {});
  const subscribers = [await puppet(b, 1), await puppet(a, 0)];
  for (const one of subscribers) await one.do('monitorEvent', eventId(name, 'b@localhost'));
  const published = Array.from({ length: 60 }, (_, index) => ({ kind: 'order', index }));
  await producer.do('publish', name, ...published);
  for (const one of subscribers) t.deepEqual(await messagesOf(one, 60), published);
});

/** A producer on node a, its event, and subscribers on both threads of node b. */
async function stage({ a, b }: Pair): Promise<{
  producer: Handle;
  name: string;
  event: EventId<unknown>;
  subscribers: readonly Handle[];
}> {
  const name = eventName<unknown>(fresh('event'));
  const event = eventId(name, 'a@localhost');
  const producer = await puppet(a, 0);
  await producer.do('announce', name, { notify: true, buffer: 2 });
  const subscribers = [await puppet(b, 0), await puppet(b, 1), await puppet(b, 1)];
  for (const one of subscribers) await one.do('monitorEvent', event);
  return { producer, name, event, subscribers };
}

/** What it was told by events and messages, and nothing else, once there is so much. */
async function messagesOf(who: Handle, count: number): Promise<readonly unknown[]> {
  const notices = await who.hears(count);
  return notices.map((notice) => ('message' in notice ? notice.message : notice.on));
}

/** How many messages a node has sent to the only one that it is connected to. */
function sentBy(node: Node): number {
  return node.network.info().nodes[0]!.messagesOut;
}

test('one frame goes to a node, however many of its threads have subscribers', async (t) => {
  const nodes = await pair(t);
  const { producer, name, subscribers } = await stage(nodes);
  for (const [index, message] of [1, { text: 'two' }, new Uint8Array(100_000).fill(3)].entries()) {
    const before = sentBy(nodes.a);
    await producer.do('publish', name, message);
    for (const one of subscribers) t.deepEqual((await messagesOf(one, index + 1))[index], message);
    t.is(sentBy(nodes.a) - before, 1);
  }
});

test('one frame goes to a node whose threads that have subscribers are far apart', async (t) => {
  const a = await networkNode('a@localhost');
  const b = await networkNode('b@localhost', {}, { threads: 20 });
  t.teardown(async () => {
    await a.stopForce();
    await b.stopForce();
  });
  showWay(b, a);
  const { producer, name, event } = await stage({ a, b });
  const subscribers = [await puppet(b, 16), await puppet(b, 18), await puppet(b, 19)];
  for (const one of subscribers) await one.do('monitorEvent', event);
  const before = sentBy(a);
  await producer.do('publish', name, 'to all');
  for (const one of subscribers) t.deepEqual(await messagesOf(one, 1), ['to all']);
  t.is(sentBy(a) - before, 1);
});

test('large and small publications arrive on each thread of a node in their order', async (t) => {
  const { producer, name, subscribers } = await stage(await sharedPair());
  const sizes = Array.from({ length: 40 }, (_, index) => (index % 3 === 0 ? 40_000 : 10) + index);
  const texts = sizes.map((size) => 'x'.repeat(size));
  await producer.do('publish', name, ...texts);
  for (const one of subscribers) {
    const messages = await messagesOf(one, sizes.length);
    t.deepEqual(
      messages.map((text) => String(text).length),
      sizes,
    );
  }
});

test('a thread of another node that has no subscriber any more hears nothing, the others do', async (t) => {
  const nodes = await pair(t);
  const { producer, name, event, subscribers } = await stage(nodes);
  const [first, second, third] = subscribers as readonly [Handle, Handle, Handle];
  await producer.do('publish', name, 1);
  for (const one of subscribers) await messagesOf(one, 1);
  await first.do('demonitorEvent', event);
  await producer.do('publish', name, 2);
  for (const one of [second, third]) t.deepEqual(await messagesOf(one, 2), [1, 2]);
  const backlog = await first.do<readonly EventMessage<unknown>[]>('monitorEvent', event);
  t.deepEqual(
    backlog.map(({ message }) => message),
    [1, 2],
  );
  for (const one of [second, third]) await one.do('demonitorEvent', event);
  await producer.do('publish', name, 3);
  t.deepEqual(await messagesOf(first, 2), [1, 3]);
  for (const one of [second, third]) t.deepEqual(await messagesOf(one, 2), [1, 2]);
  await first.do('demonitorEvent', event);
  const notices = await producer.hears(2);
  t.deepEqual(
    notices.map(({ on }) => on),
    ['event-start', 'event-stop'],
  );
});

test('each subscriber on each thread hears once that the event or the connection has ended', async (t) => {
  const nodes = await pair(t);
  const ended = await stage(nodes);
  await ended.producer.do('publish', ended.name, 'last');
  ended.producer.tell({ type: 'stop', reason: 'shutdown' });
  for (const one of ended.subscribers) {
    // The notice may overtake.
    const notices = await one.hears(2);
    t.is(notices.length, 2);
    t.like(
      notices.find(({ on }) => on === 'event'),
      { message: 'last' },
    );
    const down = notices.find(({ on }) => on === 'down');
    t.like(down, { ended: { kind: 'event', reason: 'shutdown' } });
  }
  const lost = await stage(nodes);
  await part(nodes);
  for (const one of [...lost.subscribers, ...ended.subscribers]) {
    const isLost = lost.subscribers.includes(one);
    const notices = await one.hears(isLost ? 1 : 2);
    t.is(notices.length, isLost ? 1 : 2);
    if (isLost) t.like(notices[0], { on: 'down', ended: { reason: { code: 'no-connection' } } });
  }
});

test('a thread that ends takes no publication from the others, and hears each once when it is back', async (t) => {
  const nodes = await pair(t);
  const { b } = nodes;
  const { producer, name, event, subscribers } = await stage(nodes);
  const [first, second] = subscribers as readonly [Handle, Handle];
  second.tell({ type: 'exit process', code: 1 });
  await producer.do('publish', name, ...Array.from({ length: 100 }, (_, index) => index));
  await waitFor('the end of the thread', () => b.info().threads[1]!.restarts === 1, 20_000);
  const fresh = await puppet(b, 1);
  const backlog = await fresh.do<readonly EventMessage<unknown>[]>('monitorEvent', event);
  t.deepEqual(
    backlog.map(({ message }) => message),
    [98, 99],
  );
  await producer.do('publish', name, 'after', 'that');
  t.deepEqual(await messagesOf(fresh, 2), ['after', 'that']);
  t.is((await messagesOf(first, 102)).length, 102);
  t.deepEqual((await messagesOf(first, 102)).slice(99), [99, 'after', 'that']);
});

test('an event of another node is read from outside of a process', async (t) => {
  const { a, b } = await sharedPair();
  const name = eventName<number>(fresh('event'));
  const producer = await puppet(b, 1);
  await producer.do('announce', name, { buffer: 3 });
  await producer.do('publish', name, 1, 2, 3);
  const heard: number[] = [];
  for await (const { message } of a.subscribe(eventId(name, 'b@localhost'))) {
    heard.push(message);
    if (heard.length === 3) break;
  }
  t.deepEqual(heard, [1, 2, 3]);
});

test('a subscription to a node that is not reached says why, and holds up nobody meanwhile', async (t) => {
  const nobody = createServer().listen(0, '127.0.0.1');
  await once(nobody, 'listening');
  t.teardown(() => nobody.close());
  const { port } = nobody.address() as { port: number };
  const subscribe = (node: Node): AsyncIterator<unknown> => {
    node.network.addRoute('^b@', { host: '127.0.0.1', port });
    return node.subscribe(eventId(eventName('x'), 'b@localhost'))[Symbol.asyncIterator]();
  };
  const soon = await networkNode('soon@localhost', { dialTimeoutMs: 100 });
  t.teardown(() => soon.stopForce());
  await t.throwsAsync(subscribe(soon).next(), {
    code: 'no-connection',
    message: /the handshake took over 100 ms/,
  });
  const late = await networkNode('late@localhost', { dialTimeoutMs: 600_000 });
  await within('the end of a subscription', () => subscribe(late).return!());
  late.network.removeRoute('^b@');
  const pending = subscribe(late).next();
  await within('the stop', () => late.stop());
  t.deepEqual(await pending, { done: true, value: undefined });
});

test('what of a backlog is too large for a subscriber is left out, counted and logged; the rest comes', async (t) => {
  const b = await networkNode('b@localhost');
  const a = await networkNode('a@localhost', { maxMessageSize: 4096 });
  t.teardown(async () => {
    await a.stopForce();
    await b.stopForce();
  });
  showWay(a, b);
  const records = recordLog(b);
  const name = eventName<string>(fresh('event'));
  const producer = await puppet(b, 0);
  await producer.do('announce', name, { buffer: 6 });
  const messages = ['1', '2', '3', '4'].map((number) => number.repeat(1000));
  await producer.do('publish', name, ...messages, 'x'.repeat(9000), 'last');
  const subscriber = await puppet(a, 0);
  const event = eventId(name, 'b@localhost');
  const backlog = await subscriber.do<readonly EventMessage<string>[]>('monitorEvent', event);
  t.deepEqual(
    backlog.map(({ message }) => message),
    [...messages.slice(1), 'last'],
  );
  t.is(b.info().messagesDropped, 2);
  const told = records.filter(({ message }) => message.includes('backlog'));
  t.like(told[0]?.fields, { event: name, node: 'a@localhost', messages: 2 });
  t.is(told.length, 1);
});
