import test, { type ExecutionContext } from 'ava';
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
import { virtualClock } from 'tergo/testing';
import { clerkOn, type Clerk, type ClerkOptions } from '../support/clerk-places.ts';
import type { Matter } from '../support/far-clerk.ts';
import { spawnScript, type Self } from '../support/improvise.ts';
import { recordLog } from '../support/log-records.ts';
import {
  closeShared,
  freshName,
  infoOf,
  isReason,
  places,
  sharedPlace,
  witnessOn,
} from '../support/places.ts';
import { quietNode, reasonOf, type Handle } from '../support/witness.ts';
import { waitFor } from '../support/wait-for.ts';

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
/** Those that another thread gets as they are. */
const travelling = [
  ...values.slice(0, 9),
  [undefined, { deep: [1] }],
  new Map([[1, new Set([2])]]),
];
const isOutcome = (value: unknown): boolean =>
  value === noreply || [10, 11].some((at) => values[at] === value);

const ask = (caller: Handle, { pid }: Clerk, request: Matter): Promise<unknown> =>
  caller.run((self) => self.call(pid, request as never));

test.after.always(closeShared);

for (const place of places) {
  /** A clerk, and one that monitors it. */
  const watchedClerk = async (
    node: Node,
    options: ClerkOptions = {},
  ): Promise<{ clerk: Clerk; watcher: Handle }> => {
    const clerk = await clerkOn(node, place.other, options);
    const watcher = await witnessOn(node, place.self);
    await watcher.run((self) => self.monitor(clerk.pid));
    return { clerk, watcher };
  };
  const theValues = place.isThreaded ? travelling : values;

  for (const isLate of [false, true]) {
    const when = isLate ? 'a promise of it' : 'it';
    const later = (matter: Matter): Matter => (isLate ? { type: 'late', matter } : matter);
    const isSame = (t: ExecutionContext, actual: unknown, expected: unknown): void => {
      if (place.isThreaded) t.deepEqual(actual, expected);
      else t.true(Object.is(actual, expected));
    };

    test(`reply may hold anything, even what would be an outcome, when handleCall returns ${when}${place.title}`, async (t) => {
      const node = await sharedPlace(t, place);
      const { clerk, watcher } = await watchedClerk(node);
      for (const value of theValues)
        isSame(t, await ask(watcher, clerk, later({ type: 'reply', value })), value);
      t.deepEqual(await watcher.heard(), []);
    });

    test(`a bare value of plain JavaScript is the reply when handleCall returns ${when}, undefined too${place.title}`, async (t) => {
      const node = await sharedPlace(t, place);
      const { clerk, watcher } = await watchedClerk(node);
      for (const value of theValues.filter((each) => !isOutcome(each)))
        isSame(t, await ask(watcher, clerk, later({ type: 'bare', value })), value);
      t.deepEqual(await watcher.heard(), []);
    });

    test(`replyError rejects the caller with that very error and the process lives, when handleCall returns ${when}${place.title}`, async (t) => {
      const node = await sharedPlace(t, place);
      const { clerk, watcher } = await watchedClerk(node, { logLevel: 'info' });
      const records = recordLog(node, freshName('records'));
      for (const refusal of [error, error])
        isReason(
          t,
          place,
          await t.throwsAsync(ask(watcher, clerk, later({ type: 'refuse', value: refusal }))),
          refusal,
        );
      t.deepEqual(await watcher.heard(), []);
      t.false(records.some(({ source }) => source.type === 'process' && source.pid === clerk.pid));
    });

    test(`stop with an answer answers first and ends then, when handleCall returns ${when}${place.title}`, async (t) => {
      const node = await sharedPlace(t, place);
      for (const reason of ['normal', 'shutdown', error] as const) {
        for (const value of [undefined, 'bye', ...(place.isThreaded ? [] : [noreply])]) {
          const { clerk, watcher } = await watchedClerk(node);
          const last = { type: 'reply', value } as const;
          t.is(await ask(watcher, clerk, later({ type: 'end', reason, last })), value);
          isReason(t, place, reasonOf((await watcher.heard())[0]), reason);
        }
      }
    });

    test(`stop with a refusal rejects with it, and a stop without answer with process-terminated, when handleCall returns ${when}${place.title}`, async (t) => {
      const node = await sharedPlace(t, place);
      const refusing = await watchedClerk(node);
      const last = { type: 'refuse', value: error } as const;
      const refusal = later({ type: 'end', reason: 'shutdown', last });
      const told = await t.throwsAsync(ask(refusing.watcher, refusing.clerk, refusal));
      isReason(t, place, told, error);
      t.is(reasonOf((await refusing.watcher.heard())[0]), 'shutdown');

      const silent = await watchedClerk(node);
      const refused = await t.throwsAsync(
        ask(silent.watcher, silent.clerk, later({ type: 'end', reason: 'shutdown' })),
        { code: 'process-terminated' },
      );
      t.is((refused as TergoError).cause, 'shutdown');
      t.is(reasonOf((await silent.watcher.heard())[0]), 'shutdown');
    });

    test(`noreply while nobody holds the caller rejects the call at once, when handleCall returns ${when}${place.title}`, async (t) => {
      const node = await sharedPlace(t, place);
      const { clerk, watcher } = await watchedClerk(node);
      await t.throwsAsync(ask(watcher, clerk, later({ type: 'silence' })), {
        code: 'no-reply',
        message: /FarClerk\.handleCall returned noreply/,
      });
      t.deepEqual(await watcher.heard(), []);
      const last = { type: 'silence' } as const;
      const stopping = later({ type: 'end', reason: 'normal', last });
      await t.throwsAsync(ask(watcher, clerk, stopping), { code: 'no-reply' });
      t.is(reasonOf((await watcher.heard())[0]), 'normal');
    });
  }

  test(`each of many callers gets the answer to its own request${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const clerk = await clerkOn(node, place.other);
    const caller = await witnessOn(node, place.self);
    const requests = Array.from({ length: 300 }, (_, value): Matter => {
      const matter = { type: 'bare', value } as const;
      return value % 3 === 0 ? { type: 'late', matter } : matter;
    });
    const answers = await caller.run((self) =>
      Promise.all(requests.map((request) => self.call(clerk.pid, request as never))),
    );
    t.deepEqual(
      answers as unknown[],
      requests.map((_, value) => value),
    );
    await waitFor(
      'the end of all',
      async () => (await infoOf(node, caller.pid)).pendingCalls === 0,
    );
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

test('a reply whose promise rejects with no error is refused with one that has that as its cause', async (t) => {
  const node = await quietNode(t);
  const causes: readonly unknown[] = ['in words', undefined, () => 1];
  for (const cause of causes) {
    const failing = await spawnAnswering(node, (request) =>
      reply(request, Promise.reject(cause as Error)),
    );
    const refusal = await t.throwsAsync(node.call(failing.pid, { type: 'x' }));
    t.is(refusal?.cause, cause);
    t.deepEqual(failing.ends, []);
  }
});

test('a reply whose promise never settles leaves the call to its timeout', async (t) => {
  const clock = virtualClock();
  const node = await quietNode(t, { clock });
  const answered = Promise.withResolvers<void>();
  const { pid } = await spawnAnswering(node, (request) => {
    answered.resolve();
    return reply(request, new Promise(() => undefined));
  });
  const call = node.call(pid, { type: 'x' }, { timeoutMs: 500 });
  const late = t.throwsAsync(call, { code: 'timeout' });
  await answered.promise;
  await clock.advance(500);
  await late;
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
