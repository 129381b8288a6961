import test from 'ava';
import type { Pid } from 'tergo';
import {
  closeShared,
  infoOf,
  isReason,
  places,
  settled,
  sharedPlace,
  witnessGone,
  witnessOn,
} from '../support/places.ts';
import { quietNode, reasonOf } from '../support/witness.ts';
import { inside, spawnCollector, spawnPuppet } from '../support/improvise.ts';
import { waitFor } from '../support/wait-for.ts';

test.after.always(closeShared);

for (const place of places) {
  test(`a delayed exit signal ends its target for that reason, and terminate hears from whom${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const target = await witnessOn(node, place.other);
    const sender = await witnessOn(node, place.self);
    const reason = new Error('custom');
    const timer = await sender.run((self) => self.delayExit(target.pid, reason, 5));
    await witnessGone(node, target);
    const exit = { kind: 'pid', pid: sender.pid, reason };
    t.deepEqual(target.seen as unknown[], [{ on: 'terminate', reason, exit }]);
    isReason(t, place, reasonOf(target.seen[0]), reason);
    t.false(await sender.run((self) => self.cancelTimer(timer)));
  });

  test(`a trapping target hears it as an exit${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const target = await witnessOn(node, place.other, { trapExit: true });
    const sender = await witnessOn(node, place.self);
    await sender.run((self) => self.delayExit(target.pid, 'shutdown', 1));
    await waitFor('the exit', () => target.seen.length === 1);
    const ended = { kind: 'pid', pid: sender.pid, reason: 'shutdown' };
    t.deepEqual((await target.heard()) as unknown[], [{ on: 'exit', ended }]);
  });

  test(`a delayed exit signal that is cancelled ends nobody${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const target = await witnessOn(node, place.other);
    const sender = await witnessOn(node, place.self);
    const timer = await sender.run((self) => self.delayExit(target.pid, 'shutdown', 60_000));
    t.true(await sender.run((self) => self.cancelTimer(timer)));
    await sender.run((self) => self.delay(target.pid as Pid<unknown>, 'alive', 5));
    await waitFor('the marker', () => target.seen.length === 1);
    t.like(target.seen, [{ on: 'message', message: 'alive' }]);
  });

  test(`a delayed exit signal comes even if its sender has ended by then${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const target = await witnessOn(node, place.other);
    const sender = await witnessOn(node, place.self);
    await sender.run((self) => self.delayExit(target.pid, 'shutdown', 100));
    node.kill(sender.pid);
    await witnessGone(node, target);
    t.is(reasonOf(target.seen[0]), 'shutdown');
  });

  test(`a delayed exit signal to what is gone by then is lost${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const gone = await witnessOn(node, place.other);
    const other = await witnessOn(node, place.other);
    const sender = await witnessOn(node, place.self);
    await sender.run((self) => [
      // Long enough for the kill to come first on a slow machine.
      self.delayExit(gone.pid, 'shutdown', 2000),
      self.delayExit(other.pid, 'shutdown', 2005),
    ]);
    node.kill(gone.pid);
    await witnessGone(node, other);
    await settled(node);
    t.like(gone.seen, { length: 1, 0: { on: 'terminate', reason: 'kill' } });
    t.is((await infoOf(node, sender.pid)).state, 'sleep');
  });
}

test('a delayed exit signal that is cancelled, or whose using is over, ends nobody', async (t) => {
  const node = await quietNode(t);
  const { pid, got } = await spawnCollector(node);
  const sender = await spawnPuppet(node);
  await inside(node, sender, (self) => {
    t.true(self.sendExitAfter(pid, 'shutdown', 1).cancel());
    using timer = self.sendExitAfter(pid, 'shutdown', 1);
    t.truthy(timer);
  });
  t.is(node.info().pendingTimers, 0);
  node.sendAfter(pid, 'alive', 5);
  await waitFor('the marker', () => got.length === 1);
});
