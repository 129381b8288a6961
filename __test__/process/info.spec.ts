import {
  Actor,
  env,
  envKey,
  noreply,
  processId,
  processName,
  type AnyPid,
  type FallbackMessage,
  type Node,
  type Priority,
} from 'tergo';
import test from 'ava';
import { clerkOn, gatedOn } from '../support/clerk-places.ts';
import {
  closeShared,
  freshName,
  infoOf,
  places,
  settled,
  sharedPlace,
  witnessOn,
  type Place,
} from '../support/places.ts';
import { quietNode, spawnWitness, type Handle } from '../support/witness.ts';
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

test.after.always(closeShared);

const seenOf = (node: Node, asker: Handle, place: Place) => async (pid: AnyPid) =>
  place.isThreaded ? await asker.run((self) => self.fetchInfo(pid)) : node.processInfo(pid);

for (const place of places.filter(({ isThreaded }) => isThreaded)) {
  test(`a fresh process shows the defaults of every option${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const asker = await witnessOn(node, place.self);
    const { pid } = await clerkOn(node, place.other, { logLevel: 'info' });
    const { uptimeMs, ...info } = await asker.run((self) => self.fetchInfo(pid));
    t.true(Number.isInteger(uptimeMs) && uptimeMs >= 0);
    t.deepEqual(info, {
      ...{ pid, thread: place.other, name: undefined, application: undefined },
      ...{ behaviour: 'FarClerk', state: 'sleep', parent: node.pid, leader: node.pid },
      ...{ messagesIn: 0, messagesOut: 0, mailbox: 0, logLevel: 'info', mailboxSize: 0 },
      queues: { urgent: 0, system: 0, main: 0, log: 0 },
      priority: 'normal',
      compression: { enabled: false, type: 'lz4', level: 'default', thresholdBytes: 1024 },
      ...{ trapExit: false, fallback: undefined, aliases: [], events: [], links: [], monitors: [] },
      ...{ pendingCalls: 0, env: new Map() },
    });
  });
}

for (const place of places) {
  test(`what a process was given and has done shows${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const asker = await witnessOn(node, place.self);
    const [busy, other, event, own] = ['busy', 'other', 'event', 'own'].map(freshName) as [
      string,
      string,
      string,
      string,
    ];
    const fallback = { to: processName<{ message: FallbackMessage }>('elsewhere'), tag: 'full' };
    const { pid, run } = await witnessOn(node, place.other, {
      ...{ mailboxSize: 9, fallback, priority: 'high', name: busy, trapExit: true },
    });
    const named = asker.pid;
    await asker.run((self) => self.registerName(other as never));
    await asker.run((self) => self.registerEvent(event));
    const alias = await asker.run((self) => self.createAlias());
    await run((self) => self.createAlias());
    await run((self) => self.registerEvent(own));
    await run((self) => self.link(named));
    await run((self) => self.link(other));
    await run((self) => self.monitor(processId(other, node.name)));
    await run((self) => self.monitor(alias));
    await run((self) => self.linkEvent(event));
    const info = await seenOf(node, asker, place)(pid);
    t.like(info, { name: busy, mailboxSize: 9, fallback, priority: 'high', trapExit: true });
    t.like(info, { logLevel: 'disabled', events: [own], thread: place.other });
    t.is(info.aliases.length, 1);
    const name = { kind: 'name' as const, name: other, node: node.name };
    t.deepEqual(info.links, [
      { kind: 'pid', pid: named },
      name,
      { kind: 'event', name: event, node: node.name },
    ]);
    t.deepEqual(info.monitors, [name, { kind: 'alias', alias }]);
  });

  test(`messages in and out are counted${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const receiver = await clerkOn(node, place.other);
    const sender = await witnessOn(node, place.self);
    const before = await infoOf(node, sender.pid);
    await sender.run((self) => [1, 2, 3, 4, 5].map((each) => self.send(receiver.pid, each)));
    await sender.run((self) => self.send(processName<unknown>('nobody'), 'lost'));
    await settled(node);
    t.is((await infoOf(node, receiver.pid)).messagesIn, 5);
    t.is((await infoOf(node, receiver.pid)).mailbox, 0);
    t.is((await infoOf(node, sender.pid)).messagesOut - before.messagesOut, 5);
  });

  test(`what waits is shown by queue${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const { pid, open } = await gatedOn(node, place.other);
    const asker = await witnessOn(node, place.self);
    for (const [priority, count] of Object.entries({ normal: 3, high: 2, max: 1 } as const)) {
      await asker.run((self) =>
        Array.from({ length: count }, () =>
          self.send(pid, priority, { priority: priority as Priority }),
        ),
      );
    }
    await settled(node);
    const info = await seenOf(node, asker, place)(pid);
    t.deepEqual(info.queues, { urgent: 1, system: 2, main: 3, log: 0 });
    t.is(info.mailbox, 6);
    t.is(info.messagesIn, 7);
    open();
    await waitFor('an empty mailbox', async () => (await infoOf(node, pid)).mailbox === 0);
  });

  test(`pending calls are counted, several at once${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const { pid: slow, open } = await gatedOn(node, place.other);
    const caller = await witnessOn(node, place.self);
    await caller.run((self) => self.begin(slow, { type: 'x' }, 3));
    t.is((await infoOf(node, caller.pid)).pendingCalls, 3);
    open();
    const outcomes = await caller.run((self) => self.outcomes());
    t.deepEqual(
      outcomes,
      Array.from({ length: 3 }, () => ({ status: 'fulfilled', value: { type: 'x' } })),
    );
    t.is((await infoOf(node, caller.pid)).pendingCalls, 0);
  });
}

test('a process sees the same about itself', async (t) => {
  const node = await quietNode(t);
  const { pid, run } = await spawnWitness(node, { name: 'self-aware' });
  await run((self) => {
    const { uptimeMs: _own, ...own } = self.info();
    const { uptimeMs: _seen, ...seen } = node.processInfo(pid);
    t.deepEqual(own, seen);
  });
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
