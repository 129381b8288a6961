import test from 'ava';
import { TergoError, type Caller, type ExitReason, type Node, type Pid } from 'tergo';
import { clerkOn, closedGate, type Clerk, type Gate } from '../support/clerk-places.ts';
import type { Matter } from '../support/far-clerk.ts';
import {
  closeShared,
  infoOf,
  isReason,
  places,
  settled,
  sharedPlace,
  witnessOn,
} from '../support/places.ts';
import { gone, holdings, holdsAgain, quietNode } from '../support/witness.ts';
import { waitFor } from '../support/wait-for.ts';

const error = new Error('on purpose');

/** One way in which a process ends: of itself, when its gate opens, or killed from outside. */
const ends: readonly {
  readonly title: string;
  readonly reason: ExitReason;
  readonly ending?: Matter;
}[] = [
  { title: 'a crash', reason: error, ending: { type: 'crash', value: error } },
  { title: 'a normal end', reason: 'normal', ending: { type: 'end', reason: 'normal' } },
  { title: 'a stop with an error', reason: error, ending: { type: 'end', reason: error } },
  { title: 'a kill', reason: 'kill' },
];

test.after.always(closeShared);

for (const place of places) {
  for (const { title, reason, ending } of ends) {
    const end = (node: Node, { pid }: Clerk, gate: Gate): void => {
      if (ending === undefined) node.kill(pid);
      else gate.open();
    };

    test(`a call that waits in the mailbox rejects with process-terminated after ${title} of its target${place.title}`, async (t) => {
      const node = await sharedPlace(t, place);
      const [gate, target] = [await closedGate(node), await clerkOn(node, place.other)];
      node.send(target.pid, gate.wait(ending));
      await gate.entered;
      const caller = await witnessOn(node, place.self);
      const other = await witnessOn(node, place.self);
      const calls = [
        caller.run((self) => self.call(target.pid, { type: 'from a process' })),
        node.call(target.pid, { type: 'from outside' }),
        other.run((self) => self.call(target.pid, { type: 'urgent' }, { priority: 'max' })),
      ];
      await waitFor('the calls', async () => (await infoOf(node, target.pid)).mailbox === 3);
      t.is((await infoOf(node, caller.pid)).pendingCalls, 1);
      end(node, target, gate);
      for (const call of calls) {
        const refused = await t.throwsAsync(call, { instanceOf: TergoError });
        t.is(refused.code, 'process-terminated');
        isReason(t, place, refused.cause as ExitReason, reason);
      }
      t.is((await infoOf(node, caller.pid)).pendingCalls, 0);
    });

    test(`a call in hand rejects with process-terminated after ${title} of its target${place.title}`, async (t) => {
      const node = await sharedPlace(t, place);
      const gate = await closedGate(node);
      const caller = await witnessOn(node, place.self);
      const before = await holdings(node);
      const target = await clerkOn(node, place.other);
      const call = caller.run((self) => self.call(target.pid, gate.wait(ending) as never));
      await gate.entered;
      end(node, target, gate);
      const refused = await t.throwsAsync(call, { instanceOf: TergoError });
      t.is(refused.code, 'process-terminated');
      t.true(refused.message.includes(String(target.pid)));
      isReason(t, place, refused.cause as ExitReason, reason);
      gate.open();
      if (!place.isThreaded) await holdsAgain(node, before);
    });
  }

  for (const [title, reason, end] of [
    ['crashes', error, (node: Node, pid: Pid<unknown>) => node.sendExit(pid, error)],
    ['is killed', 'kill', (node: Node, pid: Pid<unknown>) => node.kill(pid)],
  ] as const) {
    test(`a call that is held rejects with process-terminated when its holder ${title}${place.title}`, async (t) => {
      const node = await sharedPlace(t, place);
      const clerk = await clerkOn(node, place.other);
      const callers = await Promise.all([1, 2, 3].map(() => witnessOn(node, place.self)));
      const calls = callers.map(({ run }) => run((self) => self.call(clerk.pid, keep)));
      await waitFor('the callers', async () => (await clerk.taken()).length === 3);
      end(node, clerk.pid);
      for (const call of calls) {
        const refused = await t.throwsAsync(call, { instanceOf: TergoError });
        t.is(refused.code, 'process-terminated');
        isReason(t, place, refused.cause as ExitReason, reason);
      }
      for (const { pid } of callers) t.is((await infoOf(node, pid)).pendingCalls, 0);
    });
  }

  test(`a call that was handed on outlives the orderly end of its first holder, and another answers it${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    for (const reason of ['normal', 'shutdown'] as const) {
      const clerk = await clerkOn(node, place.other);
      const other = await witnessOn(node, place.other);
      const asking = await witnessOn(node, place.self);
      const call = asking.run((self) => self.call(clerk.pid, keep));
      const caller = await keptBy(clerk);
      node.send(clerk.pid, { type: 'end', reason });
      await gone(node, clerk);
      t.is((await infoOf(node, asking.pid)).pendingCalls, 1);
      t.is(await other.run((self) => self.sendResponse(caller, 'handed on')), 'ok');
      t.is(await call, 'handed on');
    }
  });

  test(`a call that nobody holds any more times out after the orderly end of its holder${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const clerk = await clerkOn(node, place.other);
    const asking = await witnessOn(node, place.self);
    let late: Promise<unknown> | undefined;
    // On a busy machine one may have timed out before it was taken, and then it is not.
    await waitFor('a request that is taken', async () => {
      const call = asking.run((self) => self.call(clerk.pid, keep, { timeoutMs: 500 }));
      late = t.throwsAsync(call, { code: 'timeout' });
      await settled(node);
      return (await clerk.taken()).length > 0;
    });
    node.send(clerk.pid, { type: 'end', reason: 'normal' });
    await late;
    await gone(node, clerk);
  });

  test(`terminate may answer the callers that an orderly end leaves behind${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const clerk = await clerkOn(node, place.other, { args: ['bye'] });
    const callers = await Promise.all([1, 2, 3].map(() => witnessOn(node, place.self)));
    const calls = callers.map(({ run }) => run((self) => self.call(clerk.pid, keep)));
    await waitFor('the callers', async () => (await clerk.taken()).length === 3);
    node.sendExit(clerk.pid, 'shutdown');
    t.deepEqual(await Promise.all(calls), ['bye', 'bye', 'bye']);
  });

  test(`a call whose target ends in the very turn of the call rejects${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const clerk = await clerkOn(node, place.other);
    const asking = await witnessOn(node, place.self);
    const calls = asking.run((self) => {
      void self.send(clerk.pid, { type: 'end', reason: 'normal' });
      return Promise.allSettled([1, 2, 3].map(() => self.call(clerk.pid, { type: 'x' })));
    });
    for (const outcome of await calls) {
      t.is(outcome.status, 'rejected');
      const { reason } = outcome as PromiseRejectedResult;
      // From another thread the later ones may find it gone.
      if (place.isThreaded) t.regex((reason as TergoError).code, /^process-(terminated|unknown)$/);
      else t.is((reason as TergoError).code, 'process-terminated');
    }
  });
}

const keep = { type: 'keep' } as const;

async function keptBy(clerk: Clerk): Promise<Caller<unknown>> {
  return await waitFor(
    'the caller',
    async () => (await clerk.do<Caller<unknown>[]>('keptCallers'))[0],
  );
}

test('calls pending when the node stops settle', async (t) => {
  const node = await quietNode(t);
  const [holder, slow] = [await clerkOn(node, 0), await clerkOn(node, 0)];
  const gate = await closedGate(node);
  const calls = [
    node.call(holder.pid, keep),
    node.call(slow.pid, gate.wait() as never),
    node.call(slow.pid, { type: 'queued' }),
  ];
  const outcomes = Promise.allSettled(calls);
  await gate.entered;
  await keptBy(holder);
  await node.stop({ timeoutMs: 1 });
  const [held, ...others] = (await outcomes) as PromiseRejectedResult[];
  t.true(TergoError.is(held!.reason, 'node-terminated'));
  // Told of the end of the target, or of the node, whichever is known first.
  for (const { reason } of others)
    t.regex((reason as TergoError).code, /^(process|node)-terminated$/);
});
