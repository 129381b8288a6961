import test from 'ava';
import { noreply, reply, replyError, stop, TergoError, type ExitReason, type Pid } from 'tergo';
import { logOf, spawnCollector, spawnGated, spawnScript } from '../support/improvise.ts';
import { quietNode } from '../support/witness.ts';
import { turn, waitFor, within } from '../support/wait-for.ts';

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
