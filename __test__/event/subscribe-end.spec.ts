import test, { type ExecutionContext } from 'ava';
import { eventId, eventName, type EventName, type Node, type Subscription } from 'tergo';
import { turn, waitFor, within } from '../support/wait-for.ts';
import {
  closeShared,
  freshName,
  isReason,
  places,
  sharedPlace,
  witnessOn,
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

const ticks: EventName<number> = eventName('ticks');

/** A way in which the event of a producer ends; every one comes after three messages. */
interface End {
  readonly title: string;
  readonly code: string | undefined;
  bring(node: Node, producer: Handle, ticks: string): unknown;
}

const crash = new Error('crash');

const ends: readonly End[] = [
  {
    title: 'its producer stops normally',
    code: undefined,
    bring: (_node, producer) => producer.stop(),
  },
  {
    title: 'its producer is shut down',
    code: undefined,
    bring: (node, { pid }) => node.sendExit(pid, 'shutdown'),
  },
  {
    title: 'its producer is killed',
    code: 'process-terminated',
    bring: (node, { pid }) => node.kill(pid),
  },
  {
    title: 'its producer crashes',
    code: 'crash',
    bring: (_node, producer) => producer.crash(crash),
  },
  {
    title: 'it is given up',
    code: 'unregistered',
    bring: (_node, producer, ticks) => producer.run((self) => self.unregisterEvent(ticks)),
  },
];

/** The one that subscribes by the node lives on thread 0. */
const subscribing = places.filter(({ self }) => self === 0);

test.after.always(closeShared);

for (const place of subscribing) {
  for (const { title, code, bring } of ends) {
    const how = code === undefined ? 'quietly' : `with ${code}`;
    const isEnded = async (t: ExecutionContext, reading: Promise<void>): Promise<void> => {
      if (code === undefined) await reading;
      else if (code !== 'crash') await t.throwsAsync(reading, { code });
      else isReason(t, place, await t.throwsAsync(reading), crash);
    };

    test(`a subscription ends ${how} when ${title}, after everything that was published${place.title}`, async (t) => {
      const node = await sharedPlace(t, place);
      const ticks = eventName<number>(freshName('ticks'));
      const before = await holdings(node);
      const producer = await witnessOn(node, place.other);
      const publisher = await producer.run((self) => self.registerEvent(ticks, { notify: true }));
      const feed = node.subscribe(ticks);
      await waitFor('the subscription', () => producer.seen.length === 1);

      // In one turn: what was published last must not be lost to the end.
      for (const tick of [1, 2, 3]) node.sendEvent(publisher, tick);
      await bring(node, producer, ticks);
      const got: number[] = [];
      await isEnded(
        t,
        within('the end', () => readInto(got, feed)),
      );
      t.deepEqual(got, [1, 2, 3]);
      t.deepEqual(await rest(feed), []);

      node.sendExit(producer.pid, 'normal');
      if (!place.isThreaded) await holdsAgain(node, before);
    });

    test(`a read that waits ends ${how} when ${title}${place.title}`, async (t) => {
      const node = await sharedPlace(t, place);
      const ticks = eventName<number>(freshName('ticks'));
      const producer = await witnessOn(node, place.other);
      await producer.run((self) => self.registerEvent(ticks, { notify: true }));
      const feed = node.subscribe(ticks);
      const reading = within('the end', () => readInto([], feed));
      const ended = isEnded(t, reading);
      await waitFor('the subscription', () => producer.seen.length === 1);
      void bring(node, producer, ticks);
      await ended;
      t.pass();
    });
  }
}

for (const { title, code, event } of [
  { title: 'that nobody registered', code: 'event-unknown', event: ticks },
  {
    title: 'of a node without connection',
    code: 'no-connection',
    event: eventId(ticks, 'far@away'),
  },
]) {
  test(`the error of an event ${title} comes with the first read, and leaves nothing behind`, async (t) => {
    const node = await quietNode(t);
    const before = await holdings(node);
    const feed = node.subscribe(event);
    await turn();
    await t.throwsAsync(readInto([], feed), { code });
    t.deepEqual(await rest(feed), []);
    await feed.close();
    await holdsAgain(node, before);
  });
}

test('a failed subscription that nobody reads does no harm', async (t) => {
  const { code, stdout, stderr } = await runSource(`
    import { startNode } from 'tergo';
    await using node = await startNode('a@localhost', { log: { disableConsole: true } });
    node.subscribe('nothing');
    await using feed = node.subscribe('nothing as well');
    console.log('alive');
  `);
  t.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'alive\n', stderr: '' });
});

for (const stopping of ['stop', 'stopForce'] as const) {
  test(`${stopping} of the node ends a read that waits, quietly`, async (t) => {
    const node = await quietNode(t);
    const publisher = node.registerEvent(ticks, { buffer: 1 });
    node.sendEvent(publisher, 1);
    const feed = node.subscribe(ticks);
    const got: number[] = [];
    const reading = within('the end', () => readInto(got, feed));
    await waitFor('the first message', () => got.length === 1);
    await node[stopping]();
    await reading;
    await feed.close();
    t.deepEqual(got, [1]);
    t.throws(() => node.subscribe(ticks), { code: 'node-terminated' });
  });
}

test('a subscription that is not read keeps no OS process alive once the node has stopped', async (t) => {
  const { code, stdout } = await runSource(`
    import { startNode } from 'tergo';
    const node = await startNode('a@localhost', { log: { disableConsole: true } });
    const publisher = node.registerEvent('news');
    const feed = node.subscribe('news', { signal: AbortSignal.timeout(1_000_000) });
    node.sendEvent(publisher, 'one');
    await node.stop();
    console.log('stopped');
  `);
  t.deepEqual({ code, stdout }, { code: 0, stdout: 'stopped\n' });
});

test('a thousand subscriptions that come and go leave nothing behind', async (t) => {
  const node = await quietNode(t);
  const publisher = node.registerEvent(ticks, { buffer: 1 });
  node.sendEvent(publisher, 0);
  const before = await holdings(node);
  for (let round = 0; round < 100; round += 1) {
    const feeds = Array.from({ length: 10 }, () => node.subscribe(ticks));
    for (const feed of feeds) await first(feed);
  }
  await holdsAgain(node, before);
  t.is(node.info().spawned, 1000);
});

test('a producer that ends takes its subscriber processes along', async (t) => {
  const node = await quietNode(t);
  const producer = await spawnWitness(node);
  await producer.run((self) => self.registerEvent(ticks));
  const before = await holdings(node);
  const feeds = Array.from({ length: 10 }, () => node.subscribe(ticks));
  await waitFor('the subscriptions', () => node.info().monitors === 10);
  node.kill(producer.pid);
  await gone(node, producer);
  await waitFor('their ends', () => node.info().processes === 0);
  for (const feed of feeds) await t.throwsAsync(rest(feed), { code: 'process-terminated' });
  t.is((await holdings(node)).slabEntries, before.slabEntries);
});

async function first(feed: Subscription<number>): Promise<number | undefined> {
  for await (const { message } of feed) return message;
  return undefined;
}

async function readInto(got: number[], feed: Subscription<number>): Promise<void> {
  for await (const { message } of feed) got.push(message);
}

async function rest(feed: Subscription<number>): Promise<number[]> {
  const got: number[] = [];
  await readInto(got, feed);
  return got;
}
