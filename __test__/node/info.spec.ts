import { Actor, eventName, noreply, startNode, type Next } from 'tergo';
import test from 'ava';
import { gone, holdings, holdsAgain, quietNode, spawnWitness } from '../support/witness.ts';
import { waitFor } from '../support/wait-for.ts';

class Idle extends Actor<{ message: unknown }> {
  override handleMessage(): Next {
    return noreply;
  }
}

test('information tells name, version, level and loggers', async (t) => {
  const { default: manifest } = await import('tergo/package.json', { with: { type: 'json' } });
  await using node = await startNode('a@localhost', { log: { level: 'error', output: () => {} } });
  node.addLogger('mine', { log: () => undefined });
  const info = node.info();
  t.like(info, {
    name: 'a@localhost',
    creation: node.creation,
    version: manifest.version,
    logLevel: 'error',
    loggers: ['default', 'mine'],
  });
  t.true(Number.isInteger(info.uptimeMs) && info.uptimeMs >= 0);
});

test('uptime grows', async (t) => {
  const node = await quietNode(t);
  const first = node.uptimeMs;
  await waitFor('a later time', () => node.uptimeMs > first);
  t.true(node.info().uptimeMs > first);
});

test('spawned and terminated count every end, living processes what is left', async (t) => {
  const node = await quietNode(t);
  const pids = await Promise.all(Array.from({ length: 10 }, () => node.spawn(Idle)));
  class Stillborn extends Actor {
    override init(): void {
      throw new Error('not to be');
    }
  }
  await t.throwsAsync(node.spawn(Stillborn));
  for (const pid of pids.slice(0, 4)) node.kill(pid);
  t.like(node.info(), { processes: 6, spawned: 11, terminated: 5 });
});

test('running counts processes whose callback runs or waits', async (t) => {
  const node = await quietNode(t);
  const { run } = await spawnWitness(node);
  const waiting = await spawnWitness(node);
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = waiting.run(() => promise);
  await run(() => {
    t.is(node.info().processesRunning, 2);
  });
  resolve();
  await done;
  await waitFor('rest', () => node.info().processesRunning === 0);
  t.is(node.info().processes, 2);
});

test('names, aliases and events are counted and go with their process', async (t) => {
  const node = await quietNode(t);
  const { pid, run } = await spawnWitness(node, { name: 'named' });
  await run((self) => {
    const first = self.createAlias();
    self.createAlias();
    self.createAlias();
    self.deleteAlias(first);
    self.registerEvent(eventName('one'));
    self.registerEvent(eventName('two'));
    self.unregisterEvent('one');
  });
  node.registerEvent(eventName('three'));
  const all = { registeredNames: 1, registeredAliases: 2, registeredEvents: 2 };
  t.like(node.info(), all);
  node.kill(pid);
  t.like(node.info(), { registeredNames: 0, registeredAliases: 0, registeredEvents: 1 });
});

test('links, monitors, timers and calls are counted while they stand', async (t) => {
  const node = await quietNode(t);
  const target = await spawnWitness(node);
  const watcher = await spawnWitness(node);
  await watcher.run(async (self) => {
    await self.link(target.pid);
    await self.monitor(target.pid);
  });
  const timer = node.sendAfter(target.pid, () => undefined, 60_000);
  const { promise, resolve } = Promise.withResolvers<void>();
  void target.run(() => promise);
  const inspected = node.inspect(target.pid);
  t.like(node.info(), { links: 1, monitors: 1, pendingTimers: 1, pendingCalls: 1 });
  timer.cancel();
  resolve();
  await inspected;
  await watcher.run(async (self) => {
    await self.unlink(target.pid);
    await self.demonitor(target.pid);
  });
  // The timer of calls that had to wait goes when the node rests.
  await waitFor('no timer', () => node.info().pendingTimers === 0);
  t.like(node.info(), { links: 0, monitors: 0, pendingCalls: 0 });
});

test('messages are counted in, out and dropped', async (t) => {
  const node = await quietNode(t);
  const { pid, run } = await spawnWitness(node);
  const { promise } = Promise.withResolvers<void>();
  const { messagesIn, messagesOut } = node.info();
  void run(() => promise);
  await waitFor('the callback', () => node.processState(pid) === 'running');
  for (let count = 0; count < 7; count++) node.send(pid, () => undefined);
  t.is(node.processInfo(pid).mailbox, 7);
  t.like(node.info(), {
    messagesIn: messagesIn + 8,
    messagesOut: messagesOut + 1,
    messagesDropped: 0,
  });
  node.kill(pid);
  await gone(node, { pid });
  await waitFor('the dropped', () => node.info().messagesDropped === 7);
  t.is(node.processState(pid), 'terminated');
});

test('sends to a full mailbox and events that found one are counted', async (t) => {
  const node = await quietNode(t);
  const changes = eventName<number>('changes');
  const publisher = node.registerEvent(changes);
  const { pid, run } = await spawnWitness(node, { mailboxSize: 2 });
  await run((self) => self.monitorEvent(changes));
  const { promise, resolve } = Promise.withResolvers<void>();
  const busy = run(() => promise);
  await waitFor('the callback', () => node.processInfo(pid).mailbox === 0);
  for (let count = 0; count < 5; count++) node.sendEvent(publisher, count);
  t.like(node.info(), { eventsPublished: 5, eventsDelivered: 2, eventsDropped: 3, mailboxFull: 0 });
  t.is(
    node.send(pid, () => undefined),
    'process-mailbox-full',
  );
  t.is(node.info().mailboxFull, 1);
  resolve();
  await busy;
});

test('nothing is held for a node at rest', async (t) => {
  const node = await quietNode(t);
  const { pid } = await spawnWitness(node, { name: 'named', mailboxSize: 5 });
  for (let count = 0; count < 100; count++) node.send(pid, () => undefined);
  node.kill(pid);
  await waitFor('rest', () => node.info().slabEntries === 0);
  t.is(node.info().processes, 0);
});

test('a message whose callback crashes is not held any longer', async (t) => {
  const node = await quietNode(t);
  class Crashing extends Actor<{ message: 'crash' }> {
    override handleMessage(): never {
      throw new Error('on purpose');
    }
  }
  const before = await holdings(node);
  for (let round = 0; round < 3; round++) {
    const pid = await node.spawn(Crashing);
    t.is(node.send(pid, 'crash'), 'ok');
    await gone(node, { pid });
  }
  await holdsAgain(node, before);
});
