import test from 'ava';
import { noreply, processName } from 'tergo';
import { improvise, spawnGated, spawnScript, type Self } from '../support/improvise.ts';
import { quietNode } from '../support/witness.ts';
import { turn, waitFor } from '../support/wait-for.ts';

test('a pending callback blocks its own process and no other', async (t) => {
  const node = await quietNode(t);
  const { pid, got, open } = await spawnGated(node);
  const other = await spawnScript(node, { handleCall: () => 'alive' });
  for (const priority of ['normal', 'high', 'max'] as const) node.send(pid, priority, { priority });
  for (let round = 0; round < 10; round++) t.is(await node.call(other, { type: 'x' }), 'alive');
  t.deepEqual(got, []);
  t.deepEqual(node.processInfo(pid).queues, { urgent: 1, system: 1, main: 1, log: 0 });
  open();
  await waitFor('the rest', () => got.length === 3);
  t.deepEqual(got, ['max', 'high', 'normal']);
});

test('while a callback of whatever kind is pending, nothing else is taken', async (t) => {
  const node = await quietNode(t);
  const events = node.registerEvent<unknown>('news');
  const victims = await Promise.all([1, 2].map(() => spawnScript(node, {})));
  const server = await spawnScript(node, { handleCall: () => 1 });
  const order: string[] = [];
  const slow = async (kind: string): Promise<unknown> => {
    order.push(`${kind} begins`);
    await turn();
    order.push(`${kind} ends`);
    return noreply;
  };
  const target = await spawnScript(node, {
    init: async (self) => {
      self.trapExit = true;
      await self.linkEvent('news');
      await self.link(victims[0]!);
      await self.monitor(victims[1]!);
      self.registerEvent('own', { notify: true });
      self.sendRequest(server, { type: 'x' });
    },
    handleMessage: () => slow('message'),
    handleCall: async () => (await slow('call'), 'answer'),
    handleEvent: () => slow('event'),
    handleExit: () => slow('exit'),
    handleDown: () => slow('down'),
    handleResponse: () => slow('response'),
    handleEventStart: () => slow('start'),
    handleEventStop: () => slow('stop'),
  });
  const subscriber = await spawnScript(node, { init: (self) => self.linkEvent('own') });
  node.send(target, 1);
  const answer = node.call(target, { type: 'x' });
  node.sendEvent(events, 1);
  for (const victim of [...victims, subscriber]) node.kill(victim);
  t.is(await answer, 'answer');
  await waitFor('all', () => order.length === 16);
  for (let at = 0; at < order.length; at += 2)
    t.is(order[at + 1], order[at]!.replace('begins', 'ends'));
});

test('the state tells what a process is at: init, sleep, running, wait-response', async (t) => {
  const node = await quietNode(t);
  const { pid: silent, open: answer } = await spawnGated(node);
  const [init, wait, call] = [1, 2, 3].map(() => Promise.withResolvers<void>());
  let self: Self;
  const spawned = spawnScript(node, {
    init: async (own) => {
      self = own;
      await init!.promise;
    },
    handleMessage: async () => {
      t.is(self.state, 'running');
      await wait!.promise;
      await self.call(silent, { type: 'x' });
      await call!.promise;
      return noreply;
    },
  });
  t.is(self!.state, 'init');
  init!.resolve();
  const pid = await spawned;
  t.is(node.processState(pid), 'sleep');
  node.send(pid, 1);
  await waitFor('the callback', () => node.processState(pid) === 'running');
  wait!.resolve();
  await waitFor('the call', () => node.processState(pid) === 'wait-response');
  t.is(node.processInfo(pid).pendingCalls, 1);
  answer();
  await waitFor('the answer', () => node.processState(pid) === 'running');
  call!.resolve();
  await waitFor('the end of the callback', () => node.processState(pid) === 'sleep');
});

test("a process's own continuation runs before its next message, whatever it awaits", async (t) => {
  const node = await quietNode(t);
  const order: string[] = [];
  const server = await spawnScript(node, { handleCall: (_self, request) => request });
  const waits = [
    () => Promise.resolve(),
    (self: Self) => self.call(server, { type: 'x' }),
    () => turn(),
    (self: Self) => self.spawn(improvise({})),
    () => new Promise((resolve) => process.nextTick(resolve)),
  ];
  const target = await spawnScript(node, {
    handleMessage: async (self, number: number) => {
      order.push(`${number} begins`);
      await waits[number]!(self);
      await Promise.resolve();
      order.push(`${number} ends`);
      return noreply;
    },
  });
  for (const number of waits.keys()) node.send(target, number);
  await waitFor('all', () => order.length === 2 * waits.length);
  t.deepEqual(
    order,
    waits.flatMap((_, number) => [`${number} begins`, `${number} ends`]),
  );
});

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

test('what is sent by name during an asynchronous init is handled right after it, and so is what init sends to itself', async (t) => {
  const node = await quietNode(t);
  const got: unknown[] = [];
  const gate = Promise.withResolvers<void>();
  const name = processName<unknown>('slow');
  const spawned = spawnScript(
    node,
    {
      init: async (self) => {
        self.send(self.pid, 'to myself');
        await gate.promise;
        got.push('init is over');
      },
      handleMessage: (_self, message) => (got.push(message), noreply),
    },
    { name },
  );
  t.is(node.send(name, 'by name'), 'ok');
  await turn();
  t.deepEqual(got, []);
  gate.resolve();
  await spawned;
  await waitFor('both', () => got.length === 3);
  t.deepEqual(got, ['init is over', 'to myself', 'by name']);
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
