import test from 'ava';
import { noreply, type Caller, type Node, type Pid, type SendResult } from 'tergo';
import { inside, spawnPuppet, spawnScript, type Self } from '../support/improvise.ts';
import { quietNode } from '../support/witness.ts';
import { waitFor } from '../support/wait-for.ts';

interface Body {
  readonly type: string;
}

interface Holder {
  readonly pid: Pid<unknown>;
  readonly callers: Caller<unknown>[];
}

/** A process that takes the caller of each request and answers none; messages are tasks for it. */
async function spawnHolder(node: Node): Promise<Holder> {
  const callers: Caller<unknown>[] = [];
  const pid = await spawnScript(node, {
    handleCall: (self, request: Body) => (callers.push(self.callerOf(request)), noreply),
    handleMessage: (self, task: (self: Self) => unknown) => task(self),
  });
  return { pid, callers };
}

/** Calls a holder; resolves when it has the caller. */
async function callHeld(
  node: Node,
  { pid, callers }: Holder,
): Promise<{ answer: Promise<unknown>; caller: Caller<unknown> }> {
  const answer = node.call(pid, { type: 'x' });
  answer.catch(() => undefined);
  const caller = await waitFor('the caller', () => callers.pop());
  return { answer, caller };
}

test('a process answers later, and goes on with other messages meanwhile', async (t) => {
  const node = await quietNode(t);
  const holder = await spawnHolder(node);
  const { answer, caller } = await callHeld(node, holder);
  t.true(caller.pid === node.pid);
  t.is(await inside(node, holder.pid, () => 'not blocked'), 'not blocked');
  t.is(node.info().pendingCalls, 1);
  t.is(await inside(node, holder.pid, (self) => self.sendResponse(caller, 'later')), 'ok');
  t.is(await answer, 'later');
  t.is(node.info().pendingCalls, 0);
});

test('any process that holds the caller may answer, as plain data it may be sent on', async (t) => {
  const node = await quietNode(t);
  const holder = await spawnHolder(node);
  const other = await spawnPuppet(node);
  const { answer, caller } = await callHeld(node, holder);
  const copy = { pid: caller.pid, ref: caller.ref };
  t.is(await inside(node, other, (self) => self.sendResponse(copy, 'from another')), 'ok');
  t.is(await answer, 'from another');
});

test('a caller is used once: the second answer is ignored, and says so', async (t) => {
  const node = await quietNode(t);
  const holder = await spawnHolder(node);
  const { answer, caller } = await callHeld(node, holder);
  const results = await inside(node, holder.pid, (self) => [
    self.sendResponse(caller, 'first'),
    self.sendResponse(caller, 'second'),
    self.sendResponseError(caller, new Error('third')),
  ]);
  t.deepEqual(results, ['ok', 'response-ignored', 'response-ignored']);
  t.is(await answer, 'first');
});

test('sendResponseError rejects the caller with that very error, and nobody ends', async (t) => {
  const node = await quietNode(t);
  const holder = await spawnHolder(node);
  const error = new Error('on purpose');
  const { answer, caller } = await callHeld(node, holder);
  t.is(await inside(node, holder.pid, (self) => self.sendResponseError(caller, error)), 'ok');
  t.is(await t.throwsAsync(answer), error);
  t.is(node.processState(holder.pid), 'sleep');
});

test('a response that is a promise answers when that settles', async (t) => {
  const node = await quietNode(t);
  const holder = await spawnHolder(node);
  const first = await callHeld(node, holder);
  const second = await callHeld(node, holder);
  const error = new Error('on purpose');
  await inside(node, holder.pid, (self) => {
    self.sendResponse(first.caller, Promise.resolve('value'));
    self.sendResponse(second.caller, Promise.reject(error));
  });
  t.is(await first.answer, 'value');
  t.is(await t.throwsAsync(second.answer), error);
});

test('a process answers within the same callback, before it returns noreply', async (t) => {
  const node = await quietNode(t);
  const results: SendResult[] = [];
  const server = await spawnScript(node, {
    handleCall: (self, request: Body) => {
      results.push(self.sendResponse(self.callerOf(request), 'early'));
      return noreply;
    },
  });
  t.is(await node.call(server, { type: 'x' }), 'early');
  t.deepEqual(results, ['ok']);
});

test('what handleCall returns after it has answered by the caller is ignored', async (t) => {
  const node = await quietNode(t);
  const server = await spawnScript(node, {
    handleCall: async (self, request: Body) => {
      self.sendResponse(self.callerOf(request), 'early');
      await Promise.resolve();
      return 'late';
    },
  });
  t.is(await node.call(server, { type: 'x' }), 'early');
  t.is(await node.call(server, { type: 'x' }), 'early');
});

test('callerOf twice gives the same right, and works after an await as well', async (t) => {
  const node = await quietNode(t);
  const refs: string[] = [];
  const server = await spawnScript(node, {
    handleCall: async (self, request: Body) => {
      refs.push(self.callerOf(request).ref);
      await self.inspect(self.parent).catch(() => undefined);
      const caller = self.callerOf(request);
      refs.push(caller.ref);
      self.sendResponse(caller, 'answer');
      return noreply;
    },
  });
  t.is(await node.call(server, { type: 'x' }), 'answer');
  t.is(refs[0], refs[1]);
  t.is(await node.call(server, { type: 'x' }), 'answer');
  t.not(refs[0], refs[2]);
});

test('callerOf refuses what is not the request in hand', async (t) => {
  const node = await quietNode(t);
  const refused = {
    code: 'incorrect',
    message: /^request must be the request of the call in hand/,
  };
  let former: Body | undefined;
  const server = await spawnScript(node, {
    handleMessage: (self, message) => {
      t.throws(() => self.callerOf(message), refused);
      return noreply;
    },
    handleCall: (self, request: Body) => {
      t.throws(() => self.callerOf({ ...request }), refused);
      t.throws(() => self.callerOf(undefined), refused);
      if (former !== undefined) t.throws(() => self.callerOf(former), refused);
      former = request;
      return 'answer';
    },
  });
  node.send(server, { type: 'no request' });
  t.is(await node.call(server, { type: 'x' }), 'answer');
  t.is(await node.call(server, { type: 'x' }), 'answer');
});

test('a response to what is no caller, and an error that is none, are refused by name', async (t) => {
  const node = await quietNode(t);
  const holder = await spawnHolder(node);
  const { answer, caller } = await callHeld(node, holder);
  const refusals: Promise<unknown>[] = [];
  await inside(node, holder.pid, (self) => {
    for (const junk of [undefined, null, 7, 'ref', {}, { ref: 7 }]) {
      const refused = { code: 'incorrect', message: /^caller must be what callerOf gave/ };
      t.throws(() => self.sendResponse(junk as never, 1 as never), refused);
      t.throws(() => self.sendResponseError(junk as never, new Error('x')), refused);
      refusals.push(t.throwsAsync(self.sendResponseImportant(junk as never, 1 as never), refused));
    }
    const nobody = { pid: 'pid', ref: caller.ref } as never;
    refusals.push(t.throwsAsync(self.sendResponseImportant(nobody, 1), { code: 'incorrect' }));
    for (const junk of [undefined, null, 'text', {}]) {
      const refused = { code: 'incorrect', message: /^error must be an Error/ };
      t.throws(() => self.sendResponseError(caller, junk as never), refused);
      refusals.push(t.throwsAsync(self.sendResponseErrorImportant(caller, junk as never), refused));
    }
    self.sendResponse(caller, 'still open');
  });
  await Promise.all(refusals);
  t.is(await answer, 'still open');
  const unknown = { pid: caller.pid, ref: 'Ref#<0.0.0>' };
  t.is(
    await inside(node, holder.pid, (self) => self.sendResponse(unknown, 1 as never)),
    'response-ignored',
  );
});

test('an important answer resolves when its caller has it, and rejects when nobody waits', async (t) => {
  const node = await quietNode(t);
  const holder = await spawnHolder(node);
  const error = new Error('on purpose');
  const respond = async (caller: Caller<unknown>, value: unknown): Promise<void> =>
    await inside(node, holder.pid, (self) => self.sendResponseImportant(caller, value));
  for (const value of [1, Promise.resolve(1)]) {
    const { answer, caller } = await callHeld(node, holder);
    await respond(caller, value);
    t.is(await answer, 1);
    await t.throwsAsync(respond(caller, 2), { code: 'response-ignored' });
  }
  for (const refuse of [
    (caller: Caller<unknown>) => respond(caller, Promise.reject(error)),
    (caller: Caller<unknown>) =>
      inside(node, holder.pid, (self) => self.sendResponseErrorImportant(caller, error)),
  ]) {
    const { answer, caller } = await callHeld(node, holder);
    await refuse(caller);
    t.is(await t.throwsAsync(answer), error);
  }
});

test('an important answer tells that its caller has ended, has timed out, or has aborted', async (t) => {
  const node = await quietNode(t);
  const holder = await spawnHolder(node);
  const respond = async (caller: Caller<unknown>): Promise<void> =>
    await inside(node, holder.pid, (self) => self.sendResponseImportant(caller, 'late'));
  const mortal = await spawnPuppet(node);
  inside(node, mortal, (self) => self.call(holder.pid as Pid<unknown>, { type: 'x' })).catch(
    () => undefined,
  );
  const orphaned = await waitFor('the caller', () => holder.callers.pop());
  node.kill(mortal);
  await t.throwsAsync(respond(orphaned), { code: 'process-unknown' });

  const late = node.call(holder.pid, { type: 'x' }, { timeoutMs: 50 });
  await t.throwsAsync(late, { code: 'timeout' });
  await t.throwsAsync(respond(holder.callers.pop()!), { code: 'timeout' });

  const controller = new AbortController();
  const aborted = node.call(holder.pid, { type: 'x' }, { signal: controller.signal });
  const caller = await waitFor('the caller', () => holder.callers.pop());
  controller.abort();
  await t.throwsAsync(aborted, { code: 'aborted' });
  await t.throwsAsync(respond(caller), { code: 'response-ignored' });
});

test('a process that has ended answers no more', async (t) => {
  const node = await quietNode(t);
  const holder = await spawnHolder(node);
  const { answer, caller } = await callHeld(node, holder);
  const ended = Promise.withResolvers<SendResult[]>();
  const other = await spawnScript(node, {
    handleMessage: async (self) => {
      await new Promise((resolve) => self.signal.addEventListener('abort', resolve));
      await Promise.resolve();
      const results = [
        self.sendResponse(caller, 'from the dead'),
        self.sendResponseError(caller, new Error('from the dead')),
      ];
      const refused = { code: 'not-allowed', message: /cannot answer/ };
      await t.throwsAsync(self.sendResponseImportant(caller, 'from the dead'), refused);
      ended.resolve(results);
      return noreply;
    },
  });
  node.send(other, 1);
  await waitFor('the callback', () => node.processState(other) === 'running');
  node.kill(other);
  t.deepEqual(await ended.promise, ['not-allowed', 'not-allowed']);
  await inside(node, holder.pid, (self) => self.sendResponse(caller, 'from the living'));
  t.is(await answer, 'from the living');
});

test('the reference of a call cannot be guessed from that of another one', async (t) => {
  const node = await quietNode(t);
  const holder = await spawnHolder(node);
  const secrets = new Set<string>();
  const answers: Promise<unknown>[] = [];
  for (let calls = 0; calls < 300; calls++) {
    const { answer, caller } = await callHeld(node, holder);
    const [, , secret = ''] = caller.ref.split('.');
    t.regex(secret, /^[0-9]+-[0-9]+$/);
    secrets.add(secret);
    await inside(node, holder.pid, (self) => self.sendResponse(caller, 1 as never));
    answers.push(answer);
  }
  t.is(secrets.size, 300);
  t.is((await Promise.all(answers)).length, 300);
});
