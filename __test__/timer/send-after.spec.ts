import test from 'ava';
import { processId, processName, type Alias, type Pid, type Timer } from 'tergo';
import { gatedOn } from '../support/clerk-places.ts';
import { inside, spawnCollector, spawnPuppet } from '../support/improvise.ts';
import {
  closeShared,
  freshName,
  infoOf,
  places,
  settled,
  sharedPlace,
  witnessGone,
  witnessOn,
} from '../support/places.ts';
import { gone, quietNode, type Handle } from '../support/witness.ts';
import { waitFor } from '../support/wait-for.ts';

test.after.always(closeShared);

for (const place of places) {
  test(`delayed messages come in the order of their times, from whoever sent them${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const target = await witnessOn(node, place.other);
    const sender = await witnessOn(node, place.self);
    const to = target.pid as Pid<unknown>;
    await sender.run((self) => [300, 0, 200, 100].map((ms) => self.delay(to, ms, ms)));
    await waitFor('all', () => target.seen.length === 4);
    t.deepEqual(
      target.seen,
      [0, 100, 200, 300].map((message) => ({ on: 'message', message, from: sender.pid })),
    );
    node.sendAfter(to, 'from outside', 0);
    await waitFor('the last', () => target.seen.length === 5);
    t.like(target.seen[4], { message: 'from outside', from: node.pid });
  });

  test(`a delayed message goes to a name, a process id and an alias as they are when it fires${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const [name, first] = [freshName('target'), await witnessOn(node, place.other)];
    const [second, sender] = [
      await witnessOn(node, place.other),
      await witnessOn(node, place.self),
    ];
    const own = processName<unknown>(name);
    await first.run((self) => self.registerName(own as never));
    const alias = (await second.run((self) => self.createAlias())) as Alias<unknown>;
    const numbers = await sender.run((self) => [
      self.delay(own as never, 'name', 1000),
      self.delay(processId(own, node.name) as never, 'id', 1000),
      self.delay(alias as never, 'alias', 1000),
    ]);
    node.unregisterName(own);
    await waitFor('the name to be free', () => node.whereis(own) === undefined);
    node.registerName(own, second.pid as Pid<unknown>);
    await waitFor('all', () => second.seen.length === 3);
    t.deepEqual([messagesOf(first), messagesOf(second)], [[], ['name', 'id', 'alias']]);
    t.deepEqual(await sender.run((self) => numbers.map((number) => self.cancelTimer(number))), [
      false,
      false,
      false,
    ]);
  });

  test(`cancel is true while the message is still to be sent, and false once it was sent or cancelled${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const target = await witnessOn(node, place.other);
    const sender = await witnessOn(node, place.self);
    const to = target.pid as Pid<unknown>;
    const [cancelled, sent, last] = await sender.run((self) => [
      self.delay(to, 'cancelled', 60_000),
      self.delay(to, 'sent', 10),
      self.delay(to, 'last', 60_000),
    ]);
    if (!place.isThreaded) t.true(node.info().pendingTimers >= 2);
    const cancel = (number: number | undefined): Promise<boolean> =>
      sender.run((self) => self.cancelTimer(number!));
    t.true(await cancel(cancelled));
    t.false(await cancel(cancelled));
    await waitFor('the other', () => target.seen.length > 0);
    t.false(await cancel(sent));
    t.true(await cancel(last));
    t.deepEqual(messagesOf(target), ['sent']);
    if (!place.isThreaded) t.is(node.info().pendingTimers, 0);
  });

  test(`a delayed message is sent even if its sender has ended by then${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const target = await witnessOn(node, place.other);
    const sender = await witnessOn(node, place.self);
    await sender.run((self) => self.delay(target.pid as Pid<unknown>, 'posthumous', 100));
    node.kill(sender.pid);
    await waitFor('the message', () => target.seen.length === 1);
    t.deepEqual(target.seen, [{ on: 'message', message: 'posthumous', from: sender.pid }]);
    await gone(node, sender);
  });

  test(`the sender's own priority is read when the message is sent, one that is named is kept${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const { pid, open } = await gatedOn(node, place.other);
    const sender = await witnessOn(node, place.self);
    await sender.run((self) => [
      self.delay(pid, 'own', 100),
      self.delay(pid, 'named', 100, { priority: 'max' }),
      self.setPriority('high'),
    ]);
    await waitFor('both', async () => (await infoOf(node, pid)).mailbox === 2);
    t.deepEqual((await infoOf(node, pid)).queues, { urgent: 1, system: 1, main: 0, log: 0 });
    open();
  });

  test(`a delayed message to what is gone or full by then is lost, and nothing else happens${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const dead = await witnessOn(node, place.other);
    const full = await gatedOn(node, place.other, { mailboxSize: 1 });
    const other = await witnessOn(node, place.other);
    const sender = await witnessOn(node, place.self);
    const lost = node.info().mailboxFull;
    const nobody = processName<unknown>(freshName('nobody'));
    node.kill(dead.pid);
    node.send(full.pid, 'fills it');
    await witnessGone(node, dead);
    await settled(node);
    await sender.run((self) =>
      [dead.pid, full.pid, nobody, other.pid].map((to) => self.delay(to as never, 'late', 10)),
    );
    await waitFor('the other', () => other.seen.length === 1);
    await waitFor('the count', () => node.info().mailboxFull > lost);
    full.open();
    await waitFor('room', async () => (await infoOf(node, full.pid)).mailbox === 0);
    await settled(node);
    t.deepEqual(await full.taken(), ['fills it']);
    t.like(dead.seen, { length: 1, 0: { on: 'terminate' } });
    if (!place.isThreaded) t.is(node.info().mailboxFull, 1);
  });
}

/** What came, whatever else was heard. */
function messagesOf({ seen }: Handle): unknown[] {
  return seen.map((notice) => (notice.on === 'message' ? notice.message : notice));
}

test('a message is not sent before its time', async (t) => {
  const node = await quietNode(t);
  const { pid, got } = await spawnCollector(node);
  // With a fraction, and after an idle time in which the node read no clock.
  await new Promise((resolve) => setTimeout(resolve, 50));
  for (const ms of [1, 2.5, 15, 40.25]) {
    const begin = performance.now();
    node.sendAfter(pid, ms, ms);
    await waitFor('the message', () => got.at(-1) === ms);
    t.true(performance.now() - begin >= ms);
  }
});

test.serial(
  'a delay is counted from the send, however long the callback blocks after it',
  async (t) => {
    const node = await quietNode(t);
    const { pid, got } = await spawnCollector(node);
    const sender = await spawnPuppet(node);
    const began = performance.now();
    await inside(node, sender, (self) => {
      self.sendAfter(pid, 'first', 100);
      while (performance.now() < began + 150);
      self.sendAfter(pid, 'second', 20);
    });
    await waitFor('both', () => got.length === 2);
    t.deepEqual(got, ['first', 'second']);
  },
);

test('cancelling an old timer does not touch a new one that took its place', async (t) => {
  const node = await quietNode(t);
  const { pid, got } = await spawnCollector(node);
  const first = node.sendAfter(pid, 'first', 60_000);
  t.true(first.cancel());
  const second = node.sendAfter(pid, 'second', 1);
  t.false(first.cancel());
  await waitFor('the second', () => got.length === 1);
  node.sendAfter(pid, 'third', 1);
  t.false(first.cancel());
  t.false(second.cancel());
  await waitFor('the third', () => got.length === 2);
  t.deepEqual(got, ['second', 'third']);
});

test('a timer declared with using is cancelled at the end of the block', async (t) => {
  const node = await quietNode(t);
  const { pid, got } = await spawnCollector(node);
  let kept: Timer;
  {
    using timer = node.sendAfter(pid, 'cancelled', 1);
    kept = timer;
    t.is(node.info().pendingTimers, 1);
  }
  t.false(kept.cancel());
  node.sendAfter(pid, 'sent', 5);
  await waitFor('the other', () => got.length > 0);
  t.deepEqual(got, ['sent']);
});

test('ten thousand timers fire once each', async (t) => {
  const node = await quietNode(t);
  const { pid, got } = await spawnCollector(node);
  const delays = Array.from({ length: 10_000 }, (_, number) => (number * 7919) % 101);
  for (const ms of delays) node.sendAfter(pid, ms, ms);
  t.is(node.info().pendingTimers, 10_000);
  await waitFor('all', () => got.length === 10_000);
  t.deepEqual(
    got.toSorted((a, b) => Number(a) - Number(b)),
    delays.toSorted((a, b) => a - b),
  );
  t.is(node.info().pendingTimers, 0);
});

test('a timer of a stopped node fires no more, and cancelling it does no harm', async (t) => {
  const node = await quietNode(t);
  const { pid, got } = await spawnCollector(node);
  const timer = node.sendAfter(pid, 'late', 20);
  await node.stop();
  const count = got.length;
  const other = await quietNode(t);
  const clock = await spawnCollector(other);
  other.sendAfter(clock.pid, 'later', 40);
  await waitFor('a later one', () => clock.got.length === 1);
  t.is(got.length, count);
  t.notThrows(() => timer.cancel());
});

test('the longest delay asks the clock for no longer alarm than that can have', async (t) => {
  const delays: number[] = [];
  const clock = {
    now: () => performance.now(),
    wallNow: () => Date.now(),
    alarm: (delayMs: number) => {
      delays.push(delayMs);
      return () => undefined;
    },
  };
  const node = await quietNode(t, { clock });
  const { pid } = await spawnCollector(node);
  const timer = node.sendAfter(pid, 'late', 2 ** 32 - 1);
  await waitFor('the alarm', () => delays.some((ms) => ms > 1_000_000));
  t.true(
    delays.every((ms) => ms <= 2 ** 31 - 1),
    delays.join(),
  );
  timer.cancel();
});
