import test from 'ava';
import { eventName, type EventName, type Node, type Publisher } from 'tergo';
import {
  closeShared,
  freshName,
  placedNode,
  places,
  settled,
  sharedPlace,
  witnessOn,
  type Place,
} from '../support/places.ts';
import { runSource } from '../support/run-node.ts';
import {
  gone,
  holdings,
  holdsAgain,
  quietNode,
  spawnWitness,
  type Handle,
} from '../support/witness.ts';

type Price = { readonly cents: number };
const prices: EventName<Price> = eventName('prices');

test.after.always(closeShared);

for (const place of places) {
  test(`a published message reaches each subscriber with the name, the node and the time of the event${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const prices = eventName<Price>(freshName('prices'));
    const [producer, linked, monitoring] = await spawnThree(node, place);
    const publisher = await producer.run((self) => self.registerEvent(prices));
    t.deepEqual(await linked.run((self) => self.linkEvent(prices)), []);
    t.deepEqual(await monitoring.run((self) => self.monitorEvent(prices)), []);

    const message = { cents: 1 };
    const before = nowNs();
    t.is(await producer.run((self) => self.sendEvent(publisher, message)), 'ok');
    for (const subscriber of [linked, monitoring]) {
      const [notice, ...others] = await subscriber.heard();
      t.deepEqual(others, []);
      t.true(notice?.on === 'event');
      if (place.isThreaded) t.like(notice, { message });
      else t.is((notice as { message: unknown }).message, message);
      t.like(notice, { meta: { name: prices, node: node.name } });
      const { timestampNs } = (notice as { meta: { timestampNs: bigint } }).meta;
      t.true(timestampNs >= before - 5_000_000n && timestampNs <= nowNs() + 5_000_000n);
    }
    t.deepEqual(await producer.heard(), []);
    if (!place.isThreaded)
      t.like(node.info(), { eventsPublished: 1, eventsDelivered: 2, eventsDropped: 0 });
  });

  test(`messages of an event come in the order in which they were published, their times rising${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const prices = eventName<Price>(freshName('prices'));
    const [producer, subscriber] = await spawnThree(node, place);
    const publisher = await producer.run((self) => self.registerEvent(prices));
    await subscriber.run((self) => self.monitorEvent(prices));
    await producer.run((self) => {
      for (let cents = 0; cents < 1000; cents += 1) self.sendEvent(publisher, { cents });
    });
    const events = (await subscriber.heard()).filter(({ on }) => on === 'event');
    t.deepEqual(
      events.map((notice) => (notice.on === 'event' ? (notice.message as Price).cents : -1)),
      Array.from({ length: 1000 }, (_, cents) => cents),
    );
    const times = events.map((notice) => (notice.on === 'event' ? notice.meta.timestampNs : 0n));
    t.true(times.every((time, at) => at === 0 || time >= times[at - 1]!));
  });

  test(`only the right to publish counts: without it event-owner, and nothing comes${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const prices = eventName<Price>(freshName('prices'));
    const [producer, subscriber, stranger] = await spawnThree(node, place);
    const publisher = await producer.run((self) => self.registerEvent(prices));
    await subscriber.run((self) => self.linkEvent(prices));
    const forged: Publisher<Price> = { event: prices, token: 'forged' };
    const other = await stranger.run((self) =>
      self.registerEvent(eventName<Price>(freshName('other'))),
    );
    const stolen: Publisher<Price> = { event: prices, token: other.token };

    for (const self of [producer, stranger]) {
      t.is(await self.run((witness) => witness.sendEvent(prices, { cents: 1 })), 'event-owner');
      t.is(await self.run((witness) => witness.sendEvent(forged, { cents: 1 })), 'event-owner');
      t.is(await self.run((witness) => witness.sendEvent(stolen, { cents: 1 })), 'event-owner');
    }
    t.is(node.sendEvent(prices, { cents: 1 }), 'event-owner');
    t.deepEqual(await subscriber.heard(), []);
    if (!place.isThreaded) t.is(node.info().eventsPublished, 0);
    t.is(await producer.run((self) => self.sendEvent(publisher, { cents: 2 })), 'ok');
    t.is((await subscriber.heard()).length, 1);
  });

  test(`the right to publish can be handed on as plain data: to another process and to the node${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const prices = eventName<Price>(freshName('prices'));
    const [producer, subscriber, delegate] = await spawnThree(node, place);
    const publisher = await producer.run((self) => self.registerEvent(prices));
    await subscriber.run((self) => self.linkEvent(prices));
    const copied: Publisher<Price> = JSON.parse(JSON.stringify(publisher));
    t.is(await delegate.run((self) => self.sendEvent(copied, { cents: 1 })), 'ok');
    t.is(node.sendEvent(publisher, { cents: 2 }), 'ok');
    t.is((await subscriber.heard()).length, 2);
  });

  test(`publishing an event that there is not gives event-unknown, also after it was given up${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const prices = eventName<Price>(freshName('prices'));
    const [producer] = await spawnThree(node, place);
    t.is(node.sendEvent(prices, { cents: 1 }), 'event-unknown');
    const publisher = await producer.run((self) => self.registerEvent(prices, { open: true }));
    await producer.run((self) => self.unregisterEvent(prices));
    t.is(node.sendEvent(publisher, { cents: 1 }), 'event-unknown');
    t.is(node.sendEvent(prices, { cents: 1 }), 'event-unknown');
    await t.throwsAsync(
      producer.run((self) => self.unregisterEvent(prices)),
      { code: 'event-unknown' },
    );
  });

  test(`an old right to publish is worth nothing for a new event of the same name${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const prices = eventName<Price>(freshName('prices'));
    const [producer, heir, subscriber] = await spawnThree(node, place);
    const old = await producer.run((self) => self.registerEvent(prices));
    node.kill(producer.pid);
    await gone(node, producer);
    await settled(node);
    t.is(node.sendEvent(old, { cents: 1 }), 'event-unknown');
    const fresh = await heir.run((self) => self.registerEvent(prices));
    await subscriber.run((self) => self.linkEvent(prices));
    t.is(node.sendEvent(old, { cents: 1 }), 'event-owner');
    t.not(old.token, fresh.token);
    t.deepEqual(await subscriber.heard(), []);
  });
}

test('the right to publish does not include the right to give the event up', async (t) => {
  const node = await quietNode(t);
  const [producer, delegate] = await spawnThree(node, places[0]!);
  await producer.run((self) => self.registerEvent(prices));
  await t.throwsAsync(
    delegate.run((self) => self.unregisterEvent(prices)),
    { code: 'event-owner' },
  );
  t.throws(() => node.unregisterEvent(prices), { code: 'event-owner' });
  t.deepEqual(node.processInfo(producer.pid).events, ['prices']);
});

for (const place of places)
  test(`an open event may be published by whoever knows its name, but only its producer may give it up${place.title}`, async (t) => {
    const node = await placedNode(t, place);
    const [producer, subscriber, stranger] = await spawnThree(node, place);
    await producer.run((self) => self.registerEvent(prices, { open: true }));
    await subscriber.run((self) => self.linkEvent(prices));
    t.is(await stranger.run((self) => self.sendEvent(prices, { cents: 1 })), 'ok');
    t.is(await subscriber.run((self) => self.sendEvent(prices, { cents: 2 })), 'ok');
    t.is(node.sendEvent(prices, { cents: 3 }), 'ok');
    t.is((await subscriber.heard()).length, 3);
    await t.throwsAsync(
      stranger.run((self) => self.unregisterEvent(prices)),
      { code: 'event-owner' },
    );
  });

test('the name of an event is taken until it is given up or its producer ends', async (t) => {
  const node = await quietNode(t);
  const [first, second] = [await spawnWitness(node), await spawnWitness(node)];
  await first.run((self) => self.registerEvent(prices));
  for (const again of [first, second]) {
    await t.throwsAsync(
      again.run((self) => self.registerEvent(prices)),
      { code: 'taken' },
    );
  }
  t.throws(() => node.registerEvent(prices), { code: 'taken' });
  await first.run((self) => self.unregisterEvent(prices));
  await second.run((self) => self.registerEvent(prices));
  node.kill(second.pid);
  await gone(node, second);
  await first.run((self) => self.registerEvent(prices));
  t.is(node.info().registeredEvents, 1);
});

test('a process lists its events, oldest first; one that is given up is missing, the others stay', async (t) => {
  const node = await quietNode(t);
  const self = await spawnWitness(node);
  await self.run((witness) => {
    for (const name of ['one', 'two', 'three']) witness.registerEvent(name);
    witness.unregisterEvent('two');
  });
  t.deepEqual(await self.run((witness) => witness.events), ['one', 'three']);
  t.deepEqual(node.processInfo(self.pid).events, ['one', 'three']);
});

test('events have names of their own: a process may have the same', async (t) => {
  const node = await quietNode(t);
  const self = await spawnWitness(node, { name: 'prices' });
  const publisher = await self.run((witness) => witness.registerEvent(prices));
  const other = await spawnWitness(node);
  await other.run((witness) => witness.monitor('prices'));
  await other.run((witness) => witness.monitorEvent(prices));
  t.is(node.sendEvent(publisher, { cents: 1 }), 'ok');
  await other.heard();
  await self.run((witness) => witness.unregisterEvent(prices));
  t.deepEqual(
    (await other.heard()).map(({ on }) => on),
    ['event', 'down'],
  );
  t.deepEqual(node.processInfo(other.pid).monitors, [
    { kind: 'name', name: 'prices', node: node.name },
  ]);
});

test('the node itself can be a producer; its events last until they are given up', async (t) => {
  const node = await quietNode(t);
  const before = await holdings(node);
  const publisher = node.registerEvent(prices, { buffer: 1, notify: true });
  const subscriber = await spawnWitness(node);
  t.deepEqual(await subscriber.run((self) => self.monitorEvent(prices)), []);
  t.is(node.sendEvent(publisher, { cents: 1 }), 'ok');
  t.is((await subscriber.heard()).length, 1);
  await t.throwsAsync(
    subscriber.run((self) => self.unregisterEvent(prices)),
    { code: 'event-owner' },
  );
  node.unregisterEvent(prices);
  const last = (await subscriber.heard()).at(-1);
  t.like(last, { on: 'down', ended: { kind: 'event', name: 'prices' } });
  t.throws(() => node.unregisterEvent(prices), { code: 'event-unknown' });
  node.kill(subscriber.pid);
  await holdsAgain(node, before);
});

test('a process that has ended can neither register nor publish', async (t) => {
  const node = await quietNode(t);
  const producer = await spawnWitness(node);
  const self = await producer.run((witness) => witness);
  const publisher = node.registerEvent(prices);
  node.kill(producer.pid);
  await gone(node, producer);
  t.is(self.sendEvent(publisher, { cents: 1 }), 'not-allowed');
  t.throws(() => self.registerEvent('other'), { code: 'process-terminated' });
  t.is(node.info().registeredEvents, 1);
});

test('after the stop of the node publishing says so', async (t) => {
  const node = await quietNode(t);
  const publisher = node.registerEvent(prices);
  await node.stop();
  t.is(node.sendEvent(publisher, { cents: 1 }), 'node-terminated');
  t.throws(() => node.registerEvent('other'), { code: 'node-terminated' });
});

/** A producer, and two who live elsewhere. */
async function spawnThree(node: Node, { other, self }: Place): Promise<[Handle, Handle, Handle]> {
  return [await witnessOn(node, other), await witnessOn(node, self), await witnessOn(node, self)];
}

function nowNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}

for (const hours of [1, -1]) {
  test(`the time of an event is the time of day also when that is set by ${hours} h`, async (t) => {
    const source = `
      import { Actor, eventName, noreply, startNode } from 'tergo';
      const ticks = eventName('ticks');
      class Ticker extends Actor {
        init() { this.right = this.registerEvent(ticks); }
        handleMessage(message) { this.sendEvent(this.right, message); return noreply; }
      }
      const node = await startNode('ticks@localhost');
      const ticker = await node.spawn(Ticker);
      const feed = node.subscribe(ticks)[Symbol.asyncIterator]();
      const { now } = Date;
      for (const ms of [0, ${hours} * 3_600_000]) {
        Date.now = () => now() + ms;
        const next = feed.next();
        await new Promise((resolve) => setImmediate(resolve));
        node.send(ticker, 'tick');
        const { value } = await next;
        const offMs = Math.abs(Number(value.timestampNs / 1_000_000n) - Date.now());
        console.log(Math.floor(offMs / 60_000));
      }
      await node.stopForce();
    `;
    const { stdout, stderr } = await runSource(source);
    t.deepEqual([stdout, stderr], ['0\n0\n', '']);
  });
}
