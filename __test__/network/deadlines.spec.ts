import test from 'ava';
import type { Caller, TergoError } from 'tergo';
import { virtualClock } from 'tergo/testing';
import {
  FORMAT_INT_REQUEST,
  FRAME_MESSAGE,
  KIND_FAR,
  KIND_REQUEST,
} from '../../ts/native/layout.ts';
import { waitFor } from '../support/wait-for.ts';
import { KEPT_NUMBER } from '../threads/puppet.ts';
import { type Handle, puppet } from '../threads/stage.ts';
import { closeSharedPair, networkNode, pair, receivers, sharedPair, showWay } from './cluster.ts';
import { hostileCaller } from './hostile-caller.ts';

test.after.always(closeSharedPair);

/** As a request tells that its call has so many ms left; above the bit of its form. */
function left(ms: number): number {
  return (ms << 1) >>> 0;
}

function bytesOf(number: number): Uint8Array {
  return new Uint8Array(Int32Array.of(number).buffer);
}

test('a request whose time is over when its process could take it is not handled, also if no word of that has come', async (t) => {
  const { node, peer, to, place } = await hostileCaller(t);
  const [gate, witness] = [await puppet(node, 0), await puppet(node, 0)];
  const kind = KIND_REQUEST;
  node.send(to.pid, { type: 'wait for', whom: gate.pid } as never);
  await waitFor('the process to wait', () => gate.do<unknown>('keptCaller'));
  const times = [left(1), left(60_000), left(2 ** 31 - 1), 0];
  for (const [index, time] of times.entries()) {
    const value = { type: 'keep', number: index + 1 };
    peer.say({ op: FRAME_MESSAGE, kind, ...place, prefix: [index + 1, time], value });
    const number = { format: FORMAT_INT_REQUEST, bytes: bytesOf(index + 11) };
    peer.say({ op: FRAME_MESSAGE, kind, ...place, prefix: [index + 11, time], ...number });
  }
  const { slot, generation } = witness.pid as unknown as Record<'slot' | 'generation', number>;
  peer.say({ op: FRAME_MESSAGE, kind: KIND_FAR, first: slot, second: generation, value: 'came' });
  await witness.messages(1);
  await witness.do('later', witness.pid, 'it is over', 20);
  await witness.messages(2);
  await gate.do('answerKept', 'go on');
  node.send(to.pid, 'all have been taken' as never);
  await to.messages(1);
  t.deepEqual(await to.do('keptNumbers'), [2, 12, 3, 13, 4, 14]);
  t.true(peer.isConnected);
});

test.serial(
  'calls are taken also when one clock has stood still, as that of Rust does while a Mac sleeps',
  async (t) => {
    const now = performance.now.bind(performance);
    t.teardown(() => void (performance.now = now));
    const { a, b } = await pair(t);
    const to = await puppet(b, 0);
    const ask = (): Promise<unknown> => a.call(to.pid, 'awake?' as never);
    t.is(await ask(), 'awake?');
    performance.now = () => now() + 3_600_000;
    t.is(await ask(), 'awake?');
    t.is(await ask(), 'awake?');
  },
);

/** Resolves when who answers a call that has timed out is told so, which the call must have said. */
async function isToldToBeLate(
  from: Handle,
  to: Handle,
  request: unknown,
  keeper: Handle = to,
): Promise<void> {
  await keeper.do('forgetCallers');
  const asked = from.do('callAndTell', to.pid, request, 300);
  const taken = waitFor('the call', () => keeper.do<Caller<unknown>>('keptCaller'), 1000);
  // On a busy machine it may have timed out before it was taken, and then it is not.
  const caller = await taken.catch(() => undefined);
  const [, { code }] = (await asked) as [string, TergoError];
  if (code !== 'timeout') throw new Error(`the call did not time out: ${code}`);
  if (caller === undefined) return isToldToBeLate(from, to, request, keeper);
  // There it is over a little later, by the time on the way.
  await waitFor('the word that it has timed out', () =>
    keeper.do('sendResponseImportant', caller, 'late').then(
      () => false,
      (error: TergoError) => error.code === 'timeout',
    ),
  );
}

for (const { title, thread } of receivers) {
  test(`who answers a call that has timed out elsewhere is told so, from the first call on, ${title}`, async (t) => {
    const { a, b } = await pair(t);
    const [from, to] = [await puppet(a, 0), await puppet(b, thread)];
    await t.notThrowsAsync(isToldToBeLate(from, to, { type: 'keep' }));
    await t.notThrowsAsync(isToldToBeLate(from, to, KEPT_NUMBER));
  });

  test(`the time of a call that is handed on goes with it, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const [from, via] = [await puppet(a, 0), await puppet(b, thread)];
    for (const keeper of [await puppet(b, 0), await puppet(b, 1), await puppet(a, 0)]) {
      const request = { type: 'pass on', to: keeper.pid, isKept: true };
      await t.notThrowsAsync(isToldToBeLate(from, via, request, keeper));
    }
  });
}

test('a call that has not told its time is handed on without one', async (t) => {
  const { b } = await pair(t);
  const [by, to] = [await puppet(b, 0), await puppet(b, 1)];
  const giveUp = new AbortController();
  // A node whose clock is moved by hand does not tell it.
  const a = await networkNode('caller@localhost', {}, { clock: virtualClock() });
  t.teardown(() => a.stopForce());
  showWay(a, b);
  const request = { type: 'pass on', to: to.pid, isKnown: true, isKept: true } as never;
  const aborted = t.throwsAsync(a.call(by.pid, request, { signal: giveUp.signal }), {
    code: 'aborted',
  });
  const kept = await waitFor('the call', () => to.do<Caller<unknown>>('keptCaller'));
  giveUp.abort();
  await aborted;
  // A reference ends with the deadline.
  t.regex(kept.ref, /\.-1>$/);
});

test('of a call that has not told its time nobody says that it has timed out', async (t) => {
  const clock = virtualClock();
  const caller = await networkNode('caller@localhost');
  const callee = await networkNode('callee@localhost', {}, { clock });
  t.teardown(async () => {
    await caller.stopForce();
    await callee.stopForce();
  });
  showWay(caller, callee);
  const to = await puppet(callee, 0);
  const giveUp = new AbortController();
  const options = { timeoutMs: 60_000, signal: giveUp.signal };
  const aborted = t.throwsAsync(caller.call(to.pid, { type: 'keep' } as never, options), {
    code: 'aborted',
  });
  const kept = await waitFor('the call', () => to.do<Caller<unknown>>('keptCaller'));
  await clock.advance(100_000);
  giveUp.abort();
  await aborted;
  caller.send(to.pid, 'given up');
  await to.messages(1);
  await t.throwsAsync(to.do('sendResponseImportant', kept, 'late'), { code: 'response-ignored' });
});
