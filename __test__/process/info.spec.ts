import {
  Actor,
  env,
  envKey,
  eventName,
  noreply,
  processId,
  reply,
  type Answer,
  type MaybePromise,
  type Request,
} from 'tergo';
import test from 'ava';
import { quietNode, spawnWitness } from '../support/witness.ts';
import { waitFor } from '../support/wait-for.ts';

const color = envKey<string>('color');
const quiet = { log: { disableConsole: true } };

test('a fresh process shows the defaults of every option', async (t) => {
  const node = await quietNode(t);
  const { pid } = await spawnWitness(node);
  const { uptimeMs, ...info } = node.processInfo(pid);
  t.true(Number.isInteger(uptimeMs) && uptimeMs >= 0);
  t.deepEqual(info, {
    pid,
    thread: 0,
    name: undefined,
    application: undefined,
    behaviour: 'Witness',
    state: 'sleep',
    parent: node.pid,
    leader: node.pid,
    messagesIn: 0,
    messagesOut: 0,
    mailbox: 0,
    logLevel: 'info',
    mailboxSize: 0,
    queues: { urgent: 0, system: 0, main: 0, log: 0 },
    priority: 'normal',
    compression: { enabled: false, type: 'lz4', level: 'default', thresholdBytes: 1024 },
    trapExit: false,
    fallback: undefined,
    aliases: [],
    events: [],
    links: [],
    monitors: [],
    pendingCalls: 0,
    env: new Map(),
  });
});

test('what a process was given and has done shows', async (t) => {
  const node = await quietNode(t);
  const fallback = { to: 'elsewhere', tag: 'full' };
  const options = { mailboxSize: 9, fallback, priority: 'high', logLevel: 'error' } as const;
  const { pid, run } = await spawnWitness(node, { ...options, name: 'busy', trapExit: true });
  const other = await spawnWitness(node, { name: 'other' });
  const event = eventName<number>('event');
  node.registerEvent(event);
  const alias = await other.run((self) => self.createAlias());
  await run(async (self) => {
    self.createAlias();
    self.registerEvent(eventName('own'));
    await self.link(other.pid);
    await self.link('other');
    await self.monitor(processId('other', node.name));
    await self.monitor(alias);
    await self.linkEvent(event);
  });
  const info = node.processInfo(pid);
  t.like(info, { name: 'busy', mailboxSize: 9, fallback, priority: 'high', trapExit: true });
  t.like(info, { logLevel: 'error', events: ['own'] });
  t.is(info.aliases.length, 1);
  const named = { kind: 'name' as const, name: 'other', node: node.name };
  t.deepEqual(info.links, [
    { kind: 'pid', pid: other.pid },
    named,
    { kind: 'event', name: 'event', node: node.name },
  ]);
  t.deepEqual(info.monitors, [named, { kind: 'alias', alias }]);
});

test('a process sees the same about itself', async (t) => {
  const node = await quietNode(t);
  const { pid, run } = await spawnWitness(node, { name: 'self-aware' });
  await run((self) => {
    const { uptimeMs: _own, ...own } = self.info();
    const { uptimeMs: _seen, ...seen } = node.processInfo(pid);
    t.deepEqual(own, seen);
  });
});

test('messages in and out are counted', async (t) => {
  const node = await quietNode(t);
  const receiver = await spawnWitness(node);
  const { pid, run } = await spawnWitness(node);
  await run((self) => {
    for (let count = 0; count < 5; count++) self.send(receiver.pid, () => undefined);
    self.send('nobody' as never, 'lost' as never);
  });
  await receiver.run(() => undefined);
  t.like(node.processInfo(pid), { messagesIn: 1, messagesOut: 5 });
  t.like(node.processInfo(receiver.pid), { messagesIn: 6, messagesOut: 0, mailbox: 0 });
});

test('what waits is shown by queue', async (t) => {
  const node = await quietNode(t);
  const { pid, run } = await spawnWitness(node);
  const { promise, resolve } = Promise.withResolvers<void>();
  const busy = run(() => promise);
  await waitFor('the callback', () => node.processState(pid) === 'running');
  const counts = { normal: 3, high: 2, max: 1 } as const;
  for (const [priority, count] of Object.entries(counts)) {
    for (let sent = 0; sent < count; sent++) {
      node.send(pid, () => undefined, { priority: priority as keyof typeof counts });
    }
  }
  const info = node.processInfo(pid);
  t.deepEqual(info.queues, { urgent: 1, system: 2, main: 3, log: 0 });
  t.is(info.mailbox, 6);
  t.is(info.messagesIn, 7);
  resolve();
  await busy;
  await waitFor('an empty mailbox', () => node.processInfo(pid).mailbox === 0);
});

test('pending calls are counted, several at once', async (t) => {
  const node = await quietNode(t);
  type Ask = Request<{ type: 'ask' }, number>;
  const gate = Promise.withResolvers<void>();
  class Slow extends Actor<{ request: Ask }> {
    override handleCall(request: Ask): MaybePromise<Answer> {
      return gate.promise.then(() => reply(request, 1));
    }
  }
  const slow = await node.spawn(Slow);
  const { pid, run } = await spawnWitness(node);
  const calls = run((self) => Promise.all([1, 2, 3].map(() => self.call(slow, { type: 'ask' }))));
  await waitFor('the calls', () => node.processInfo(pid).pendingCalls === 3);
  gate.resolve();
  t.deepEqual(await calls, [1, 1, 1]);
  t.is(node.processInfo(pid).pendingCalls, 0);
});

test('the environment shows only with exposeEnvInfo', async (t) => {
  const values = { env: [env(color, 'red')] };
  const closed = await quietNode(t, { ...quiet, ...values });
  const open = await quietNode(t, {
    ...quiet,
    ...values,
    security: { exposeEnvInfo: true },
  });
  const options = { env: [env(envKey<number>('size'), 5)] };
  const hidden = await spawnWitness(closed, options);
  t.is(closed.processInfo(hidden.pid).env.size, 0);
  t.is(await hidden.run((self) => self.info().env.size), 0);
  const shown = await spawnWitness(open, options);
  const seen = open.processInfo(shown.pid).env;
  t.deepEqual(Object.fromEntries(seen), { COLOR: 'red', SIZE: 5 });
  (seen as Map<string, unknown>).clear();
  t.is(await shown.run((self) => self.env(color)), 'red');
});

test('the other exposures do not open the information', async (t) => {
  const security = { exposeEnvRemoteSpawn: true, exposeEnvRemoteApplicationStart: true };
  const node = await quietNode(t, { ...quiet, security, env: [env(color, 'red')] });
  const { pid } = await spawnWitness(node);
  t.is(node.processInfo(pid).env.size, 0);
});

test('an anonymous class has no name to show', async (t) => {
  const node = await quietNode(t);
  const pid = await node.spawn(
    class extends Actor<{ message: string }> {
      override handleMessage(): typeof noreply {
        return noreply;
      }
    },
  );
  t.is(node.processInfo(pid).behaviour, '');
});
