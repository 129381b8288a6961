import test from 'ava';
import {
  Actor,
  eventName,
  noreply,
  type EventName,
  type Next,
  type Node,
  type Pid,
  type Priority,
  type SendResult,
} from 'tergo';
import { closedGate } from '../support/clerk-places.ts';
import {
  closeShared,
  freshName,
  infoOf,
  places,
  settled,
  sharedPlace,
  witnessOn,
} from '../support/places.ts';
import { waitFor } from '../support/wait-for.ts';
import {
  gone,
  holdings,
  holdsAgain,
  quietNode,
  spawnWitness,
  type Handle,
  type Notice,
} from '../support/witness.ts';

const news: EventName<string> = eventName('news');

/** Counts what it hears in a place of its own. */
class Listener extends Actor<{ event: string }> {
  #counts!: Uint8Array;
  #place = 0;

  override async init(counts: Uint8Array, place: number): Promise<void> {
    this.#counts = counts;
    this.#place = place;
    await this.linkEvent(news);
  }

  override handleEvent(): Next {
    this.#counts[this.#place]! += 1;
    return noreply;
  }
}

test('one message reaches a hundred thousand subscribers exactly once, and ends with them', async (t) => {
  const node = await quietNode(t);
  const publisher = node.registerEvent(news);
  const before = await holdings(node);
  const counts = new Uint8Array(100_000);
  const pids = await Promise.all(
    Array.from(counts, (_, place) => node.spawn(Listener, { args: [counts, place] })),
  );
  for (let round = 1; round <= 3; round += 1) {
    t.is(node.sendEvent(publisher, 'to all'), 'ok');
    await waitFor('all callbacks', () => counts.every((count) => count === round), 20_000);
  }
  t.like(node.info(), { eventsPublished: 3, eventsDelivered: 300_000, eventsDropped: 0 });
  t.is(node.info().slabEntries, before.slabEntries! + counts.length);
  for (const pid of pids) node.kill(pid);
  await holdsAgain(node, before);
  t.true(counts.every((count) => count === 3));
});

test('a message that nobody subscribes to is published all the same, and leaves nothing behind', async (t) => {
  const node = await quietNode(t);
  const publisher = node.registerEvent(news);
  const before = await holdings(node);
  for (let count = 0; count < 1000; count += 1) t.is(node.sendEvent(publisher, 'lost'), 'ok');
  await holdsAgain(node, before);
  t.like(node.info(), { eventsPublished: 1000, eventsDelivered: 0, eventsDropped: 0 });
});

test('subscribers that end before they take a message leave nothing behind', async (t) => {
  const node = await quietNode(t);
  const publisher = node.registerEvent(news);
  const before = await holdings(node);
  const subscribers = await Promise.all(Array.from({ length: 100 }, () => spawnWitness(node)));
  for (const subscriber of subscribers) await subscriber.run((self) => self.linkEvent(news));
  node.sendEvent(publisher, 'to the dead');
  for (const { pid } of subscribers) node.kill(pid);
  node.sendEvent(publisher, 'to nobody');
  await holdsAgain(node, before);
  t.true(subscribers.every(({ seen }) => shown(seen).join() === 'terminate'));
});

test('a message is shared by all subscribers, not copied', async (t) => {
  const node = await quietNode(t);
  const publisher = node.registerEvent<object>('shared');
  const subscribers = await Promise.all(Array.from({ length: 3 }, () => spawnWitness(node)));
  for (const subscriber of subscribers) await subscriber.run((self) => self.linkEvent('shared'));
  const message = { deep: { as: 'it was' } };
  node.sendEvent(publisher, message);
  for (const subscriber of subscribers) {
    const [notice] = await subscriber.heard();
    t.true(notice?.on === 'event' && notice.message === message);
  }
});

test('a node that freezes messages freezes those of events', async (t) => {
  const node = await quietNode(t, { freezeMessages: true });
  const publisher = node.registerEvent<{ deep: object }>('frozen');
  const message = { deep: {} };
  t.is(node.sendEvent(publisher, message), 'ok');
  t.true(Object.isFrozen(message) && Object.isFrozen(message.deep));
});

interface Way {
  readonly title: string;
  publish(
    producer: Handle,
    news: EventName<string>,
    message: string,
    priority: Priority,
  ): Promise<SendResult>;
}

const ways: readonly Way[] = [
  {
    title: 'of the publishing process',
    publish: async (producer, news, message, priority) => {
      await producer.run((self) => self.setPriority(priority));
      return await producer.run((self) => self.sendEvent(news, message));
    },
  },
  {
    title: 'in the options',
    publish: (producer, news, message, priority) =>
      producer.run((self) => self.sendEvent(news, message, { priority })),
  },
];

test.after.always(closeShared);

for (const place of places) {
  test(`a process that both links and monitors gets each message twice, and the end both ways${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const news = eventName<string>(freshName('news'));
    const producer = await witnessOn(node, place.other);
    const publisher = await producer.run((self) => self.registerEvent(news));
    const self = await witnessOn(node, place.self, { trapExit: true });
    await self.run((witness) => witness.linkEvent(news));
    await self.run((witness) => witness.monitorEvent(news));
    await producer.run((one) => ['one', 'two'].map((each) => one.sendEvent(publisher, each)));
    t.deepEqual(shown(await self.heard()), ['one', 'one', 'two', 'two']);
    if (!place.isThreaded) t.like(node.info(), { eventsPublished: 2, eventsDelivered: 4 });
    node.kill(producer.pid);
    await gone(node, producer);
    t.deepEqual(shown((await self.heard()).slice(4)), ['exit', 'down']);
  });

  for (const { title, publish } of ways) {
    test(`a message waits at the priority ${title}, and does not wait for lower ones${place.title}`, async (t) => {
      const node = await sharedPlace(t, place);
      const news = eventName<string>(freshName('news'));
      const producer = await witnessOn(node, place.other);
      await producer.run((self) => self.registerEvent(news, { open: true }));
      const self = await witnessOn(node, place.self);
      await self.run((witness) => witness.linkEvent(news));
      const open = await holdOn(node, self);
      node.send(self.pid as Pid<unknown>, 'a message');
      for (const priority of ['normal', 'high', 'max'] as const) {
        t.is(await publish(producer, news, priority, priority), 'ok');
      }
      await waitFor('all', async () => (await infoOf(node, self.pid)).mailbox === 4);
      open();
      t.deepEqual(shown(await self.heard()), ['max', 'high', 'message', 'normal']);
    });
  }

  test(`a full mailbox drops the message for that subscriber alone${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const news = eventName<string>(freshName('news'));
    const producer = await witnessOn(node, place.other);
    const publisher = await producer.run((self) => self.registerEvent(news));
    const bounded = await witnessOn(node, place.self, { mailboxSize: 2 });
    const free = await witnessOn(node, place.self);
    for (const self of [bounded, free]) await self.run((witness) => witness.linkEvent(news));
    const open = await holdOn(node, bounded);
    await producer.run((self) =>
      ['1', '2', '3', '4', '5'].map((each) => self.sendEvent(publisher, each)),
    );
    t.deepEqual(shown(await free.heard()), ['1', '2', '3', '4', '5']);
    open();
    await waitFor('room', async () => (await infoOf(node, bounded.pid)).mailbox === 0);
    await waitFor('both', () => bounded.seen.length === 2);
    await producer.run((self) => self.sendEvent(publisher, '6'));
    await waitFor('the last', () => bounded.seen.length === 3);
    t.deepEqual(shown(bounded.seen), ['1', '2', '6']);
  });

  test(`the end of an event reaches a subscriber whose mailbox is full${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const news = eventName<string>(freshName('news'));
    const producer = await witnessOn(node, place.other);
    const publisher = await producer.run((self) => self.registerEvent(news));
    const bounded = await witnessOn(node, place.self, { mailboxSize: 1 });
    await bounded.run((witness) => witness.monitorEvent(news));
    const open = await holdOn(node, bounded);
    await producer.run((self) => ['one', 'two'].map((each) => self.sendEvent(publisher, each)));
    await producer.run((self) => self.unregisterEvent(news));
    await settled(node);
    open();
    await waitFor('both', () => bounded.seen.length === 2);
    t.deepEqual(shown(bounded.seen), ['down', 'one']);
  });

  test(`subscribers of an event that was given up hear nothing of a new one of its name${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const news = eventName<string>(freshName('news'));
    const producer = await witnessOn(node, place.other);
    const old = await witnessOn(node, place.self);
    await producer.run((self) => self.registerEvent(news));
    await old.run((witness) => witness.monitorEvent(news));
    await producer.run((self) => self.unregisterEvent(news));
    const publisher = await producer.run((self) => self.registerEvent(news));
    await producer.run((self) => self.sendEvent(publisher, 'for others'));
    t.deepEqual(shown(await old.heard()), ['down']);
  });
}

/** Keeps a witness in a callback on whichever thread, until the result is called. */
async function holdOn(node: Node, witness: Handle): Promise<() => void> {
  const gate = await closedGate(node);
  const { gate: pid } = gate.wait() as { gate: Pid<unknown> };
  witness.run((self) => self.call(pid, { type: 'wait' }, { timeoutMs: 60_000 })).catch(() => {});
  await gate.entered;
  return gate.open;
}

test('a full mailbox drops the message for that subscriber alone, and counts it', async (t) => {
  const node = await quietNode(t);
  const publisher = node.registerEvent(news);
  const bounded = await spawnWitness(node, { mailboxSize: 2 });
  const free = await spawnWitness(node);
  for (const self of [bounded, free]) await self.run((witness) => witness.linkEvent(news));
  const open = await hold(node, bounded);
  for (let count = 1; count <= 5; count += 1) t.is(node.sendEvent(publisher, `${count}`), 'ok');
  t.deepEqual(shown(await free.heard()), ['1', '2', '3', '4', '5']);
  t.like(node.info(), { eventsPublished: 5, eventsDelivered: 7, eventsDropped: 3 });

  open();
  await waitFor('the mailbox to be empty', () => node.processInfo(bounded.pid).mailbox === 0);
  t.deepEqual(shown(bounded.seen), ['1', '2']);
  node.sendEvent(publisher, '6');
  t.deepEqual(shown(await bounded.heard()), ['1', '2', '6']);
  t.like(node.info(), { eventsDropped: 3, eventsDelivered: 9 });
});

test('each queue of a bounded mailbox has its own room for messages of events', async (t) => {
  const node = await quietNode(t);
  const publisher = node.registerEvent(news);
  const bounded = await spawnWitness(node, { mailboxSize: 1 });
  await bounded.run((witness) => witness.linkEvent(news));
  const open = await hold(node, bounded);
  for (const priority of ['normal', 'normal', 'high', 'high', 'max', 'max'] as const) {
    node.sendEvent(publisher, priority, { priority });
  }
  t.like(node.info(), { eventsDelivered: 3, eventsDropped: 3 });
  open();
  await waitFor('the mailbox to be empty', () => node.processInfo(bounded.pid).mailbox === 0);
  t.deepEqual(shown(bounded.seen), ['max', 'high', 'normal']);
});

/** Keeps a process in a callback, so that its mailbox fills, until the result is called. */
async function hold(node: Node, { pid }: Handle): Promise<() => void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  node.send(pid, async () => await promise);
  await waitFor('the process to be busy', () => node.processInfo(pid).mailbox === 0);
  return resolve;
}

function shown(notices: readonly Notice[]): unknown[] {
  return notices.map((notice) => (notice.on === 'event' ? notice.message : notice.on));
}
