import test from 'ava';
import {
  noreply,
  processName,
  reply,
  replyError,
  stop,
  TergoError,
  type ExitReason,
  type Pid,
} from 'tergo';
import {
  improvise,
  logOf,
  spawnCollector,
  spawnGated,
  spawnScript,
  type Self,
} from '../support/improvise.ts';
import { quietNode } from '../support/witness.ts';
import { turn, waitFor, within } from '../support/wait-for.ts';

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

test('a kill during a pending callback ends the process at once, and what the callback still does counts no more', async (t) => {
  const node = await quietNode(t);
  const records = logOf(node);
  const { pid: other, got } = await spawnCollector(node);
  const gate = Promise.withResolvers<void>();
  const late = Promise.withResolvers<unknown>();
  const ends: ExitReason[] = [];
  let signal: AbortSignal | undefined;
  const target = await spawnScript(node, {
    handleCall: async (self) => {
      ({ signal } = self);
      await gate.promise;
      late.resolve(self.send(other, 'late'));
      throw new Error('too late to matter');
    },
    terminate: (_self, reason) => void ends.push(reason),
  });
  const answer = node.call(target, { type: 'x' });
  await waitFor('the callback', () => signal !== undefined);
  node.send(target, 'waits');
  node.kill(target);
  t.deepEqual(ends, ['kill']);
  t.is(node.processState(target), 'terminated');
  t.true(signal!.aborted);
  t.is(signal!.reason, 'kill');
  await t.throwsAsync(answer, { code: 'process-terminated' });
  gate.resolve();
  t.is(await late.promise, 'not-allowed');
  await turn();
  t.deepEqual([got, ends, records], [[], ['kill'], []]);
});

test('a process that is killed in the middle of a callback ends for that reason, and its answer is void', async (t) => {
  const node = await quietNode(t);
  const results: readonly (() => unknown)[] = [
    () => 'answer',
    () => noreply,
    () => stop('normal', reply({ type: 'x' }, 'answer')),
    () => replyError({ type: 'x' }, new Error('refused')),
    () => Promise.resolve('answer'),
    () => Promise.reject(new Error('on purpose')),
  ];
  for (const result of results) {
    const ends: ExitReason[] = [];
    const target = await spawnScript(node, {
      handleCall: (self) => (node.kill(self.pid), result()),
      terminate: (_self, reason) => void ends.push(reason),
    });
    const refused = await t.throwsAsync(node.call(target, { type: 'x' }), {
      instanceOf: TergoError,
      code: 'process-terminated',
    });
    t.is(refused.cause, 'kill');
    t.deepEqual(ends, ['kill']);
  }
  const ended = Promise.withResolvers<ExitReason>();
  const target = await spawnScript(node, {
    handleMessage: (self) => (node.kill(self.pid), stop('normal')),
    terminate: (_self, reason) => ended.resolve(reason),
  });
  node.send(target, 1);
  t.is(await ended.promise, 'kill');
});

test('an exit signal during a pending callback waits until it is over', async (t) => {
  const node = await quietNode(t);
  const { pid, got, open } = await spawnGated(node);
  node.send(pid, 'behind');
  node.sendExit(pid, 'shutdown');
  await turn();
  t.is(node.processState(pid), 'running');
  open();
  await waitFor('the end', () => node.processState(pid) === 'terminated');
  t.deepEqual(got, []);
});

test('a graceful stop of the node lets a pending callback finish', async (t) => {
  const node = await quietNode(t);
  const { pid, open } = await spawnGated(node);
  const stopped = node.stop();
  await turn();
  t.is(node.processState(pid), 'running');
  open();
  t.deepEqual(await stopped, { killed: [] });
});

test('a stop whose time is over kills a process whose callback is pending', async (t) => {
  const node = await quietNode(t);
  const { pid } = await spawnGated(node);
  t.deepEqual(await node.stop({ timeoutMs: 1 }), { killed: [pid] });
});

test('a rejection ends the process with that error as the reason, logged once', async (t) => {
  const node = await quietNode(t);
  const records = logOf(node);
  const ends: ExitReason[] = [];
  const error = new Error('rejected');
  const target = await spawnScript(node, {
    handleMessage: async () => {
      await turn();
      throw error;
    },
    terminate: (_self, reason) => void ends.push(reason),
  });
  node.send(target, 1);
  node.send(target, 2);
  await waitFor('the end', () => ends.length > 0);
  t.deepEqual(ends, [error]);
  t.deepEqual(
    records.map(({ level, fields }) => [level, fields['error']]),
    [['error', error]],
  );
});

test('a rejection that is no error becomes one, with what was thrown as its cause', async (t) => {
  const node = await quietNode(t);
  for (const thrown of ['text', undefined, null, 7, { odd: true }]) {
    const { promise, resolve } = Promise.withResolvers<ExitReason>();
    const target = await spawnScript(node, {
      handleMessage: () => Promise.reject<unknown>(thrown),
      terminate: (_self, reason) => resolve(reason),
    });
    node.send(target, 1);
    const reason = await promise;
    t.true(reason instanceof Error);
    t.is((reason as Error).cause, thrown);
  }
});

test('a promise of stop ends the process after the callback', async (t) => {
  const node = await quietNode(t);
  const reason = Promise.withResolvers<ExitReason>();
  const target = await spawnScript(node, {
    handleMessage: () => Promise.resolve(stop('shutdown')),
    terminate: (_self, ended) => reason.resolve(ended),
  });
  node.send(target, 1);
  t.is(await reason.promise, 'shutdown');
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

test('an asynchronous terminate may send until it has settled, and the stop of the node waits for it', async (t) => {
  const node = await quietNode(t);
  const done: unknown[] = [];
  const target = await spawnScript(node, {
    terminate: async (self) => {
      await turn();
      done.push(self.send(node.pid as Pid<unknown>, 'still allowed'));
      throw new Error('of no consequence');
    },
  });
  node.sendExit(target, 'shutdown');
  await within('the stop', () => node.stop());
  t.deepEqual(done, ['ok']);
});
