import test from 'ava';
import { reply } from 'tergo';
import { clerkOn, gatedOn } from '../support/clerk-places.ts';
import { spawnGated, spawnScript } from '../support/improvise.ts';
import { closeShared, infoOf, places, settled, sharedPlace, witnessOn } from '../support/places.ts';
import { quietNode } from '../support/witness.ts';
import { turn, waitFor } from '../support/wait-for.ts';

test.after.always(closeShared);

for (const place of places) {
  test(`a request that timed out before it was taken is dropped: its handler is never called${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const { pid, taken, open } = await gatedOn(node, place.other);
    const caller = await witnessOn(node, place.self);
    const ask = (request: object, timeoutMs: number): Promise<unknown> =>
      caller.run((self) => self.call(pid, request as never, { timeoutMs }));
    await t.throwsAsync(ask({ type: 'stale' }, 1), {
      code: 'timeout',
      message: /> did not answer within 1 ms, the timeout of the call$/,
    });
    open();
    t.deepEqual(await ask({ type: 'fresh' }, 5000), { type: 'fresh' });
    t.deepEqual(await taken(), [{ type: 'fresh' }]);
  });

  test(`an answer that comes too late is ignored, and sendResponse says so${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const clerk = await clerkOn(node, place.other);
    const caller = await witnessOn(node, place.self);
    // On a busy machine it may have timed out before it was taken, and then it is not.
    await waitFor('a request that is taken', async () => {
      const call = caller.run((self) => self.call(clerk.pid, { type: 'keep' }, { timeoutMs: 500 }));
      await t.throwsAsync(call, { code: 'timeout' });
      await settled(node);
      return (await clerk.taken()).length > 0;
    });
    t.deepEqual(await clerk.do('answerKept', 'too late'), ['response-ignored']);
    t.is((await infoOf(node, clerk.pid)).state, 'sleep');
  });

  test(`the largest timeout is taken, and is no timeout for a long time${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const clerk = await clerkOn(node, place.other);
    const caller = await witnessOn(node, place.self);
    const request = { type: 'late', matter: { type: 'bare', value: 'answer' } };
    const call = caller.run((self) =>
      self.call(clerk.pid, request as never, { timeoutMs: 2 ** 32 - 1 }),
    );
    t.is(await call, 'answer');
  });
}

test('a call without a timeout of its own times out after five seconds', async (t) => {
  const node = await quietNode(t);
  const { pid } = await spawnGated(node);
  const order: string[] = [];
  const note = (what: string) => () => void order.push(what);
  await Promise.all([
    node.call(pid, { type: 'x' }, { timeoutMs: 5200 }).catch(note('5.2 s')),
    node.call(pid, { type: 'x' }).catch(note('default')),
    node.call(pid, { type: 'x' }, { timeoutMs: 4800 }).catch(note('4.8 s')),
  ]);
  t.deepEqual(order, ['4.8 s', 'default', '5.2 s']);
});

test('a timeout is counted from the call, however long the node was idle before or the callback blocked', async (t) => {
  const node = await quietNode(t);
  const server = await spawnScript(node, {
    handleCall: (_self, request: { type: string }) => answerAfterTurns(request, 3),
  });
  const blocking = await spawnScript(node, {
    handleCall: async (self) => {
      const until = performance.now() + 600;
      while (performance.now() < until);
      return await self.call(server, { type: 'after blocking' }, { timeoutMs: 500 });
    },
  });
  const afterIdling = async (): Promise<unknown> => {
    // No reading of the clock in between: longer than the timeout that follows.
    await new Promise((resolve) => setTimeout(resolve, 600));
    return await node.call(server, { type: 'after idling' }, { timeoutMs: 500 });
  };
  // A busy machine may make one late. Were it counted from before, none would be in time.
  for (const ask of [afterIdling, () => node.call(blocking, { type: 'x' })])
    await waitFor('an answer in time', () => ask().then(isAnswer, () => false));
  t.pass();
});

test('calls with the same timeout share a timer, and answered ones leave none behind', async (t) => {
  const node = await quietNode(t);
  const { pid, open } = await spawnGated(node);
  const calls = Array.from({ length: 100 }, () => node.call(pid, { type: 'x' }));
  await waitFor('their timer', () => node.info().pendingTimers === 1);
  open();
  t.is((await Promise.all(calls)).length, 100);
  await waitFor('its end', () => node.info().pendingTimers === 0);
});

test('calls time out in the order of their deadlines, and the error names the target', async (t) => {
  const node = await quietNode(t);
  const { pid } = await spawnGated(node);
  const order: number[] = [];
  const calls = [60, 20, 40, 1].map(async (timeoutMs) => {
    const error = await t.throwsAsync(node.call(pid, { type: 'x' }, { timeoutMs }), {
      code: 'timeout',
    });
    t.true(error?.message.includes(String(pid)));
    order.push(timeoutMs);
  });
  await Promise.all(calls);
  t.deepEqual(order, [1, 20, 40, 60]);
  t.deepEqual([node.info().pendingCalls, node.info().pendingTimers], [0, 0]);
});

test('calls with different timeouts time out each in its time, whatever their order', async (t) => {
  const node = await quietNode(t);
  const { pid } = await spawnGated(node);
  const late: number[] = [];
  const calls = [300, 30, 200, 30, 100].map(async (timeoutMs) => {
    await t.throwsAsync(node.call(pid, { type: 'x' }, { timeoutMs }), { code: 'timeout' });
    late.push(timeoutMs);
  });
  await Promise.all(calls);
  t.deepEqual(late, [30, 30, 100, 200, 300]);
  await waitFor('their end', () => node.info().pendingTimers === 0);
});

function isAnswer(answer: unknown): boolean {
  return answer === 'answer';
}

async function answerAfterTurns(request: { type: string }, turns: number): Promise<unknown> {
  for (let round = 0; round < turns; round++) await turn();
  return reply(request, 'answer');
}
