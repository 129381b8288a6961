import test from 'ava';
import { eventName, noreply, processName } from 'tergo';
import { clerkOn, gatedOn, memberOn } from '../support/clerk-places.ts';
import { FarWaiter, type Ado, type Step, type WaiterProtocol } from '../support/far-waiter.ts';
import { spawnScript, type Self } from '../support/improvise.ts';
import {
  closeShared,
  freshName,
  infoOf,
  places,
  settled,
  sharedPlace,
  witnessOn,
} from '../support/places.ts';
import { keeperOn, waiterOn } from '../support/waiter-places.ts';
import { waitFor } from '../support/wait-for.ts';
import { quietNode } from '../support/witness.ts';

test.after.always(closeShared);

const priorities = ['normal', 'high', 'max'] as const;
const asked = { type: 'bare', value: 'alive' } as never;

for (const place of places) {
  test(`a pending callback blocks its own process and no other${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const { pid, taken, open } = await gatedOn(node, place.other);
    const other = await clerkOn(node, place.other);
    const sender = await witnessOn(node, place.self);
    await sender.run((self) =>
      priorities.map((priority) => self.send(pid, priority, { priority })),
    );
    for (let round = 0; round < 10; round++)
      t.is(await sender.run((self) => self.call(other.pid, asked)), 'alive' as never);
    t.deepEqual((await infoOf(node, pid)).queues, { urgent: 1, system: 1, main: 1, log: 0 });
    open();
    await settled(node);
    t.deepEqual(await taken(), ['max', 'high', 'normal']);
  });

  test(`while a callback of whatever kind is pending, nothing else is taken${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const [event, own] = [eventName<unknown>(freshName('news')), freshName('own')];
    const sender = await witnessOn(node, place.self);
    const publisher = await sender.run((self) => self.registerEvent(event));
    const [linked, monitored, subscriber] = await Promise.all(
      [1, 2, 3].map(() => witnessOn(node, place.self)),
    );
    const { pid: server } = await clerkOn(node, place.self);
    const { pid, wrote } = await waiterOn(node, place.other, {
      hears: { ...{ event, own, asked: server }, linked: linked!.pid, monitored: monitored!.pid },
    } as never);
    await subscriber!.run((self) => self.linkEvent(own));
    const ado: Ado = { type: 'ado', steps: ['a turn'] };
    await sender.run((self) => self.send(pid, ado));
    const answer = node.call(pid, { ...ado, result: 'an answer' });
    await sender.run((self) => self.sendEvent(publisher, 1));
    for (const victim of [linked, monitored, subscriber])
      await sender.run((self) => self.killOther(victim!.pid));
    t.is(await answer, 'answer' as never);
    const order = await wrote(16);
    t.is(order.length, 16);
    for (let at = 0; at < order.length; at += 2)
      t.is(order[at + 1], order[at]!.replace('begins', 'ends'));
    t.is(new Set(order).size, 16);
  });

  test(`the state tells what a process is at: init, sleep, running, wait-response${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const silent = await gatedOn(node, place.self);
    const label = freshName('waiter');
    const { open } = await keeperOn(node, place.other, label);
    const [init, first, last] = ['init', 'first', 'last'].map((door) => `${label} ${door}`);
    const name = processName<WaiterProtocol>(label);
    const steps = [{ door: init! }];
    const spawned = memberOn(node, FarWaiter, place.other, { args: [label, { steps }], name });
    const stateOf = async () => {
      const list = await node.fetchProcessListShortInfo({ filter: (info) => info.name === label });
      return list[0]?.state;
    };
    const waitForState = (state: string) =>
      waitFor(`the state ${state}`, async () => (await stateOf()) === state);
    await waitForState('init');
    await open(init!);
    const { pid } = await spawned;
    t.is((await infoOf(node, pid)).state, 'sleep');
    const sender = await witnessOn(node, place.self);
    const ways: Step[] = [{ door: first! }, { call: silent.pid }, { door: last! }];
    await sender.run((self) => self.send(pid, { type: 'ado', steps: ways }));
    await waitForState('running');
    await open(first!);
    await waitForState('wait-response');
    t.is((await infoOf(node, pid)).pendingCalls, 1);
    silent.open();
    await waitForState('running');
    await open(last!);
    await waitForState('sleep');
  });

  test(`a process's own continuation runs before its next message, whatever it awaits${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const server = await clerkOn(node, place.self);
    const ways: Step[] = [
      ...(['a promise', 'a turn', 'a tick'] as const),
      ...[{ call: server.pid }, { spawn: place.self }],
    ];
    const { pid, wrote } = await waiterOn(node, place.other);
    const sender = await witnessOn(node, place.self);
    await sender.run((self) =>
      ways.map((step, at) =>
        self.send(pid, { type: 'ado', label: `${at}`, steps: [step, 'a promise'] }),
      ),
    );
    t.deepEqual(
      await wrote(2 * ways.length),
      ways.flatMap((_, at) => [`${at} begins`, `${at} ends`]),
    );
  });

  test(`what is sent by name during an asynchronous init is handled right after it, and so is what init sends to itself${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const label = freshName('slow');
    const name = processName<WaiterProtocol>(label);
    const { open, wrote } = await keeperOn(node, place.other, label);
    const sender = await witnessOn(node, place.self);
    const beginning = { steps: [{ door: label }], toItself: 'to itself' };
    const spawned = memberOn(node, FarWaiter, place.other, { args: [label, beginning], name });
    await waitFor('the name', async () => {
      return (await sender.run((self) => self.send(name, 'by name'))) === 'ok';
    });
    await settled(node);
    t.deepEqual(await wrote(1), ['init begins']);
    await open(label);
    await spawned;
    t.deepEqual(await wrote(4), ['init begins', 'init ends', 'to itself', 'by name']);
  });
}

// How long a caller has to wait, and who goes on first, is a matter of the turns of one thread.

test('a caller goes on between two turns, however busy other processes are', async (t) => {
  const node = await quietNode(t);
  let rounds = 0;
  const busy = await spawnScript(node, {
    handleMessage: (self) => (rounds++, self.send(self.pid, 'again'), noreply),
  });
  const server = await spawnScript(node, { handleCall: (_self, request) => request });
  const caller = await spawnScript(node, {
    handleCall: async (self) => {
      await self.call(server, { type: 'x' });
      const before = rounds;
      for (let round = 0; round < 10; round++) await self.call(server, { type: 'x' });
      return rounds - before;
    },
  });
  node.send(busy, 'again');
  await waitFor('the busy process', () => rounds > 1000);
  // One round a turn, and two turns a call; a whole time slice would be thousands.
  t.true(((await node.call(caller, { type: 'x' })) as number) <= 50);
});

test('continuations run in the order in which the answers came', async (t) => {
  const node = await quietNode(t);
  const order: number[] = [];
  const server = await spawnScript(node, { handleCall: (_self, request) => request });
  const handleMessage = async (self: Self, number: number): Promise<unknown> => {
    for (let round = 0; round < 3; round++) {
      await self.call(server, { type: 'x' });
      order.push(number);
    }
    return noreply;
  };
  const clients = await Promise.all(
    Array.from({ length: 5 }, () => spawnScript(node, { handleMessage })),
  );
  for (const [number, client] of clients.entries()) node.send(client, number);
  await waitFor('all', () => order.length === 15);
  t.deepEqual(order, [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
});

test('ten thousand processes can have a callback pending at once', async (t) => {
  const node = await quietNode(t);
  const gate = Promise.withResolvers<void>();
  let [begun, ended] = [0, 0];
  const handleMessage = async (): Promise<unknown> => {
    begun += 1;
    await gate.promise;
    ended += 1;
    return noreply;
  };
  const pids = await Promise.all(
    Array.from({ length: 10_000 }, () => spawnScript(node, { handleMessage })),
  );
  for (const pid of pids) for (const message of [1, 2]) node.send(pid, message);
  await waitFor('all to begin', () => begun === 10_000);
  t.is(node.info().processesRunning, 10_000);
  t.is(ended, 0);
  gate.resolve();
  await waitFor('all', () => ended === 20_000);
  await waitFor('their sleep', () => node.info().processesRunning === 0);
});
