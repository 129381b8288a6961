import test from 'ava';
import { type Caller, processId, processName, type TergoError } from 'tergo';
import { virtualClock } from 'tergo/testing';
import { Control } from '../../ts/far/control.ts';
import { FRAME_MESSAGE, KIND_FAR, KIND_REQUEST } from '../../ts/native/layout.ts';
import { waitFor } from '../support/wait-for.ts';
import { fresh, type Handle, puppet } from '../threads/stage.ts';
import {
  closeSharedPair,
  networkNode,
  pair,
  part,
  receivers,
  sharedPair,
  showWay,
} from './cluster.ts';
import { hostileCaller } from './hostile-caller.ts';
import { Forged, Hostile } from './hostile.ts';

test.after.always(closeSharedPair);

/** A call that waits for its answer: how it ends, and the right to answer it. */
async function openCall(
  from: Handle,
  to: Handle,
  timeoutMs = 60_000,
): Promise<{ readonly asked: Promise<unknown>; readonly caller: Caller<unknown> }> {
  await to.do('forgetCallers');
  const asked = from.do('callAndTell', to.pid, { type: 'keep' }, timeoutMs);
  return { asked, caller: await waitFor('the call', () => to.do<Caller<unknown>>('keptCaller')) };
}

for (const { title, thread } of receivers) {
  test(`an important answer resolves when the caller has it, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const from = await puppet(a, 0);
    const to = await puppet(b, thread);
    const { asked, caller } = await openCall(from, to);
    await to.do('sendResponseImportant', caller, { at: 'last' });
    t.deepEqual(await asked, ['answered', { at: 'last' }]);
    await t.throwsAsync(to.do('sendResponseImportant', caller, 'twice'), {
      code: 'response-ignored',
    });
  });

  test(`an important refusal is confirmed as well, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const from = await puppet(a, 0);
    const to = await puppet(b, thread);
    const { asked, caller } = await openCall(from, to);
    await to.do('sendResponseErrorImportant', caller, new RangeError('not today'));
    const [how, error] = (await asked) as [string, Error];
    t.is(how, 'rejected');
    t.true(error instanceof RangeError);
    t.is(error.message, 'not today');
  });

  test(`an important answer to a caller that has ended says so, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const from = await puppet(a, 0);
    const to = await puppet(b, thread);
    const { asked, caller } = await openCall(from, to);
    asked.catch(() => undefined);
    a.kill(from.pid);
    await t.throwsAsync(to.do('sendResponseImportant', caller, 'late'), {
      code: 'process-unknown',
    });
  });

  test(`an important answer by somebody who got the Caller is confirmed, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const from = await puppet(a, 0);
    const to = await puppet(b, thread);
    for (const helper of [await puppet(a, 0), await puppet(b, 0), await puppet(b, 1)]) {
      const { asked, caller } = await openCall(from, to);
      await helper.do('sendResponseImportant', caller, 'from elsewhere');
      t.deepEqual(await asked, ['answered', 'from elsewhere']);
      await t.throwsAsync(helper.do('sendResponseImportant', caller, 'twice'), {
        code: 'response-ignored',
      });
    }
  });

  test(`an important answer to a call that was handed on is confirmed, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const from = await puppet(a, 0);
    const to = await puppet(b, thread);
    for (const last of [await puppet(a, 0), await puppet(b, 0), await puppet(b, 1)]) {
      const request = { type: 'pass on', to: last.pid, isKept: true };
      const asked = from.do('callAndTell', to.pid, request, 60_000);
      const caller = await waitFor('the call', () => last.do('keptCaller'));
      await last.do('sendResponseImportant', caller, 'from the last one');
      t.deepEqual(await asked, ['answered', 'from the last one']);
    }
  });

  test(`an important answer that cannot travel rejects on both sides, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const from = await puppet(a, 0);
    const to = await puppet(b, thread);
    const { asked } = await openCall(from, to);
    await t.throwsAsync(to.do('answerOddly'), { code: 'unencodable' });
    const [how, error] = (await asked) as [string, TergoError];
    t.deepEqual([how, error.code], ['rejected', 'unencodable']);
  });
}

test('an important call rejects at once with why it was not placed', async (t) => {
  const { a, b } = await sharedPair();
  const from = await puppet(a, 0);
  const call = (target: unknown): Promise<unknown> =>
    from.do('call', target, { type: 'echo' }, { important: true, timeoutMs: 60_000 });
  for (const { thread } of receivers) {
    const to = await puppet(b, thread, { mailboxSize: 1 });
    const alias = await to.do('createAlias');
    t.deepEqual(await call(alias), { type: 'echo' });
    const gate = await to.shut();
    await from.do('flood', to.pid, 1);
    await t.throwsAsync(call(to.pid), { code: 'process-mailbox-full' });
    await gate.open();
    b.kill(to.pid);
    await to.gone();
    const error = await t.throwsAsync<TergoError>(call(to.pid));
    t.true(['process-unknown', 'process-terminated'].includes(error?.code ?? ''), error?.code);
    const nobody = processId(processName(fresh('nobody')), 'b@localhost');
    await t.throwsAsync(call(nobody), { code: 'process-unknown' });
  }
});

test('an important answer that nobody confirms rejects in time, or with the loss of the node', async (t) => {
  const clock = virtualClock();
  const node = await networkNode('callee@localhost', {}, { clock });
  const peer = await Hostile.connect(node, 'caller@localhost');
  t.teardown(() => node.stopForce());
  const to = await puppet(node, 0);
  const { slot: first, generation: second } = to.pid as unknown as {
    readonly slot: number;
    readonly generation: number;
  };
  const keep = async (number: number): Promise<Caller<unknown>> => {
    const head = { op: FRAME_MESSAGE, kind: KIND_REQUEST, first, second } as const;
    peer.say({ ...head, prefix: [number, 0], value: { type: 'keep' } });
    const caller = await waitFor('the call', () => to.do<Caller<unknown>>('keptCaller'));
    await to.do('forgetCallers');
    return caller;
  };
  const late = to.do('sendResponseImportant', await keep(1), 'x');
  const refused = t.throwsAsync(late, { code: 'timeout' });
  await clock.advance(5000);
  await refused;
  const caller = await keep(2);
  const lost = to.do('sendResponseImportant', caller, 'x');
  const ended = t.throwsAsync(lost, { code: 'no-connection' });
  await peer.close();
  await ended;
});

test('why nobody waits for an important answer is told in time, also if the node of the caller says nothing', async (t) => {
  const clock = virtualClock();
  const { peer, to, place } = await hostileCaller(t, { clock });
  const message = { op: FRAME_MESSAGE, ...place } as const;
  peer.say({ ...message, kind: KIND_REQUEST, prefix: [1, 0], value: { type: 'keep' } });
  const caller = await waitFor('the call', () => to.do<Caller<unknown>>('keptCaller'));
  peer.say({ first: Control.cancel, second: 1 });
  peer.say({ ...message, kind: KIND_FAR, value: 'given up' });
  await to.messages(1);
  const told = to.do('sendResponseImportant', caller, 'late');
  const ignored = t.throwsAsync(told, { code: 'response-ignored' });
  await clock.advance(5000);
  await ignored;
});

test('an important message to an alias rejects in time when its node says nothing of it', async (t) => {
  const clock = virtualClock();
  const { node, peer, to, place } = await hostileCaller(t, { clock });
  const value = new Forged(2, ['an alias', new Forged(1, [0, 1, 1, 5]), 0, 0, 0]);
  peer.say({ op: FRAME_MESSAGE, ...place, kind: KIND_FAR, value });
  const [alias] = await to.messages(1);
  const sent = (): number => node.network.info().nodes[0]!.messagesOut;
  const before = sent();
  const told = to.do('sendImportant', alias, 'x');
  const unplaced = t.throwsAsync(told, { code: 'timeout' });
  await waitFor('the message', () => sent() > before);
  await clock.advance(5000);
  await unplaced;
});

test('an important answer rejects when the node of the caller is lost', async (t) => {
  const nodes = await pair(t);
  const { a, b } = nodes;
  const from = await puppet(a, 0);
  const to = await puppet(b, 1);
  const { asked, caller } = await openCall(from, to);
  await part(nodes);
  t.like(await asked, ['rejected', { code: 'no-connection' }]);
  await t.throwsAsync(to.do('sendResponseImportant', caller, 'late'), { code: 'no-connection' });
});

test('important messages, calls and answers are refused where one side cannot confirm them', async (t) => {
  const { a, b } = await pair(t, { flags: { importantDelivery: false } });
  const from = await puppet(a, 0);
  const to = await puppet(b, 1);
  const expected = { code: 'unsupported', message: /importantDelivery/ };
  const alias = await to.do('createAlias');
  const call = (target: unknown): Promise<unknown> =>
    from.do('call', target, { type: 'echo' }, { important: true });
  // Not connected yet, and then connected.
  for (const target of [to.pid, to.pid, alias]) {
    await t.throwsAsync(from.do('sendImportant', target, 'x'), expected);
    await t.throwsAsync(call(target), expected);
  }
  t.is(await from.do('send', to.pid, 'plain'), 'ok');
  t.deepEqual(await from.do('call', to.pid, { type: 'echo' }), { type: 'echo' });
  const { asked, caller } = await openCall(from, to);
  await t.throwsAsync(to.do('sendResponseImportant', caller, 'x'), expected);
  t.is(await to.do('sendResponse', caller, 'still open'), 'ok');
  t.deepEqual(await asked, ['answered', 'still open']);
  t.deepEqual(await to.messages(1), ['plain']);

  const always = await puppet(a, 0, { important: true });
  t.is(await always.do('send', to.pid, 'x'), 'unsupported');
  t.like(await always.do('inspect', to.pid, 'one'), { items: 'one' });
  for (const [who, options] of [
    [from, { important: true }],
    [always, {}],
  ] as const)
    await t.throwsAsync(who.do('sendRequest', to.pid, { type: 'echo' }, options), expected);
  await t.throwsAsync(always.do('call', to.pid, { type: 'echo' }), expected);
  t.deepEqual(await always.do('call', to.pid, { type: 'echo' }, { important: false }), {
    type: 'echo',
  });
});

test('an important answer on the way back through a third node reaches a caller that cannot confirm it', async (t) => {
  const a = await networkNode('plain@localhost', { flags: { importantDelivery: false } });
  const middle = await networkNode('middle@localhost');
  const end = await networkNode('end@localhost');
  t.teardown(async () => {
    await a.stopForce();
    await middle.stopForce();
    await end.stopForce();
  });
  showWay(a, middle);
  showWay(middle, end);
  const from = await puppet(a, 0);
  const to = await puppet(middle, 0);
  const last = await puppet(end, 0);
  for (const [answer, told] of [
    ['sendResponseImportant', ['answered', 'the answer']],
    ['sendResponseErrorImportant', ['rejected', { message: 'the answer' }]],
  ] as const) {
    await last.do('forgetCallers');
    const request = { type: 'pass on', to: last.pid, isKept: true };
    const asked = from.do('callAndTell', to.pid, request, 60_000);
    const caller = await waitFor('the call', () => last.do('keptCaller'));
    const value = answer === 'sendResponseImportant' ? 'the answer' : new RangeError('the answer');
    await t.throwsAsync(last.do(answer, caller, value), { code: 'unsupported' });
    t.like(await asked, told);
  }
});

test('an important call to an alias that is gone rejects while its process is busy', async (t) => {
  const { a, b } = await sharedPair();
  const from = await puppet(a, 0);
  const to = await puppet(b, 1);
  const [stands, gone] = [await to.do('createAlias'), await to.do('createAlias')];
  await to.do('deleteAlias', gone);
  const gate = await to.shut();
  const answered = from.do('call', stands, { type: 'echo' }, { important: true });
  const other = await puppet(a, 0);
  await t.throwsAsync(other.do('call', gone, { type: 'echo' }, { important: true }), {
    code: 'alias-unknown',
  });
  await gate.open();
  t.deepEqual(await answered, { type: 'echo' });
});
