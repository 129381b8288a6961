import test from 'ava';
import {
  noreply,
  reply,
  replyError,
  stop,
  TergoError,
  type ExitReason,
  type Node,
  type Pid,
} from 'tergo';
import { logOf, spawnScript, type Self } from '../support/improvise.ts';
import { quietNode } from '../support/witness.ts';
import { turn, waitFor } from '../support/wait-for.ts';

interface Body {
  readonly type: string;
}
type Answering = (request: Body, self: Self) => unknown;

/** A process whose `handleCall` is this, and how it ended. */
async function spawnAnswering(
  node: Node,
  answer: Answering,
): Promise<{ pid: Pid<unknown>; ends: ExitReason[] }> {
  const ends: ExitReason[] = [];
  const pid = await spawnScript(node, {
    handleCall: (self, request: Body) => answer(request, self),
    terminate: (_self, reason) => void ends.push(reason),
  });
  return { pid, ends };
}

const error = new Error('on purpose');
const values: readonly unknown[] = [
  undefined,
  null,
  0,
  '',
  false,
  7n,
  { type: 'reply' },
  [],
  error,
  noreply,
  stop('normal'),
  replyError({ type: 'x' }, error),
  () => 1,
];
const isOutcome = (value: unknown): boolean =>
  value === noreply || [10, 11].some((at) => values[at] === value);

for (const isLate of [false, true]) {
  const when = isLate ? 'a promise of it' : 'it';
  const later = (value: unknown): unknown => (isLate ? turn().then(() => value) : value);

  test(`reply may hold anything, even what would be an outcome, when handleCall returns ${when}`, async (t) => {
    const node = await quietNode(t);
    for (const value of values) {
      const { pid, ends } = await spawnAnswering(node, (request) => later(reply(request, value)));
      t.true(Object.is(await node.call(pid, { type: 'x' }), value));
      t.deepEqual(ends, []);
    }
  });

  test(`a bare value of plain JavaScript is the reply when handleCall returns ${when}, undefined too`, async (t) => {
    const node = await quietNode(t);
    for (const value of values.filter((each) => !isOutcome(each))) {
      const { pid, ends } = await spawnAnswering(node, () => later(value));
      t.true(Object.is(await node.call(pid, { type: 'x' }), value));
      t.deepEqual(ends, []);
    }
  });

  test(`replyError rejects the caller with that very error and the process lives, when handleCall returns ${when}`, async (t) => {
    const node = await quietNode(t);
    const records = logOf(node);
    const { pid, ends } = await spawnAnswering(node, (request) =>
      later(replyError(request, error)),
    );
    t.is(await t.throwsAsync(node.call(pid, { type: 'x' })), error);
    t.is(await t.throwsAsync(node.call(pid, { type: 'x' })), error);
    t.deepEqual([ends, records], [[], []]);
  });

  test(`stop with an answer answers first and ends then, when handleCall returns ${when}`, async (t) => {
    const node = await quietNode(t);
    for (const reason of ['normal', 'shutdown', error] as const) {
      for (const value of [undefined, 'bye', noreply]) {
        const { pid, ends } = await spawnAnswering(node, (request) =>
          later(stop(reason, reply(request, value))),
        );
        t.is(await node.call(pid, { type: 'x' }), value);
        t.deepEqual(ends, [reason]);
      }
    }
  });

  test(`stop with a refusal rejects with it, and a stop without answer with process-terminated, when handleCall returns ${when}`, async (t) => {
    const node = await quietNode(t);
    const refusing = await spawnAnswering(node, (request) =>
      later(stop('shutdown', replyError(request, error))),
    );
    t.is(await t.throwsAsync(node.call(refusing.pid, { type: 'x' })), error);
    t.deepEqual(refusing.ends, ['shutdown']);

    const silent = await spawnAnswering(node, () => later(stop('shutdown')));
    const refused = await t.throwsAsync(node.call(silent.pid, { type: 'x' }), {
      code: 'process-terminated',
    });
    t.is((refused as TergoError).cause, 'shutdown');
    t.deepEqual(silent.ends, ['shutdown']);
  });

  test(`noreply while nobody holds the caller rejects the call at once, when handleCall returns ${when}`, async (t) => {
    const node = await quietNode(t);
    const { pid, ends } = await spawnAnswering(node, () => later(noreply));
    await t.throwsAsync(node.call(pid, { type: 'x' }), {
      code: 'no-reply',
      message: /Improvised\.handleCall returned noreply/,
    });
    t.deepEqual(ends, []);
    const stopping = await spawnAnswering(node, () => later(stop('normal', noreply)));
    await t.throwsAsync(node.call(stopping.pid, { type: 'x' }), { code: 'no-reply' });
    t.deepEqual(stopping.ends, ['normal']);
  });
}

test('a reply that holds a promise is answered when that settles, and the process goes on meanwhile', async (t) => {
  const node = await quietNode(t);
  const gate = Promise.withResolvers<string>();
  const { pid, ends } = await spawnAnswering(node, (request) =>
    reply(request, request.type === 'slow' ? gate.promise : 'quick'),
  );
  const slow = node.call(pid, { type: 'slow' });
  t.is(await node.call(pid, { type: 'x' }), 'quick');
  gate.resolve('at last');
  t.is(await slow, 'at last');

  const failing = await spawnAnswering(node, (request) => reply(request, Promise.reject(error)));
  t.is(await t.throwsAsync(node.call(failing.pid, { type: 'x' })), error);
  t.deepEqual([ends, failing.ends], [[], []]);
});

test('a reply whose promise never settles leaves the call to its timeout', async (t) => {
  const node = await quietNode(t);
  const answered = Promise.withResolvers<void>();
  const { pid } = await spawnAnswering(node, (request) => {
    answered.resolve();
    return reply(request, new Promise(() => undefined));
  });
  const call = node.call(pid, { type: 'x' }, { timeoutMs: 500 });
  await answered.promise;
  await t.throwsAsync(call, { code: 'timeout' });
  t.is(node.info().pendingCalls, 0);
});

test('replyError and stop refuse what is no error and no reason', (t) => {
  for (const value of ['text', undefined, null, {}])
    t.throws(() => replyError({ type: 'x' }, value as never), {
      code: 'incorrect',
      message: /^error /,
    });
  for (const value of ['crash', null, {}, 7])
    t.throws(() => stop(value as never), { code: 'incorrect', message: /^reason / });
});

test('each of many callers gets the answer to its own request', async (t) => {
  const node = await quietNode(t);
  const { pid } = await spawnAnswering(node, (request) =>
    Number(request.type) % 3 === 0 ? turn().then(() => request.type) : request.type,
  );
  const numbers = Array.from({ length: 300 }, (_, number) => String(number));
  const answers = await Promise.all(numbers.map((type) => node.call(pid, { type })));
  t.deepEqual(answers, numbers);
  await waitFor('the end of all', () => node.info().pendingCalls === 0);
});
