import test from 'ava';
import { noreply, TergoError, type Node, type Pid } from 'tergo';
import { clerkOn, gatedOn } from '../support/clerk-places.ts';
import { logOf, spawnGated, spawnScript, type Self } from '../support/improvise.ts';
import {
  closeShared,
  infoOf,
  places,
  settled,
  sharedPlace,
  witnessGone,
  witnessOn,
} from '../support/places.ts';
import { quietNode } from '../support/witness.ts';
import { turn, waitFor } from '../support/wait-for.ts';
import { runSource } from '../support/run-node.ts';

/** A process that makes calls from one callback and keeps how each of them settles. */
async function spawnCaller(
  node: Node,
  to: readonly Pid<unknown>[],
): Promise<{ pid: Pid<unknown>; settled: unknown[] }> {
  const settled: unknown[] = [];
  const handleMessage = async (self: Self): Promise<unknown> => {
    const calls = to.map((target) => self.call(target, { type: 'x' }));
    settled.push(...(await Promise.allSettled(calls)));
    return noreply;
  };
  const pid = await spawnScript(node, { handleMessage });
  node.send(pid, 'go');
  await waitFor('the calls', () => node.processInfo(pid).pendingCalls === to.length);
  return { pid, settled };
}

test('every pending call of a process that ends rejects, and its requests are dropped where they wait', async (t) => {
  const node = await quietNode(t);
  const gated = await Promise.all([1, 2, 3].map(() => spawnGated(node)));
  const { pid, settled } = await spawnCaller(
    node,
    gated.map((each) => each.pid),
  );
  t.is(node.info().pendingCalls, 3);
  node.kill(pid);
  t.is(node.info().pendingCalls, 0);
  await waitFor('the settlements', () => settled.length === 3);
  for (const { reason } of settled as PromiseRejectedResult[]) {
    t.true(TergoError.is(reason, 'process-terminated'));
    t.is((reason as TergoError).cause, 'kill');
    t.regex((reason as TergoError).message, /the caller .* has ended/);
  }
  for (const { open } of gated) open();
  for (const { pid: target } of gated) await node.call(target, { type: 'fresh' });
  t.deepEqual(
    gated.map(({ got }) => got),
    [1, 2, 3].map(() => [{ type: 'fresh' }]),
  );
});

test.after.always(closeShared);

for (const place of places) {
  test(`the requests of a process that ends are dropped where they wait${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const gated = await Promise.all([1, 2, 3].map(() => gatedOn(node, place.other)));
    const caller = await witnessOn(node, place.self);
    for (const { pid } of gated) await caller.run((self) => self.begin(pid, { type: 'x' }));
    t.is((await infoOf(node, caller.pid)).pendingCalls, 3);
    node.kill(caller.pid);
    await witnessGone(node, caller);
    await settled(node);
    for (const { open } of gated) open();
    for (const { pid, taken } of gated) {
      await node.call(pid, { type: 'fresh' });
      t.deepEqual(await taken(), [{ type: 'fresh' }]);
    }
  });

  test(`the answer to a caller that has ended is ignored, and sendResponse says so${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const clerk = await clerkOn(node, place.other);
    const caller = await witnessOn(node, place.self);
    await caller.run((self) => self.begin(clerk.pid, { type: 'keep' }));
    await waitFor('the caller', async () => (await clerk.taken()).length === 1);
    node.kill(caller.pid);
    await witnessGone(node, caller);
    await settled(node);
    t.deepEqual(await clerk.do('answerKept', 'too late'), ['response-ignored']);
  });
}

test('a caller whose callback crashes while a call is pending ends for its own reason', async (t) => {
  const node = await quietNode(t);
  const records = logOf(node);
  const { pid: silent } = await spawnGated(node);
  const error = new Error('on purpose');
  const caller = await spawnScript(node, {
    handleMessage: async (self) => {
      self.call(silent, { type: 'x' }).catch(() => undefined);
      await turn();
      throw error;
    },
  });
  node.send(caller, 'go');
  await waitFor('the end', () => node.processState(caller) === 'terminated');
  t.deepEqual(
    records.map(({ fields }) => fields['error']),
    [error],
  );
  t.is(node.info().pendingCalls, 0);
});

test('a call that a process makes after its end rejects with not-allowed', async (t) => {
  const node = await quietNode(t);
  const server = await spawnScript(node, { handleCall: () => 'answer' });
  const late = Promise.withResolvers<unknown>();
  const caller = await spawnScript(node, {
    handleMessage: async (self) => {
      await new Promise((resolve) => self.signal.addEventListener('abort', resolve));
      await Promise.resolve();
      t.throws(() => self.sendRequest(server, { type: 'x' }), { code: 'not-allowed' });
      await self.call(server, { type: 'x' }).catch(late.resolve);
      return noreply;
    },
  });
  node.send(caller, 'go');
  await waitFor('the callback', () => node.processState(caller) === 'running');
  node.kill(caller);
  t.true(TergoError.is(await late.promise, 'not-allowed'));
});

test('terminate may still call', async (t) => {
  const node = await quietNode(t);
  const server = await spawnScript(node, { handleCall: (_self, request) => request });
  const answer = Promise.withResolvers<unknown>();
  const caller = await spawnScript(node, {
    terminate: async (self) => answer.resolve(await self.call(server, { type: 'last' })),
  });
  node.sendExit(caller, 'shutdown');
  t.deepEqual(await answer.promise, { type: 'last' });
});

test('calls that nobody awaits any more when their process ends do not end Node.js', async (t) => {
  const { stdout, stderr, code } = await runSource(`
    import { Actor, noreply, startNode } from 'tergo';
    class Silent extends Actor {
      handleCall() { return new Promise(() => {}); }
    }
    class Caller extends Actor {
      async handleMessage(silent) {
        const calls = [1, 2, 3].map(() => this.call(silent, { type: 'x' }));
        for (const call of calls) await call;
        return noreply;
      }
    }
    class Crasher extends Actor {
      handleMessage(silent) {
        void this.call(silent, { type: 'x' });
        throw new Error('on purpose');
      }
    }
    const node = await startNode('calls@localhost', { log: { disableConsole: true } });
    const silent = await node.spawn(Silent);
    const caller = await node.spawn(Caller);
    const crasher = await node.spawn(Crasher);
    node.send(caller, silent);
    node.send(crasher, silent);
    await new Promise((resolve) => setImmediate(resolve));
    node.kill(caller);
    await new Promise((resolve) => setImmediate(resolve));
    console.log(node.info().pendingCalls);
    node.kill(silent);
    await node.stop();
  `);
  t.deepEqual([stdout, stderr, code], ['0\n', '', 0]);
});
