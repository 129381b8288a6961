import test from 'ava';
import { reply, type Node, type Pid } from 'tergo';
import { spawnScript, type Self } from '../support/improvise.ts';
import { holdings, holdsAgain, quietNode } from '../support/witness.ts';
import { turn, waitFor } from '../support/wait-for.ts';

interface Body {
  readonly type: string;
  readonly value: number;
}

const many = 10_000;
const numbers = Array.from({ length: many }, (_, number) => number);

function double(_self: Self, request: Body): unknown {
  return reply(request, 2 * request.value);
}

test('ten thousand concurrent calls leave nothing pending and nothing held', async (t) => {
  const node = await quietNode(t);
  const server = await spawnScript(node, { handleCall: double });
  const before = await holdings(node);
  const calls = numbers.map((value) => node.call(server, { type: 'double', value }));
  t.is(node.info().pendingCalls, many);
  t.deepEqual(
    await Promise.all(calls),
    numbers.map((value) => 2 * value),
  );
  t.is(node.info().pendingCalls, 0);
  await holdsAgain(node, before);
});

test('ten thousand concurrent calls that settle in every way leave nothing behind either', async (t) => {
  const node = await quietNode(t);
  const before = await holdings(node);
  const gate = Promise.withResolvers<void>();
  const slow = await spawnScript(node, {
    handleCall: async (_self, request: Body) => {
      await gate.promise;
      return reply(request, request.value);
    },
  });
  const doomed = await spawnScript(node, { handleCall: () => gate.promise });
  const quick = await spawnScript(node, { handleCall: double });
  const controller = new AbortController();
  const { signal } = controller;
  const calls = numbers.map((value) => {
    const request = { type: 'x', value };
    if (value % 4 === 0) return node.call(slow, request, { timeoutMs: 30 });
    if (value % 4 === 1) return node.call(slow, request, { signal });
    return node.call(value % 4 === 2 ? doomed : quick, request);
  });
  const settled = Promise.allSettled(calls);
  await turn();
  controller.abort();
  node.kill(doomed);
  const codes = (await settled).map((each) =>
    each.status === 'fulfilled' ? 'ok' : (each.reason as { code: string }).code,
  );
  const kinds = ['timeout', 'aborted', 'process-terminated', 'ok'];
  t.deepEqual(
    codes,
    numbers.map((value) => kinds[value % 4]),
  );
  gate.resolve();
  for (const pid of [slow, quick]) {
    await node.inspect(pid, 'a way to wait for what it has in hand');
    node.kill(pid);
  }
  await holdsAgain(node, before);
});

test('a thousand callers call one server a hundred times each, one after another', async (t) => {
  const node = await quietNode(t);
  const server = await spawnScript(node, { handleCall: double });
  const callers = await Promise.all(
    Array.from({ length: 1000 }, () =>
      spawnScript(node, {
        handleCall: async (self) => {
          let sum = 0;
          for (let value = 0; value < 100; value++)
            sum += (await self.call(server, { type: 'double', value })) as number;
          return sum;
        },
      }),
    ),
  );
  const before = await holdings(node);
  const sums = await Promise.all(callers.map((pid) => node.call(pid, { type: 'go' })));
  t.true(sums.every((sum) => sum === 9900));
  await holdsAgain(node, before);
});

/** A thousand processes, each of which calls the next before it answers; gives the first. */
async function spawnChain(node: Node, last: (self: Self) => unknown): Promise<Pid<unknown>> {
  let next = await spawnScript(node, { handleCall: last });
  for (let depth = 1; depth < 1000; depth++) {
    const to = next;
    next = await spawnScript(node, {
      handleCall: async (self, request: Body) =>
        ((await self.call(to, { type: request.type })) as number) + 1,
    });
  }
  return next;
}

test('a chain of a thousand processes, each calling the next, answers', async (t) => {
  const node = await quietNode(t);
  const first = await spawnChain(node, () => 1);
  t.is(await node.call(first, { type: 'depth' }), 1000);
  t.is(node.info().pendingCalls, 0);
});

test('the end of the last in a chain of a thousand ends them all, each with the one before as cause', async (t) => {
  const node = await quietNode(t);
  const error = new Error('on purpose');
  const first = await spawnChain(node, () => {
    throw error;
  });
  let cause: unknown = await t.throwsAsync(node.call(first, { type: 'depth' }));
  let depth = 0;
  for (; cause !== error; depth++) cause = (cause as Error).cause;
  t.is(depth, 1000);
  t.is(node.info().processes, 0);
});

test('a kill in the middle of a chain of pending calls settles both halves', async (t) => {
  const node = await quietNode(t);
  const gate = Promise.withResolvers<number>();
  const first = await spawnChain(node, () => gate.promise);
  const answer = node.call(first, { type: 'depth' });
  answer.catch(() => undefined);
  await waitFor('the whole chain', () => node.info().pendingCalls === 1000);
  const middle = node.processList()[500]!;
  node.kill(middle);
  await t.throwsAsync(answer, { code: 'process-terminated' });
  gate.resolve(1);
  await waitFor('the rest', () => node.info().pendingCalls === 0);
  await waitFor('the half that is left', () => node.info().processes === 500);
});
