import test from 'ava';
import { waitFor } from '../support/wait-for.ts';
import { closeSharedNode, everyPlaces, fresh, puppet, sharedNode } from './stage.ts';

test.after.always(closeSharedNode);

test('what is published with a large part reaches the subscribers of every thread whole', async (t) => {
  const node = await sharedNode();
  const producer = await puppet(node, 0);
  const event = fresh('event');
  await producer.do('announce', event, {});
  const subscribers = [await puppet(node, 0), await puppet(node, 1), await puppet(node, 2)];
  for (const subscriber of subscribers) await subscriber.do('monitorEvent', event);
  const message = { bytes: new Uint8Array(50_000).fill(7), text: 'x'.repeat(300_000) };
  await producer.do('publish', event, { bytes: message.bytes }, message);
  for (const subscriber of subscribers)
    t.deepEqual(await subscriber.messages(2), [{ bytes: message.bytes }, message]);
  for (const thread of [1, 2])
    await waitFor('all to be taken', () => node.info().threads[thread]!.blobBytes === 0);
});

for (const thread of [1, 2]) {
  test(`what a process of thread ${thread} publishes of an open event of thread 1 reaches every thread`, async (t) => {
    const node = await sharedNode();
    const producer = await puppet(node, 1);
    const stranger = await puppet(node, thread);
    const event = fresh('event');
    await producer.do('announce', event, { open: true });
    const subscribers = [await puppet(node, 0), await puppet(node, 1), await puppet(node, 2)];
    for (const subscriber of subscribers) await subscriber.do('monitorEvent', event);
    await stranger.do('publish', event, 'first', 'second');
    for (const subscriber of subscribers)
      t.deepEqual(await subscriber.messages(2), ['first', 'second']);
  });
}

for (const [what, part] of [
  ['a large part', new Uint8Array(50_000).fill(7)],
  ['a text larger than a chunk', 'x'.repeat(300_000)],
] as const) {
  test(`what is published with ${what} is encoded once for all threads`, async (t) => {
    const node = await sharedNode();
    const producer = await puppet(node, 0);
    const event = fresh('event');
    await producer.do('announce', event, {});
    let reads = 0;
    const message = {
      get part() {
        reads += 1;
        return part;
      },
    };
    const [one, two] = [await puppet(node, 1), await puppet(node, 2)];
    await one.do('monitorEvent', event);
    await producer.do('publish', event, message);
    const before = reads;
    await two.do('monitorEvent', event);
    await producer.do('publish', event, message);
    t.is(reads, 2 * before);
    t.deepEqual(await one.messages(2), [{ part }, { part }]);
    t.deepEqual(await two.messages(1), [{ part }]);
  });
}

test('what is published reaches all threads, however full the chunk for each of them is', async (t) => {
  const node = await sharedNode();
  const producer = await puppet(node, 0);
  const event = fresh('event');
  await producer.do('announce', event, {});
  const [one, two] = [await puppet(node, 1), await puppet(node, 2)];
  for (const subscriber of [one, two]) await subscriber.do('monitorEvent', event);
  const filler = await puppet(node, 2);
  const texts = Array.from({ length: 60 }, (_, round) => `${round} ${'x'.repeat(60_000)}`);
  for (const text of texts) {
    node.send(filler.pid, 'f'.repeat(5000));
    t.deepEqual(await producer.do('publish', event, text), ['ok']);
  }
  for (const subscriber of [one, two]) t.deepEqual(await subscriber.messages(60), texts);
});

for (const { title, one, other } of everyPlaces) {
  test(`subscribers get what is published, in order, once, ${title}`, async (t) => {
    const node = await sharedNode();
    const producer = await puppet(node, one);
    const event = fresh('event');
    await producer.do('announce', event, {});
    const subscribers = [
      await puppet(node, other),
      await puppet(node, other),
      await puppet(node, one),
    ];
    for (const subscriber of subscribers) await subscriber.do('monitorEvent', event);
    const messages = Array.from({ length: 300 }, (_, n) => ({ n, text: `message ${n}` }));
    for (let at = 0; at < messages.length; at += 100)
      await producer.do('publish', event, ...messages.slice(at, at + 100));
    for (const subscriber of subscribers) {
      const seen = await subscriber.hears(messages.length);
      const expected = messages.map((message) => ({
        on: 'event',
        message,
        event,
        node: node.name,
      }));
      t.deepEqual(seen, expected as never);
    }
  });

  test(`a late subscriber gets the backlog, and nothing is missed or comes twice, ${title}`, async (t) => {
    const node = await sharedNode();
    const producer = await puppet(node, one);
    const event = fresh('event');
    await producer.do('announce', event, { buffer: 3 });
    await producer.do('publish', event, 1, 2, 3, 4);
    const subscriber = await puppet(node, other);
    const backlog = await subscriber.do<{ message: unknown }[]>('linkEvent', event);
    t.deepEqual(
      backlog.map(({ message }) => message),
      [2, 3, 4],
    );
    await producer.do('publish', event, 5);
    t.deepEqual(await subscriber.messages(1), [5]);
  });

  test(`each of several subscribers of one thread gets the backlog of its moment, and one that leaves takes nothing from others, ${title}`, async (t) => {
    const node = await sharedNode();
    const producer = await puppet(node, one);
    const event = fresh('event');
    await producer.do('announce', event, { buffer: 2 });
    const [first, second, third] = [
      await puppet(node, other),
      await puppet(node, other),
      await puppet(node, one === 2 ? 1 : 2),
    ];
    const backlogOf = async (who: typeof first): Promise<unknown> =>
      (await who.do<{ message: unknown }[]>('monitorEvent', event)).map(({ message }) => message);
    t.deepEqual(await backlogOf(first), []);
    await producer.do('publish', event, 1, 2);
    t.deepEqual(await backlogOf(second), [1, 2]);
    await producer.do('publish', event, 3);
    t.deepEqual(await backlogOf(third), [2, 3]);
    await first.do('demonitorEvent', event);
    await second.do('demonitorEvent', event);
    await producer.do('publish', event, 4);
    t.deepEqual(await third.messages(1), [4]);
    t.deepEqual(await second.messages(1), [3]);
  });

  test(`the producer hears of the first and the last subscriber, ${title}`, async (t) => {
    const node = await sharedNode();
    const producer = await puppet(node, one);
    const event = fresh('event');
    await producer.do('announce', event, { notify: true });
    const subscriber = await puppet(node, other);
    await subscriber.do('monitorEvent', event);
    t.deepEqual(await producer.hears(1), [{ on: 'event-start', event }]);
    await subscriber.do('demonitorEvent', event);
    t.deepEqual(await producer.hears(2), [
      { on: 'event-start', event },
      { on: 'event-stop', event },
    ]);
    await subscriber.do('linkEvent', event);
    await producer.hears(3);
    node.kill(subscriber.pid);
    t.deepEqual((await producer.hears(4))[3], { on: 'event-stop', event });
  });

  test(`only the producer publishes, unless the event is open, ${title}`, async (t) => {
    const node = await sharedNode();
    const producer = await puppet(node, one);
    const stranger = await puppet(node, other);
    const [closed, open] = [fresh('closed'), fresh('open')];
    await producer.do('announce', closed, {});
    await producer.do('announce', open, { open: true });
    const subscriber = await puppet(node, one);
    await subscriber.do('monitorEvent', closed);
    await subscriber.do('monitorEvent', open);
    t.deepEqual(await stranger.do('publish', closed, 'no'), ['event-owner']);
    await stranger.do('publish', open, 'yes');
    t.deepEqual(await subscriber.messages(1), ['yes']);
    await t.throwsAsync(stranger.do('announce', open, {}), { code: 'taken' });
    t.deepEqual(await stranger.do('publish', 'no such event', 1), ['event-unknown']);
  });

  test(`who was given the right to publish does so, and only as long as the event stands, ${title}`, async (t) => {
    const node = await sharedNode();
    const producer = await puppet(node, one);
    const stranger = await puppet(node, other);
    const event = fresh('event');
    const publisher = await producer.do<object>('registerEvent', event, {});
    const subscriber = await puppet(node, one);
    await subscriber.do('monitorEvent', event);
    t.is(await stranger.do('sendEvent', publisher, 'yes'), 'ok');
    t.deepEqual(await subscriber.messages(1), ['yes']);
    await producer.do('unregisterEvent', event);
    t.is(await stranger.do('sendEvent', publisher, 'late'), 'event-unknown');
    await producer.do('registerEvent', event, {});
    t.is(await stranger.do('sendEvent', publisher, 'of the former one'), 'event-owner');
  });

  test(`the node's own subscription reads an event, ${title}`, async (t) => {
    const node = await sharedNode();
    const producer = await puppet(node, other);
    const event = fresh('event');
    await producer.do('announce', event, { buffer: 1 });
    await producer.do('publish', event, 'kept');
    const got: unknown[] = [];
    const reading = (async () => {
      for await (const message of node.subscribe(event as never)) {
        got.push((message as { message: unknown }).message);
        if (got.length === 2) break;
      }
    })();
    await waitFor('the backlog', () => got.length > 0);
    await producer.do('publish', event, 'new');
    await reading;
    t.deepEqual(got, ['kept', 'new']);
  });
}
