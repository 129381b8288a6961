import test from 'ava';
import {
  eventId,
  eventName,
  type EventName,
  type Node,
  type Publisher,
  type Subscription,
} from 'tergo';
import { closeShared, freshName, places, sharedPlace, witnessOn } from '../support/places.ts';
import { turn, waitFor, within } from '../support/wait-for.ts';
import { holdings, holdsAgain, quietNode, type Handle } from '../support/witness.ts';

const ticks: EventName<number> = eventName('ticks');

/** The one that subscribes by the node lives on thread 0. */
const subscribing = places.filter(({ self }) => self === 0);

test.after.always(closeShared);

for (const place of subscribing) {
  test(`for await gives the backlog, then what is published, with name, node and time${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const ticks = eventName<number>(freshName('ticks'));
    const producer = await witnessOn(node, place.other);
    const publisher = await producer.run((self) =>
      self.registerEvent(ticks, { buffer: 2, notify: true }),
    );
    await publish(producer, publisher, 1, 2, 3);
    await using feed = node.subscribe(ticks);
    const got: number[] = [];
    for await (const { message, name, node: home, timestampNs } of feed) {
      t.deepEqual([name, home, typeof timestampNs], [ticks, node.name, 'bigint']);
      got.push(message);
      if (got.length === 2) await publish(producer, publisher, 4, 5);
      if (got.length === 4) break;
    }
    t.deepEqual(got, [2, 3, 4, 5]);
    t.is(feed.dropped, 0);
  });

  test(`an event id of the own node is the same as its name${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const ticks = eventName<number>(freshName('ticks'));
    const producer = await witnessOn(node, place.other);
    const publisher = await producer.run((self) =>
      self.registerEvent(ticks, { buffer: 1, notify: true }),
    );
    await publish(producer, publisher, 1);
    await using feed = node.subscribe(eventId(ticks, node.name));
    t.deepEqual(await take(feed, 1), [1]);
  });

  test(`what comes on top of the limit is dropped and counted; what waits stays in order${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const ticks = eventName<number>(freshName('ticks'));
    const producer = await witnessOn(node, place.other);
    const publisher = await producer.run((self) =>
      self.registerEvent(ticks, { buffer: 5, notify: true }),
    );
    await publish(producer, publisher, 1, 2, 3, 4, 5);
    await using feed = node.subscribe(ticks, { limit: 3 });
    await waitFor('the backlog', () => feed.dropped === 2);
    t.deepEqual(await take(feed, 2), [1, 2]);
    await publish(producer, publisher, 6, 7, 8);
    await waitFor('the rest', () => feed.dropped === 3);
    t.deepEqual(await take(feed, 3), [3, 6, 7]);
    await publish(producer, publisher, 9);
    t.deepEqual(await take(feed, 1), [9]);
    t.is(feed.dropped, 3);
  });

  test(`a message for a reader that waits does not count against the limit${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const ticks = eventName<number>(freshName('ticks'));
    const producer = await witnessOn(node, place.other);
    const publisher = await producer.run((self) => self.registerEvent(ticks, { notify: true }));
    await using feed = node.subscribe(ticks, { limit: 1 });
    const reader = feed[Symbol.asyncIterator]();
    const reads = [reader.next(), reader.next(), reader.next()];
    await waitFor('the subscription', () => producer.seen.length === 1);
    await publish(producer, publisher, 1, 2, 3, 4);
    const got = await Promise.all(reads);
    t.deepEqual(
      got.map(({ value }) => value?.message),
      [1, 2, 3],
    );
    t.deepEqual(await take(feed, 1), [4]);
    t.is(feed.dropped, 0);
  });

  test(`every subscription has its own messages; readers of one subscription share them${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const ticks = eventName<number>(freshName('ticks'));
    const producer = await witnessOn(node, place.other);
    const publisher = await producer.run((self) =>
      self.registerEvent(ticks, { buffer: 100, notify: true }),
    );
    const before = await holdings(node);
    const feeds = Array.from({ length: 100 }, () => node.subscribe(ticks));
    const all = Array.from({ length: 100 }, (_, tick) => tick);
    await publish(producer, publisher, ...all);
    for (const feed of feeds.slice(1)) t.deepEqual(await take(feed, 100), all);

    const [shared] = feeds;
    const readers = [shared!, shared!, shared!, shared!].map(async (feed) => await take(feed, 25));
    const parts = await Promise.all(readers);
    t.deepEqual(
      parts.flat().toSorted((a, b) => a - b),
      all,
    );
    await Promise.all(feeds.map((feed) => feed.close()));
    if (!place.isThreaded) await holdsAgain(node, before);
  });

  test(`a subscription does not keep others from subscribing, and counts as subscriber${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const ticks = eventName<number>(freshName('ticks'));
    const producer = await witnessOn(node, place.other);
    await producer.run((self) => self.registerEvent(ticks, { notify: true }));
    const feed = node.subscribe(ticks);
    await waitFor('the start', () => producer.seen.length === 1);
    await feed.close();
    await waitFor('the stop', () => producer.seen.length === 2);
    t.deepEqual(
      producer.seen.map(({ on }) => on),
      ['event-start', 'event-stop'],
    );
  });
}

interface Leaving {
  readonly title: string;
  read(node: Node, feed: Subscription<number>): Promise<void>;
}

const leavings: readonly Leaving[] = [
  {
    title: 'break',
    read: async (_node, feed) => {
      for await (const { message } of feed) if (message === 1) break;
    },
  },
  {
    title: 'return',
    read: async (_node, feed) => {
      const first = async (): Promise<number | undefined> => {
        for await (const { message } of feed) return message;
        return undefined;
      };
      await first();
    },
  },
  {
    title: 'an exception in the loop',
    read: async (_node, feed) => {
      try {
        for await (const { message } of feed) throw new Error(`${message}`);
      } catch {
        // What the loop threw is the reader's own affair.
      }
    },
  },
  { title: 'close without a read', read: async (_node, feed) => await feed.close() },
  {
    title: 'close, twice at once and once more',
    read: async (_node, feed) => {
      await Promise.all([feed.close(), feed.close()]);
      await feed.close();
    },
  },
  {
    title: 'close after reading',
    read: async (_node, feed) => {
      await take(feed, 2);
      await feed.close();
    },
  },
  {
    title: 'the end of an await using block',
    read: async (_node, feed) => {
      await using mine = feed;
      await take(mine, 1);
    },
  },
  {
    title: 'the end of an await using block that was left by an exception',
    read: async (_node, feed) => {
      try {
        await using mine = feed;
        throw new Error(`${await take(mine, 1)}`);
      } catch {
        // The block is left, which is what counts here.
      }
    },
  },
  {
    title: 'the end of its process from outside',
    read: async (node, feed) => {
      await take(feed, 1);
      for (const pid of node.processList()) node.kill(pid);
      const rest = await readAll(feed);
      if (rest.length > 1) throw new Error(`${rest}`);
    },
  },
];

for (const { title, read } of leavings) {
  test(`${title} ends the subscription and leaves no process and nothing else behind`, async (t) => {
    const node = await quietNode(t);
    const publisher = node.registerEvent(ticks, { buffer: 2, notify: true });
    for (const tick of [1, 2]) node.sendEvent(publisher, tick);
    const before = await holdings(node);
    const feed = node.subscribe(ticks);
    await within(title, () => read(node, feed));
    await holdsAgain(node, before);
    node.sendEvent(publisher, 3);
    await holdsAgain(node, before);
    t.deepEqual(await readAll(feed), []);
  });
}

test('close ends a read that waits', async (t) => {
  const node = await quietNode(t);
  node.registerEvent(ticks);
  const feed = node.subscribe(ticks);
  const reader = feed[Symbol.asyncIterator]();
  const waiting = [reader.next(), reader.next()];
  await turn();
  await feed.close();
  t.deepEqual(await Promise.all(waiting), [
    { done: true, value: undefined },
    { done: true, value: undefined },
  ]);
});

test('close before the subscription is up ends it all the same', async (t) => {
  const node = await quietNode(t);
  node.registerEvent(ticks);
  const before = await holdings(node);
  await node.subscribe(ticks).close();
  await holdsAgain(node, before);
  t.pass();
});

test('an abort ends the iteration with aborted and the reason as cause', async (t) => {
  const node = await quietNode(t);
  const publisher = node.registerEvent(ticks, { buffer: 1 });
  node.sendEvent(publisher, 1);
  const before = await holdings(node);
  const controller = new AbortController();
  const feed = node.subscribe(ticks, { signal: controller.signal });
  const cause = new Error('enough');
  const reading = async (): Promise<void> => {
    for await (const { message } of feed)
      if (message === 1) setImmediate(() => controller.abort(cause));
  };
  const error = await t.throwsAsync(reading(), { code: 'aborted' });
  t.is(error?.cause, cause);
  await holdsAgain(node, before);
  t.deepEqual(await readAll(feed), []);
});

test('an abort before the subscription shows at the first read, and once only', async (t) => {
  const node = await quietNode(t);
  const publisher = node.registerEvent(ticks, { buffer: 1 });
  node.sendEvent(publisher, 1);
  const before = await holdings(node);
  const feed = node.subscribe(ticks, { signal: AbortSignal.abort() });
  await t.throwsAsync(readAll(feed), { code: 'aborted' });
  t.deepEqual(await readAll(feed), []);
  await holdsAgain(node, before);
});

test('an abort while nobody reads is kept for the next read; what waited is dropped', async (t) => {
  const node = await quietNode(t);
  const publisher = node.registerEvent(ticks);
  const controller = new AbortController();
  const feed = node.subscribe(ticks, { signal: controller.signal });
  await waitFor('the subscription', () => node.info().monitors === 1);
  for (const tick of [1, 2]) node.sendEvent(publisher, tick);
  await waitFor('both messages', () => node.info().messagesOut >= 2);
  controller.abort();
  await t.throwsAsync(readAll(feed), { code: 'aborted' });
});

test('an abort after the end changes nothing', async (t) => {
  const node = await quietNode(t);
  node.registerEvent(ticks);
  const controller = new AbortController();
  const feed = node.subscribe(ticks, { signal: controller.signal });
  await feed.close();
  controller.abort();
  t.deepEqual(await readAll(feed), []);
});

async function publish(
  producer: Handle,
  publisher: Publisher<number>,
  ...ticks: readonly number[]
): Promise<void> {
  await producer.run((self) => ticks.map((tick) => self.sendEvent(publisher, tick)));
}

/** The next messages, without ending the subscription. */
async function take(feed: Subscription<number>, count: number): Promise<number[]> {
  const reader = feed[Symbol.asyncIterator]();
  const got: number[] = [];
  while (got.length < count) {
    const { done, value } = await within('a message', () => reader.next());
    if (done === true) break;
    got.push(value.message);
  }
  return got;
}

async function readAll(feed: Subscription<number>): Promise<number[]> {
  const got: number[] = [];
  for await (const { message } of feed) got.push(message);
  return got;
}
