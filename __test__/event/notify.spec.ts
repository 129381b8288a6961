import test from 'ava';
import type { Node } from 'tergo';
import {
  closeShared,
  freshName,
  places,
  sharedPlace,
  witnessOn,
  type Place,
} from '../support/places.ts';
import {
  gone,
  holdsAgain,
  holdings,
  quietNode,
  spawnWitness,
  type Handle,
  type Notice,
  type Witness,
} from '../support/witness.ts';

test.after.always(closeShared);

for (const place of places) {
  test(`start, backlog, both kinds of subscriber and stop: the life of an event with notify and buffer [L34]${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const news = `news of ${place.title}`;
    const producer = await witnessOn(node, place.other);
    const first = await witnessOn(node, place.self);
    const second = await witnessOn(node, place.self);
    const publisher = await producer.run((self) =>
      self.registerEvent<string>(news, { notify: true, buffer: 10 }),
    );

    t.deepEqual(await first.run((self) => self.linkEvent(news)), []);
    t.deepEqual(await producer.heard(), [{ on: 'event-start', event: news }]);
    await producer.run((self) => self.sendEvent(publisher, 'one'));
    t.deepEqual(messages(await first.heard()), ['one']);
    t.like((await first.heard())[0], { meta: { name: news, node: node.name } });

    const backlog = await second.run((self) => self.monitorEvent(news));
    t.is(backlog.length, 1);
    t.like(backlog[0], { name: news, node: node.name, message: 'one' });
    t.is(typeof backlog[0]!.timestampNs, 'bigint');
    await producer.run((self) => self.sendEvent(publisher, 'two'));
    t.deepEqual(messages(await first.heard()), ['one', 'two']);
    t.deepEqual(messages(await second.heard()), ['two']);

    await first.run((self) => self.unlinkEvent(news));
    t.is((await producer.heard()).length, 1);
    await second.run((self) => self.demonitorEvent(news));
    t.deepEqual((await producer.heard()).slice(1), [{ on: 'event-stop', event: news }]);

    await producer.run((self) => self.sendEvent(publisher, 'three'));
    t.deepEqual(messages(await first.heard()), ['one', 'two']);
    t.deepEqual(messages(await second.heard()), ['two']);
  });
}

interface Leaving {
  readonly title: string;
  leave(node: Node, subscriber: Handle, news: string): Promise<unknown>;
}

const leavings: readonly Leaving[] = [
  {
    title: 'unsubscribes',
    leave: (_node, subscriber, news) => subscriber.run((self) => self.unlinkEvent(news)),
  },
  {
    title: 'is killed',
    leave: async (node, subscriber) => {
      node.kill(subscriber.pid);
      await gone(node, subscriber);
    },
  },
  {
    title: 'crashes',
    leave: async (node, subscriber) => {
      subscriber.crash(new Error('crash'));
      await gone(node, subscriber);
    },
  },
  {
    title: 'falls by a link of its own',
    leave: async (node, subscriber) => {
      const other = await spawnWitness(node);
      await subscriber.run((self) => self.link(other.pid));
      node.kill(other.pid);
      await gone(node, subscriber);
    },
  },
];

for (const place of places) {
  for (const { title, leave } of leavings) {
    test(`the producer is told once that the last subscriber is gone when that ${title}${place.title}`, async (t) => {
      const node = await sharedPlace(t, place);
      const news = freshName('news');
      const [producer, first, last] = await spawnApart(node, place, 3);
      await producer!.run((self) => self.registerEvent(news, { notify: true }));
      for (const subscriber of [first!, last!]) {
        await subscriber.run((self) => self.linkEvent(news));
      }
      await leave(node, first!, news);
      t.deepEqual(starts(await producer!.heard()), ['event-start']);
      await leave(node, last!, news);
      t.deepEqual(starts(await producer!.heard()), ['event-start', 'event-stop']);
    });
  }

  test(`links and monitors count together: one process that does both is two subscriptions${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const news = freshName('news');
    const [producer, subscriber] = await spawnApart(node, place, 2);
    await producer!.run((self) => self.registerEvent(news, { notify: true }));
    const steps: readonly ((self: Witness) => Promise<unknown>)[] = [
      (self) => self.linkEvent(news),
      (self) => self.monitorEvent(news),
      (self) => self.unlinkEvent(news),
      (self) => self.demonitorEvent(news),
    ];
    const counts: number[] = [];
    for (const step of steps) {
      await subscriber!.run(step);
      counts.push((await producer!.heard()).length);
    }
    t.deepEqual(counts, [1, 1, 1, 2]);
  });

  test(`starts and stops alternate, however often the first comes and the last leaves${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const news = freshName('news');
    const [producer, subscriber] = await spawnApart(node, place, 2);
    await producer!.run((self) => self.registerEvent(news, { notify: true }));
    await subscriber!.run(async (self) => {
      for (let round = 0; round < 100; round += 1) {
        await self.monitorEvent(news);
        await self.demonitorEvent(news);
      }
    });
    const expected = Array.from({ length: 200 }, (_, at) =>
      at % 2 ? 'event-stop' : 'event-start',
    );
    t.deepEqual(starts(await producer!.heard()), expected);
  });

  test(`a producer that did not ask for notices gets none${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const news = freshName('news');
    const [producer, subscriber] = await spawnApart(node, place, 2);
    await producer!.run((self) => self.registerEvent(news));
    await subscriber!.run((self) => self.linkEvent(news));
    await subscriber!.run((self) => self.unlinkEvent(news));
    t.deepEqual(await producer!.heard(), []);
  });

  test(`each event has its own notices${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const [one, two, quiet] = ['one', 'two', 'quiet'].map(freshName) as [string, string, string];
    const [producer, subscriber] = await spawnApart(node, place, 2);
    await producer!.run((self) =>
      [one, two, quiet].map((name) => self.registerEvent(name, { notify: name !== quiet })),
    );
    await subscriber!.run(async (self) => {
      for (const name of [two, quiet, one]) await self.monitorEvent(name);
      await self.demonitorEvent(two);
    });
    t.deepEqual(await producer!.heard(), [
      { on: 'event-start', event: two },
      { on: 'event-start', event: one },
      { on: 'event-stop', event: two },
    ]);
  });

  test(`a refused second subscription is no subscriber more${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const news = freshName('news');
    const [producer, subscriber] = await spawnApart(node, place, 2);
    const publisher = await producer!.run((self) => self.registerEvent(news, { notify: true }));
    await subscriber!.run((self) => self.linkEvent(news));
    await t.throwsAsync(
      subscriber!.run((self) => self.linkEvent(news)),
      { code: 'target-exist' },
    );
    await producer!.run((self) => self.sendEvent(publisher, 'one'));
    t.deepEqual(messages(await subscriber!.heard()), ['one']);
    await subscriber!.run((self) => self.unlinkEvent(news));
    t.deepEqual(starts(await producer!.heard()), ['event-start', 'event-stop']);
  });
}

test('a notice goes before normal messages that wait, like every system message', async (t) => {
  const node = await quietNode(t);
  const [producer, subscriber] = await spawnMany(node, 2);
  await producer!.run((self) => self.registerEvent('news', { notify: true }));
  const order: string[] = [];
  await subscriber!.run(async (self) => {
    node.send(producer!.pid, () => void order.push(`message after ${producer!.seen.length}`));
    await self.monitorEvent('news');
  });
  await producer!.heard();
  t.deepEqual(order, ['message after 1']);
});

test('a thousand subscribers that end at once leave one stop and nothing else behind', async (t) => {
  const node = await quietNode(t);
  const producer = await spawnWitness(node);
  await producer.run((self) => self.registerEvent('news', { notify: true }));
  const before = await holdings(node);
  const subscribers = await spawnMany(node, 1000);
  for (const subscriber of subscribers) await subscriber.run((self) => self.linkEvent('news'));
  for (const { pid } of subscribers) node.kill(pid);
  await holdsAgain(node, before);
  t.deepEqual(starts(await producer.heard()), ['event-start', 'event-stop']);
});

/** A producer, and subscribers that live elsewhere. */
async function spawnApart(node: Node, { other, self }: Place, count: number): Promise<Handle[]> {
  return await Promise.all(
    Array.from({ length: count }, (_, at) => witnessOn(node, at === 0 ? other : self)),
  );
}

async function spawnMany(node: Node, count: number): Promise<Handle[]> {
  return await Promise.all(Array.from({ length: count }, () => spawnWitness(node)));
}

function messages(notices: readonly Notice[]): unknown[] {
  return notices.map((notice) => (notice.on === 'event' ? notice.message : notice.on));
}

function starts(notices: readonly Notice[]): string[] {
  return notices.map(({ on }) => on);
}
