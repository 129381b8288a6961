import test from 'ava';
import { noreply, processId, processName, type Timer } from 'tergo';
import {
  inside,
  spawnCollector,
  spawnGated,
  spawnPuppet,
  spawnScript,
} from '../support/improvise.ts';
import { quietNode } from '../support/witness.ts';
import { turn, waitFor } from '../support/wait-for.ts';

const name = processName<unknown>('target');

test('delayed messages come in the order of their times, from whoever sent them', async (t) => {
  const node = await quietNode(t);
  const got: unknown[] = [];
  const target = await spawnScript(node, {
    handleMessage: (_self, message, from) => (got.push([message, from]), noreply),
  });
  const sender = await spawnPuppet(node);
  await inside(node, sender, (self) => {
    for (const ms of [300, 0, 200, 100]) self.sendAfter(target, ms, ms);
    node.sendAfter(target, 150, 150);
  });
  await waitFor('all', () => got.length === 5);
  t.deepEqual(
    got,
    [0, 100, 150, 200, 300].map((ms) => [ms, ms === 150 ? node.pid : sender]),
  );
});

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

test('a delayed message goes to a name, a process id and an alias as they are when it fires', async (t) => {
  const node = await quietNode(t);
  const [first, second] = [await spawnCollector(node), await spawnCollector(node)];
  node.registerName(name, first.pid);
  const timers = [
    node.sendAfter(name, 'name', 20),
    node.sendAfter(processId(name, node.name), 'id', 20),
  ];
  node.unregisterName(name);
  node.registerName(name, second.pid);
  await waitFor('both', () => second.got.length === 2);
  t.deepEqual([first.got, second.got], [[], ['name', 'id']]);
  t.deepEqual(
    timers.map((timer) => timer.cancel()),
    [false, false],
  );
});

test('cancel is true while the message is still to be sent, and false once it was sent or cancelled', async (t) => {
  const node = await quietNode(t);
  const { pid, got } = await spawnCollector(node);
  const cancelled = node.sendAfter(pid, 'cancelled', 5);
  const sent = node.sendAfter(pid, 'sent', 10);
  const last = node.sendAfter(pid, 'last', 60_000);
  t.is(node.info().pendingTimers, 3);
  t.true(cancelled.cancel());
  t.false(cancelled.cancel());
  await waitFor('the other', () => got.length > 0);
  t.false(sent.cancel());
  t.true(last.cancel());
  t.deepEqual(got, ['sent']);
  t.is(node.info().pendingTimers, 0);
});

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

test('a delayed message is sent even if its sender has ended by then', async (t) => {
  const node = await quietNode(t);
  const got: unknown[] = [];
  const target = await spawnScript(node, {
    handleMessage: (_self, message, from) => (got.push([message, from]), noreply),
  });
  const sender = await spawnPuppet(node);
  await inside(node, sender, (self) => self.sendAfter(target, 'posthumous', 10));
  node.kill(sender);
  await waitFor('the message', () => got.length === 1);
  t.deepEqual(got, [['posthumous', sender]]);
});

test("the sender's own priority is read when the message is sent, one that is named is kept", async (t) => {
  const node = await quietNode(t);
  const { pid } = await spawnGated(node);
  const sender = await spawnPuppet(node);
  await inside(node, sender, (self) => {
    self.sendAfter(pid, 'own', 5);
    self.sendAfter(pid, 'named', 5, { priority: 'max' });
    self.priority = 'high';
  });
  await waitFor('both', () => node.processInfo(pid).mailbox === 2);
  t.deepEqual(node.processInfo(pid).queues, { urgent: 1, system: 1, main: 0, log: 0 });
});

test('a delayed message to what is gone or full by then is lost, and nothing else happens', async (t) => {
  const node = await quietNode(t);
  const dead = await spawnCollector(node);
  const full = await spawnGated(node, { mailboxSize: 1 });
  const other = await spawnCollector(node);
  for (const to of [dead.pid, full.pid, other.pid]) node.sendAfter(to, 'late', 10);
  node.sendAfter(name, 'to nobody', 10);
  node.kill(dead.pid);
  node.send(full.pid, 'fills it');
  await waitFor('the other', () => other.got.length === 1);
  full.open();
  await waitFor('what fitted', () => full.got.length === 1);
  await turn();
  t.deepEqual(full.got, ['fills it']);
  t.is(node.info().mailboxFull, 1);
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
