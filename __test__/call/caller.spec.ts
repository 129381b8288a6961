import test from 'ava';
import { noreply, type Caller, type Node, type Pid, type SendResult } from 'tergo';
import { clerkOn, type Clerk } from '../support/clerk-places.ts';
import { inside, spawnScript, type Self } from '../support/improvise.ts';
import {
  closeShared,
  infoOf,
  isReason,
  places,
  settled,
  sharedPlace,
  witnessGone,
  witnessOn,
} from '../support/places.ts';
import { quietNode, type Handle } from '../support/witness.ts';
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

const respond = ({ clerk, caller }: { clerk: Clerk; caller: Caller<unknown> }): Promise<void> =>
  clerk.do('sendResponseImportant', caller, 'late');

test.after.always(closeShared);

for (const place of places) {
  /** A clerk that keeps who has called it from elsewhere. */
  const keeping = async (
    node: Node,
  ): Promise<{
    clerk: Clerk;
    asking: Handle;
    answer: Promise<unknown>;
    caller: Caller<unknown>;
  }> => {
    const clerk = await clerkOn(node, place.other);
    const asking = await witnessOn(node, place.self);
    const answer = asking.run((self) => self.call(clerk.pid, { type: 'keep' }));
    answer.catch(() => undefined);
    return { clerk, asking, answer, caller: await keptBy(clerk) };
  };

  test(`a process answers later, and goes on with other messages meanwhile${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const { clerk, asking, answer, caller } = await keeping(node);
    t.is(caller.pid, asking.pid as Pid<unknown>);
    t.is(await node.call(clerk.pid, { type: 'bare', value: 'not blocked' }), 'not blocked');
    t.is((await infoOf(node, asking.pid)).pendingCalls, 1);
    t.is(await clerk.do('sendResponse', caller, 'later'), 'ok');
    t.is(await answer, 'later');
    t.is((await infoOf(node, asking.pid)).pendingCalls, 0);
  });

  test(`any process that holds the caller may answer, as plain data it may be sent on${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    for (const thread of new Set([place.self, place.other])) {
      const { answer, caller } = await keeping(node);
      const other = await witnessOn(node, thread);
      const copy = { pid: caller.pid, ref: caller.ref };
      t.is(await other.run((self) => self.sendResponse(copy, 'from another')), 'ok');
      t.is(await answer, 'from another');
    }
  });

  test(`a caller is used once: the second answer is ignored, and says so${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const { clerk, answer, caller } = await keeping(node);
    t.is(await clerk.do('sendResponse', caller, 'first'), 'ok');
    t.is(await answer, 'first');
    await settled(node);
    t.is(await clerk.do('sendResponse', caller, 'second'), 'response-ignored');
    const third = new Error('third');
    t.is(await clerk.do('sendResponseError', caller, third), 'response-ignored');
  });

  test(`sendResponseError rejects the caller with that very error, and nobody ends${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const { clerk, answer, caller } = await keeping(node);
    const error = new Error('on purpose');
    t.is(await clerk.do('sendResponseError', caller, error), 'ok');
    isReason(t, place, await t.throwsAsync(answer), error);
    t.is((await infoOf(node, clerk.pid)).state, 'sleep');
  });

  test(`an important answer tells that its caller has ended, has timed out, or has aborted${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const orphaned = await keeping(node);
    node.kill(orphaned.asking.pid);
    await witnessGone(node, orphaned.asking);
    await settled(node);
    await t.throwsAsync(respond(orphaned), { code: 'process-unknown' });

    const asking = await witnessOn(node, place.self);
    const clerk = await clerkOn(node, place.other);
    // On a busy machine it may have timed out before it was taken, and then it is not.
    const caller = await waitFor('a request that is taken', async () => {
      const late = asking.run((self) => self.call(clerk.pid, { type: 'keep' }, { timeoutMs: 500 }));
      await t.throwsAsync(late, { code: 'timeout' });
      await settled(node);
      return (await clerk.do<Caller<unknown>[]>('keptCallers'))[0];
    });
    await t.throwsAsync(respond({ clerk, caller }), { code: 'timeout' });

    const fickle = await witnessOn(node, place.self);
    const other = await clerkOn(node, place.other);
    await fickle.run((self) => self.begin(other.pid, { type: 'keep' }));
    const aborted = { clerk: other, caller: await keptBy(other) };
    await fickle.run((self) => self.abort());
    await settled(node);
    await t.throwsAsync(respond(aborted), { code: 'response-ignored' });
  });
}

async function keptBy(clerk: Clerk): Promise<Caller<unknown>> {
  return await waitFor(
    'the caller',
    async () => (await clerk.do<Caller<unknown>[]>('keptCallers'))[0],
  );
}

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
