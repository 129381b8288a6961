import { getEventListeners } from 'node:events';
import test from 'ava';
import { TergoError } from 'tergo';
import { clerkOn, closedGate, gatedOn } from '../support/clerk-places.ts';
import { inside, spawnGated, spawnPuppet, spawnScript } from '../support/improvise.ts';
import {
  closeShared,
  infoOf,
  isReason,
  places,
  settled,
  sharedPlace,
  witnessOn,
} from '../support/places.ts';
import { quietNode } from '../support/witness.ts';
import { waitFor } from '../support/wait-for.ts';

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

test.after.always(closeShared);

for (const place of places) {
  for (const [title, when] of [
    ['a signal that is aborted already rejects the call, and nothing is sent', 'before'],
    ['an abort in the very tick of the call rejects it', 'after'],
  ] as const) {
    test(`${title}${place.title}`, async (t) => {
      const node = await sharedPlace(t, place);
      const { pid, taken, open } = await gatedOn(node, place.other);
      const caller = await witnessOn(node, place.self);
      const reason = new Error('changed my mind');
      const refused = await t.throwsAsync(
        caller.run((self) => self.callAborted(pid, { type: 'x' }, reason, when)),
        { instanceOf: TergoError, code: 'aborted' },
      );
      isReason(t, place, refused.cause as Error, reason);
      if (when === 'before') t.is((await infoOf(node, pid)).mailbox, 0);
      open();
      await settled(node);
      t.deepEqual(await taken(), []);
    });
  }

  test(`an abort while the request waits rejects the call with its reason as cause, and the handler is never called${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const { pid, taken, open } = await gatedOn(node, place.other);
    const caller = await witnessOn(node, place.self);
    await caller.run((self) => self.begin(pid, { type: 'stale' }));
    await waitFor('the request', async () => (await infoOf(node, pid)).mailbox === 1);
    t.is(await caller.run((self) => self.listeners()), 1);
    await caller.run((self) => self.abort('enough'));
    const [outcome] = await caller.run((self) => self.outcomes());
    t.like(outcome, { status: 'rejected', reason: { code: 'aborted', cause: 'enough' } });
    t.true((outcome as PromiseRejectedResult).reason instanceof TergoError);
    t.is((await infoOf(node, caller.pid)).pendingCalls, 0);
    t.is(await caller.run((self) => self.listeners()), 0);
    open();
    await caller.run((self) => self.call(pid, { type: 'fresh' }));
    t.deepEqual(await taken(), [{ type: 'fresh' }]);
  });

  test(`an abort while the request is in hand rejects the call at once, and the answer is ignored${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const gate = await closedGate(node);
    const clerk = await clerkOn(node, place.other);
    const caller = await witnessOn(node, place.self);
    const matter = gate.wait({ type: 'bare', value: 'too late' });
    await caller.run((self) => self.begin(clerk.pid, matter));
    await gate.entered;
    await caller.run((self) => self.abort());
    const [outcome] = await caller.run((self) => self.outcomes());
    t.like(outcome, { status: 'rejected', reason: { code: 'aborted' } });
    gate.open();
    await waitFor('its rest', async () => (await infoOf(node, clerk.pid)).state === 'sleep');
  });

  test(`one signal aborts many calls, and each of them only once${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const { pid, open } = await gatedOn(node, place.other);
    const caller = await witnessOn(node, place.self);
    await caller.run((self) => self.begin(pid, { type: 'x' }, 50));
    await caller.run((self) => self.abort());
    const outcomes = await caller.run((self) => self.outcomes());
    t.is(outcomes.length, 50);
    for (const outcome of outcomes)
      t.like(outcome, { status: 'rejected', reason: { code: 'aborted' } });
    t.is((await infoOf(node, caller.pid)).pendingCalls, 0);
    open();
  });
}

test('an abort after the answer changes nothing, and the listener is gone', async (t) => {
  const node = await quietNode(t);
  const server = await spawnScript(node, { handleCall: () => 'answer' });
  const controller = new AbortController();
  const { signal } = controller;
  t.is(await node.call(server, { type: 'x' }, { signal }), 'answer');
  t.is(listeners(signal), 0);
  controller.abort();
  t.is(node.processState(server), 'sleep');
});

test('the listener is gone however the call settles', async (t) => {
  const node = await quietNode(t);
  const { signal } = new AbortController();
  const refusing = await spawnScript(node, { handleCall: () => Promise.reject(new Error('no')) });
  const { pid: silent } = await spawnGated(node);
  const { pid: doomed } = await spawnGated(node);
  const { pid: full } = await spawnGated(node, { mailboxSize: 1 });
  node.send(full, 'fills it');
  const calls = [
    node.call(refusing, { type: 'x' }, { signal }),
    node.call(silent, { type: 'x' }, { signal, timeoutMs: 1 }),
    node.call(doomed, { type: 'x' }, { signal }),
    node.call(full, { type: 'x' }, { signal }),
  ];
  t.is(listeners(signal), 3);
  node.kill(doomed);
  t.is((await Promise.allSettled(calls)).filter(({ status }) => status === 'rejected').length, 4);
  t.is(listeners(signal), 0);
});

test("a process's own signal aborts what it started when it ends", async (t) => {
  const node = await quietNode(t);
  const puppet = await spawnPuppet(node);
  const { pid: silent } = await spawnGated(node);
  const [call] = await inside(node, puppet, (self) => [
    node.call(silent, { type: 'x' }, { signal: self.signal }),
  ]);
  node.kill(puppet);
  const refused = await t.throwsAsync(call, { instanceOf: TergoError, code: 'aborted' });
  t.is(refused.cause, 'kill');
});
