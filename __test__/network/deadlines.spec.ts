import test from 'ava';
import type { Caller, TergoError } from 'tergo';
import { virtualClock } from 'tergo/testing';
import { FRAME_MESSAGE, KIND_FAR, KIND_REQUEST } from '../../ts/native/layout.ts';
import { waitFor } from '../support/wait-for.ts';
import { puppet } from '../threads/stage.ts';
import { closeSharedPair, networkNode, pair, receivers, sharedPair, showWay } from './cluster.ts';
import { hostileCaller } from './hostile-caller.ts';

test.after.always(closeSharedPair);

/** As a request tells that its call is over so many ms from now, by the clock of this machine; above the bit of its form. */
function told(aheadMs: number): number {
  const now = Number(process.hrtime.bigint() / 1_000_000n);
  return (((now + aheadMs) % 2 ** 31) << 1) >>> 0;
}

test('a request that arrives after its time is over is not handled, also if no word of that has come', async (t) => {
  const { peer, to, place } = await hostileCaller(t);
  const ask = (number: number, deadline: number): void =>
    peer.say({
      ...{ op: FRAME_MESSAGE, kind: KIND_REQUEST, ...place },
      ...{ prefix: [number, deadline], value: { type: 'keep', number } },
    });
  // Over, over for long, far away, not told.
  for (const [index, deadline] of [told(-1000), told(-1e8), told(60_000), 0].entries())
    ask(index + 1, deadline);
  peer.say({ op: FRAME_MESSAGE, kind: KIND_FAR, ...place, value: 'all have come' });
  t.deepEqual(await to.messages(1), ['all have come']);
  t.deepEqual(await to.do('keptNumbers'), [3, 4]);
  t.true(peer.isConnected);
});

for (const { title, thread } of receivers) {
  test(`who answers a call that has timed out elsewhere is told so, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const from = await puppet(a, 0);
    const to = await puppet(b, thread);
    // Only once the clocks have been compared.
    await waitFor(
      'the reason',
      async () => {
        await to.do('forgetCallers');
        const asked = from.do('call', to.pid, { type: 'keep' }, { timeoutMs: 100 });
        const late = t.throwsAsync(asked, { code: 'timeout' });
        const taken = waitFor('the call', () => to.do<Caller<unknown>>('keptCaller'), 1000);
        // On a busy machine it may have timed out before it was taken, and then it is not.
        const caller = await taken.catch(() => undefined);
        await late;
        if (caller === undefined) return false;
        const told = to.do('sendResponseImportant', caller, 'late');
        const error = await t.throwsAsync<TergoError>(told);
        return error?.code === 'timeout';
      },
      30_000,
    );
  });
}

test('a call that has not told its time is handed on without one', async (t) => {
  const { a, b } = await pair(t);
  await a.network.connect('b@localhost');
  const [by, to] = [await puppet(b, 0), await puppet(b, 1)];
  const giveUp = new AbortController();
  // The first one: the clocks are compared only now.
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
  await clock.advance(10_000);
  giveUp.abort();
  await aborted;
  caller.send(to.pid, 'given up');
  await to.messages(1);
  await t.throwsAsync(to.do('sendResponseImportant', kept, 'late'), { code: 'response-ignored' });
});
