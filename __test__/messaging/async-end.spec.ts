import test, { type ExecutionContext } from 'ava';
import type { AnyPid, ExitReason, LogRecord, Node, Pid } from 'tergo';
import { clerkOn, closedGate, gatedOn } from '../support/clerk-places.ts';
import type { Matter } from '../support/far-clerk.ts';
import type { Ado } from '../support/far-waiter.ts';
import { spawnScript } from '../support/improvise.ts';
import { recordLog } from '../support/log-records.ts';
import {
  closeShared,
  freshName,
  infoOf,
  isReason,
  placedNode,
  places,
  settled,
  sharedPlace,
  witnessOn,
  type Place,
} from '../support/places.ts';
import { waiterOn } from '../support/waiter-places.ts';
import { turn, waitFor, within } from '../support/wait-for.ts';
import { gone, quietNode, reasonOf, type Handle } from '../support/witness.ts';

test.after.always(closeShared);

/** What the node logs while a test runs. */
function recordsOf(t: ExecutionContext, node: Node): readonly LogRecord[] {
  const name = freshName('records');
  t.teardown(() => node.removeLogger(name));
  return recordLog(node, name);
}

/** Whether a record is of that process. */
function isOf(pid: AnyPid): (record: LogRecord) => boolean {
  return ({ source }) => source.type === 'process' && source.pid === pid;
}

/** Somebody on the thread of the one that acts who hears of the other's end. */
async function watcherOf(node: Node, { self }: Place, pid: AnyPid): Promise<Handle> {
  const watcher = await witnessOn(node, self);
  await watcher.run((each) => each.monitor(pid));
  return watcher;
}

/** What makes a clerk throw after it has waited for something. */
async function lateCrash(node: Node, value: unknown): Promise<Matter> {
  const { wait, open } = await closedGate(node);
  open();
  return wait({ type: 'crash', value });
}

/** The reason that it hears. */
async function endBy(watcher: Handle): Promise<ExitReason | undefined> {
  await waitFor('the end', () => watcher.seen.length > 0);
  return reasonOf(watcher.seen[0]);
}

for (const place of places) {
  test(`a kill during a pending callback ends the process at once, and what the callback still does counts no more${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const records = recordsOf(t, node);
    const other = await witnessOn(node, place.self);
    const { pid, open, wrote } = await waiterOn(node, place.other, {}, { logLevel: 'info' });
    const killer = await watcherOf(node, place, pid);
    const caller = await witnessOn(node, place.self);
    const door = freshName('door');
    const steps = [{ door }, { send: other.pid as Pid<unknown> }] as const;
    const ado: Ado = { type: 'ado', steps, result: 'a crash' };
    const answer = t.throwsAsync(
      caller.run((self) => self.call(pid, ado)),
      { code: 'process-terminated' },
    );
    await wrote(1);
    await killer.run((self) => self.send(pid, 'waits'));
    await killer.run((self) => self.killOther(pid));
    t.deepEqual(await wrote(3), ['call begins', 'end kill', 'aborted kill']);
    await answer;
    t.is(await endBy(killer), 'kill');
    await open(door);
    t.deepEqual((await wrote(5)).slice(3), ['not-allowed', 'call ends']);
    t.deepEqual(await other.heard(), []);
    t.is((await killer.heard()).length, 1);
    t.deepEqual(records.filter(isOf(pid)), []);
  });

  test(`a process that is killed in the middle of a callback ends for that reason, and its answer is void${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const results = [undefined, 'an answer', 'a last answer', 'a refusal', 'a crash'] as const;
    for (const result of results) {
      for (const steps of [[], ['a promise'], ['a turn']] as const) {
        const { pid, wrote } = await waiterOn(node, place.other);
        const caller = await watcherOf(node, place, pid);
        const ado = { type: 'ado', isKilled: true, steps, ...(result && { result }) } as Ado;
        const refused = await t.throwsAsync(
          caller.run((self) => self.call(pid, ado)),
          { code: 'process-terminated' },
        );
        t.is(refused.cause, 'kill');
        t.is(await endBy(caller), 'kill');
        t.true((await wrote(2)).includes('end kill'));
      }
    }
    const { pid } = await waiterOn(node, place.other);
    const sender = await watcherOf(node, place, pid);
    const ado: Ado = { type: 'ado', isKilled: true, result: 'a stop' };
    await sender.run((self) => self.send(pid, ado));
    t.is(await endBy(sender), 'kill');
  });

  test(`an exit signal during a pending callback waits until it is over${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const { pid, open, wrote } = await waiterOn(node, place.other);
    const sender = await watcherOf(node, place, pid);
    const door = freshName('door');
    const ado: Ado = { type: 'ado', steps: [{ door }] };
    await sender.run((self) => [self.send(pid, ado), self.send(pid, 'behind')]);
    await wrote(1);
    t.is(await sender.run((self) => self.sendExit(pid, 'shutdown')), 'ok');
    await settled(node);
    t.is((await infoOf(node, pid)).state, 'running');
    await open(door);
    t.is(await endBy(sender), 'shutdown');
    t.deepEqual((await wrote(3)).slice(0, 3), ['message begins', 'message ends', 'end shutdown']);
  });

  test(`a graceful stop of the node lets a pending callback finish${place.title}`, async (t) => {
    const node = await placedNode(t, place);
    const { pid, open } = await gatedOn(node, place.other);
    const stopped = node.stop();
    await settled(node);
    t.true(node.processList().includes(pid));
    open();
    t.deepEqual(await stopped, { killed: [] });
  });

  test(`a stop whose time is over kills a process whose callback is pending${place.title}`, async (t) => {
    const node = await placedNode(t, place);
    const { pid, wrote } = await waiterOn(node, place.other);
    node.send(pid, { type: 'ado', steps: [{ door: freshName('door') }] });
    await wrote(1);
    const timeoutMs = place.isThreaded ? 300 : 1;
    t.deepEqual(await node.stop({ timeoutMs }), { killed: [pid] });
  });

  test(`a rejection ends the process with that error as the reason, logged once${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const records = recordsOf(t, node);
    const { pid } = await clerkOn(node, place.other, { logLevel: 'info' });
    const sender = await watcherOf(node, place, pid);
    const error = new Error('rejected');
    const crash = await lateCrash(node, error);
    await sender.run((self) => [self.send(pid, crash), self.send(pid, crash)]);
    isReason(t, place, await endBy(sender), error);
    await settled(node);
    t.is((await sender.heard()).length, 1);
    t.deepEqual(
      records.filter(isOf(pid)).map(({ level, fields }) => [level, fields['error']]),
      [['error', error]],
    );
  });

  test(`a rejection that is no error becomes one, with what was thrown as its cause${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    for (const value of ['text', undefined, null, 7, { odd: true }]) {
      const { pid } = await clerkOn(node, place.other);
      const sender = await watcherOf(node, place, pid);
      const crash = await lateCrash(node, value);
      await sender.run((self) => self.send(pid, crash));
      const reason = await endBy(sender);
      t.true(reason instanceof Error);
      t.deepEqual((reason as Error).cause, value);
    }
  });

  test(`a promise of stop ends the process after the callback${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const { pid, wrote } = await waiterOn(node, place.other);
    const sender = await watcherOf(node, place, pid);
    const ado: Ado = { type: 'ado', steps: ['a turn'], result: 'a stop' };
    await sender.run((self) => self.send(pid, ado));
    t.is(await endBy(sender), 'shutdown');
    t.deepEqual((await wrote(3)).slice(0, 3), ['message begins', 'message ends', 'end shutdown']);
  });

  test(`an asynchronous terminate may send until it has settled${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const heir = await witnessOn(node, place.self);
    const { pid } = await waiterOn(node, place.other, { heir: heir.pid as Pid<unknown> });
    await heir.run((self) => self.sendExit(pid, 'shutdown'));
    await gone(node, { pid });
    await waitFor('the bequest', () => heir.seen.length > 0);
    t.like(await heir.heard(), [{ on: 'message', message: 'bequest', from: pid }]);
  });
}

// What a thread does last is seen from there alone.
test('the stop of the node waits for an asynchronous terminate', async (t) => {
  const node = await quietNode(t);
  const done: unknown[] = [];
  const target = await spawnScript(node, {
    terminate: async (self) => {
      await turn();
      done.push(self.send(node.pid as Pid<unknown>, 'still allowed'));
      throw new Error('of no consequence');
    },
  });
  node.sendExit(target, 'shutdown');
  await within('the stop', () => node.stop());
  t.deepEqual(done, ['ok']);
});
