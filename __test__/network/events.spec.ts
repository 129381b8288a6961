import test from 'ava';
import { type EventMessage, eventId, eventName } from 'tergo';
import { fresh, puppet } from '../threads/stage.ts';
import { closeSharedPair, pair, receivers, sharedPair } from './cluster.ts';

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
