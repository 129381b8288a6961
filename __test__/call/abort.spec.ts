import { getEventListeners } from 'node:events';
import test from 'ava';
import { TergoError } from 'tergo';
import { inside, spawnGated, spawnPuppet, spawnScript } from '../support/improvise.ts';
import { quietNode } from '../support/witness.ts';
import { turn } from '../support/wait-for.ts';

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

test('a signal that is aborted already rejects the call, and nothing is sent', async (t) => {
  const node = await quietNode(t);
  const { pid, got, open } = await spawnGated(node);
  const reason = new Error('changed my mind');
  const refused = await t.throwsAsync(
    node.call(pid, { type: 'x' }, { signal: AbortSignal.abort(reason) }),
    { instanceOf: TergoError, code: 'aborted' },
  );
  t.is(refused.cause, reason);
  t.is(node.processInfo(pid).mailbox, 0);
  open();
  await node.inspect(pid);
  t.deepEqual(got, []);
});

test('an abort while the request waits rejects the call with its reason as cause, and the handler is never called', async (t) => {
  const node = await quietNode(t);
  const { pid, got, open } = await spawnGated(node);
  const controller = new AbortController();
  const { signal } = controller;
  const call = node.call(pid, { type: 'stale' }, { signal });
  t.is(node.processInfo(pid).mailbox, 1);
  t.is(listeners(signal), 1);
  controller.abort('enough');
  const refused = await t.throwsAsync(call, { instanceOf: TergoError, code: 'aborted' });
  t.is(refused.cause, 'enough');
  t.deepEqual([node.info().pendingCalls, listeners(signal)], [0, 0]);
  open();
  await node.call(pid, { type: 'fresh' });
  t.deepEqual(got, [{ type: 'fresh' }]);
});

test('an abort while the request is in hand rejects the call at once, and the answer is ignored', async (t) => {
  const node = await quietNode(t);
  const gate = Promise.withResolvers<string>();
  const taken = Promise.withResolvers<void>();
  const server = await spawnScript(node, {
    handleCall: () => (taken.resolve(), gate.promise),
  });
  const controller = new AbortController();
  const call = node.call(server, { type: 'x' }, { signal: controller.signal });
  await taken.promise;
  controller.abort();
  await t.throwsAsync(call, { code: 'aborted' });
  gate.resolve('too late');
  await turn();
  t.is(node.processState(server), 'sleep');
});

test('an abort in the very tick of the call rejects it', async (t) => {
  const node = await quietNode(t);
  const server = await spawnScript(node, { handleCall: () => t.fail('it was aborted before') });
  const controller = new AbortController();
  const call = node.call(server, { type: 'x' }, { signal: controller.signal });
  controller.abort();
  await t.throwsAsync(call, { code: 'aborted' });
  await node.inspect(server);
});

test('an abort after the answer changes nothing, and the listener is gone', async (t) => {
  const node = await quietNode(t);
  const server = await spawnScript(node, { handleCall: () => 'answer' });
  const controller = new AbortController();
  const { signal } = controller;
  t.is(await node.call(server, { type: 'x' }, { signal }), 'answer');
  t.is(listeners(signal), 0);
  controller.abort();
  t.is(node.processState(server), 'sleep');
});

test('the listener is gone however the call settles', async (t) => {
  const node = await quietNode(t);
  const { signal } = new AbortController();
  const refusing = await spawnScript(node, { handleCall: () => Promise.reject(new Error('no')) });
  const { pid: silent } = await spawnGated(node);
  const { pid: doomed } = await spawnGated(node);
  const { pid: full } = await spawnGated(node, { mailboxSize: 1 });
  node.send(full, 'fills it');
  const calls = [
    node.call(refusing, { type: 'x' }, { signal }),
    node.call(silent, { type: 'x' }, { signal, timeoutMs: 1 }),
    node.call(doomed, { type: 'x' }, { signal }),
    node.call(full, { type: 'x' }, { signal }),
  ];
  t.is(listeners(signal), 3);
  node.kill(doomed);
  t.is((await Promise.allSettled(calls)).filter(({ status }) => status === 'rejected').length, 4);
  t.is(listeners(signal), 0);
});

test('one signal aborts many calls, and each of them only once', async (t) => {
  const node = await quietNode(t);
  const { pid } = await spawnGated(node);
  const controller = new AbortController();
  const { signal } = controller;
  const calls = Array.from({ length: 50 }, () => node.call(pid, { type: 'x' }, { signal }));
  controller.abort();
  for (const call of calls) await t.throwsAsync(call, { code: 'aborted' });
  t.is(node.info().pendingCalls, 0);
});

test("a process's own signal aborts what it started when it ends", async (t) => {
  const node = await quietNode(t);
  const puppet = await spawnPuppet(node);
  const { pid: silent } = await spawnGated(node);
  const [call] = await inside(node, puppet, (self) => [
    node.call(silent, { type: 'x' }, { signal: self.signal }),
  ]);
  node.kill(puppet);
  const refused = await t.throwsAsync(call, { instanceOf: TergoError, code: 'aborted' });
  t.is(refused.cause, 'kill');
});
