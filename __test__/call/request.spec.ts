import test from 'ava';
import {
  isResponseTo,
  noreply,
  processName,
  replyError,
  TergoError,
  type Node,
  type Pid,
  type RequestOptions,
  type RequestRef,
  type Response,
} from 'tergo';
import {
  inside,
  logOf,
  spawnGated,
  spawnScript,
  type Options,
  type Self,
} from '../support/improvise.ts';
import { quietNode } from '../support/witness.ts';
import { turn, waitFor } from '../support/wait-for.ts';

interface Asker {
  readonly pid: Pid<unknown>;
  readonly responses: Response[];
  /** Sends a request from inside of it. */
  ask(to: Pid<unknown>, options?: RequestOptions): Promise<RequestRef<unknown>>;
}

async function spawnAsker(node: Node, options: Options = {}): Promise<Asker> {
  const responses: Response[] = [];
  const pid = await spawnScript(
    node,
    {
      handleMessage: (self, task: (self: Self) => unknown) => task(self),
      handleResponse: (_self, response) => (responses.push(response), noreply),
    },
    options,
  );
  const ask: Asker['ask'] = (to, rest) =>
    inside(node, pid, (self) => self.sendRequest(to, { type: 'x' }, rest));
  return { pid, responses, ask };
}

test('the answer to a request comes as a message, with the reference and the label', async (t) => {
  const node = await quietNode(t);
  const server = await spawnScript(node, { handleCall: () => 'answer' });
  const asker = await spawnAsker(node);
  const ref = await asker.ask(server, { label: 'mine' });
  const other = await asker.ask(server);
  await waitFor('both answers', () => asker.responses.length === 2);
  t.deepEqual(asker.responses, [
    { ref, label: 'mine', ok: true, value: 'answer' },
    { ref: other, label: undefined, ok: true, value: 'answer' },
  ]);
  const [first, second] = asker.responses;
  t.true(isResponseTo(first!, ref));
  t.false(isResponseTo(second!, ref));
  t.false(isResponseTo(first!, undefined));
  t.is(node.info().pendingCalls, 0);
});

test('a request does not block its process', async (t) => {
  const node = await quietNode(t);
  const { pid: slow, open } = await spawnGated(node);
  const asker = await spawnAsker(node);
  const ref = await asker.ask(slow);
  t.is(await inside(node, asker.pid, () => 'not blocked'), 'not blocked');
  t.is(node.processInfo(asker.pid).pendingCalls, 1);
  t.deepEqual(asker.responses, []);
  open();
  await waitFor('the answer', () => asker.responses.length === 1);
  t.deepEqual(asker.responses, [{ ref, label: undefined, ok: true, value: { type: 'x' } }]);
});

test('a refusal, a timeout and the end of the target come as responses that are not ok', async (t) => {
  const node = await quietNode(t);
  const error = new Error('on purpose');
  const refusing = await spawnScript(node, {
    handleCall: (_self, request) => replyError(request, error),
  });
  const { pid: silent } = await spawnGated(node);
  const { pid: doomed } = await spawnGated(node);
  const deaf = await spawnScript(node, {});
  const asker = await spawnAsker(node);
  const refs = [
    await asker.ask(refusing, { label: 'refused' }),
    await asker.ask(deaf, { label: 'deaf' }),
    await asker.ask(doomed, { label: 'ended' }),
    await asker.ask(silent, { label: 'timed out', timeoutMs: 1 }),
  ];
  node.kill(doomed);
  await waitFor('all', () => asker.responses.length === 4);
  const byLabel = new Map(asker.responses.map((each) => [each.label, each]));
  for (const [index, label] of ['refused', 'deaf', 'ended', 'timed out'].entries()) {
    t.like(byLabel.get(label), { ok: false, ref: refs[index] });
  }
  const errorOf = (label: string): unknown => (byLabel.get(label) as { error?: Error }).error;
  t.is(errorOf('refused'), error);
  t.true(TergoError.is(errorOf('deaf'), 'unsupported'));
  t.true(TergoError.is(errorOf('ended'), 'process-terminated'));
  t.true(TergoError.is(errorOf('timed out'), 'timeout'));
  t.is(node.info().pendingCalls, 0);
});

test('what is known at once is thrown at once, and no response follows', async (t) => {
  const node = await quietNode(t);
  const dead = await spawnScript(node, {});
  node.kill(dead);
  const full = await spawnGated(node, { mailboxSize: 1 });
  node.send(full.pid, 'fills it');
  const asker = await spawnAsker(node);
  const nobody = processName<unknown>('nobody') as unknown as Pid<unknown>;
  await t.throwsAsync(asker.ask(dead), { code: 'process-unknown' });
  await t.throwsAsync(asker.ask(nobody), { code: 'name-unknown' });
  await t.throwsAsync(asker.ask(full.pid), { code: 'process-mailbox-full' });
  await t.throwsAsync(asker.ask(asker.pid), { code: 'not-allowed' });
  await t.throwsAsync(asker.ask(7 as never), { code: 'incorrect', message: /^to / });
  await t.throwsAsync(asker.ask(full.pid, { timeoutMs: 0 }), {
    code: 'incorrect',
    message: /options\.timeoutMs/,
  });
  await t.throwsAsync(asker.ask(full.pid, { label: 7 as never }), {
    code: 'incorrect',
    message: /options\.label/,
  });
  await turn();
  t.deepEqual([asker.responses, node.info().pendingCalls], [[], 0]);
});

test('a request that is cancelled brings no response, and its handler is not called if it was not taken yet', async (t) => {
  const node = await quietNode(t);
  const { pid, got, open } = await spawnGated(node);
  const asker = await spawnAsker(node);
  const ref = await asker.ask(pid);
  const cancel = (): Promise<boolean> => inside(node, asker.pid, (self) => self.cancelRequest(ref));
  t.true(await cancel());
  t.false(await cancel());
  t.is(node.info().pendingCalls, 0);
  open();
  await node.call(pid, { type: 'fresh' });
  t.deepEqual([got, asker.responses], [[{ type: 'fresh' }], []]);
});

test('a request that is answered, or is another process’s, cannot be cancelled', async (t) => {
  const node = await quietNode(t);
  const server = await spawnScript(node, { handleCall: () => 'answer' });
  const [asker, other] = [await spawnAsker(node), await spawnAsker(node)];
  const answered = await asker.ask(server);
  await waitFor('the answer', () => asker.responses.length === 1);
  t.false(await inside(node, asker.pid, (self) => self.cancelRequest(answered)));

  const { pid: slow, open } = await spawnGated(node);
  const pending = await asker.ask(slow);
  t.false(await inside(node, other.pid, (self) => self.cancelRequest(pending)));
  open();
  await waitFor('the answer', () => asker.responses.length === 2);
  for (const junk of [undefined, null, 7, {}]) {
    await t.throwsAsync(
      inside(node, asker.pid, (self) => self.cancelRequest(junk as never)),
      { code: 'incorrect', message: /^ref / },
    );
  }
});

test('an answer to a process that has ended goes nowhere', async (t) => {
  const node = await quietNode(t);
  const { pid, open } = await spawnGated(node);
  const before = node.info().slabEntries;
  const asker = await spawnAsker(node);
  await asker.ask(pid);
  node.kill(asker.pid);
  t.is(node.info().pendingCalls, 0);
  open();
  await node.call(pid, { type: 'fresh' });
  t.deepEqual(asker.responses, []);
  t.is(node.info().slabEntries, before);
});

test('responses wait by the priority of the process that asked, and requests by that of the request', async (t) => {
  const node = await quietNode(t);
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const server = await spawnScript(node, { handleCall: () => 'answer' });
  const asker = await spawnScript(
    node,
    {
      handleMessage: async (self, message: string) => {
        order.push(message);
        if (message !== 'first') return noreply;
        self.sendRequest(server, { type: 'x' });
        await gate.promise;
        return noreply;
      },
      handleResponse: () => (order.push('response'), noreply),
    },
    { priority: 'high' },
  );
  node.send(asker, 'first');
  node.send(asker, 'second');
  await waitFor('the answer', () => node.processInfo(asker).queues.system === 1);
  gate.resolve();
  await waitFor('all', () => order.length === 3);
  t.deepEqual(order, ['first', 'response', 'second']);

  const target = await spawnGated(node);
  const other = await spawnAsker(node);
  await other.ask(target.pid);
  await other.ask(target.pid, { priority: 'max' });
  t.deepEqual(node.processInfo(target.pid).queues, { urgent: 1, system: 0, main: 1, log: 0 });
  target.open();
});

test('a response without handleResponse is logged as lost', async (t) => {
  const node = await quietNode(t);
  const records = logOf(node);
  const server = await spawnScript(node, { handleCall: () => 'answer' });
  await spawnScript(node, { init: (self) => void self.sendRequest(server, { type: 'x' }) });
  await waitFor('the log', () => records.length === 1);
  t.regex(records[0]!.message, /handleResponse is not implemented/);
});

test('references are never the same twice', async (t) => {
  const node = await quietNode(t);
  const server = await spawnScript(node, { handleCall: () => 'answer' });
  const refs = new Set<string>();
  const asker = await spawnScript(node, {
    handleMessage: (self) => {
      for (let i = 0; i < 1000; i++) refs.add(self.sendRequest(server, { type: 'x' }));
      return noreply;
    },
    handleResponse: () => noreply,
  });
  for (let round = 0; round < 3; round++) node.send(asker, 'go');
  await waitFor('all', () => node.info().pendingCalls === 0 && refs.size >= 3000);
  t.is(refs.size, 3000);
});
