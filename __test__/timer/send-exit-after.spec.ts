import test from 'ava';
import { noreply, type Exit, type ExitReason } from 'tergo';
import { inside, spawnCollector, spawnPuppet, spawnScript } from '../support/improvise.ts';
import { quietNode } from '../support/witness.ts';
import { waitFor } from '../support/wait-for.ts';

test('a delayed exit signal ends its target for that reason, and terminate hears from whom', async (t) => {
  const node = await quietNode(t);
  const ends: [ExitReason, Exit | undefined][] = [];
  const target = await spawnScript(node, {
    terminate: (_self, reason, exit) => void ends.push([reason, exit]),
  });
  const sender = await spawnPuppet(node);
  const reason = new Error('custom');
  const timer = await inside(node, sender, (self) => self.sendExitAfter(target, reason, 5));
  await waitFor('the end', () => ends.length === 1);
  t.deepEqual(ends, [[reason, { kind: 'pid', pid: sender, reason }]]);
  t.false(timer.cancel());
});

test('a trapping target hears it as an exit', async (t) => {
  const node = await quietNode(t);
  const exits: Exit[] = [];
  const target = await spawnScript(node, {
    init: (self) => void (self.trapExit = true),
    handleExit: (_self, exit) => (exits.push(exit), noreply),
  });
  const sender = await spawnPuppet(node);
  await inside(node, sender, (self) => self.sendExitAfter(target, 'shutdown', 1));
  await waitFor('the exit', () => exits.length === 1);
  t.deepEqual(exits, [{ kind: 'pid', pid: sender, reason: 'shutdown' }]);
});

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

test('a delayed exit signal comes even if its sender has ended by then', async (t) => {
  const node = await quietNode(t);
  const reasons: ExitReason[] = [];
  const target = await spawnScript(node, {
    terminate: (_self, reason) => void reasons.push(reason),
  });
  const sender = await spawnPuppet(node);
  await inside(node, sender, (self) => self.sendExitAfter(target, 'shutdown', 10));
  node.kill(sender);
  await waitFor('the end', () => reasons.length === 1);
  t.deepEqual(reasons, ['shutdown']);
});

test('a delayed exit signal to what is gone by then is lost', async (t) => {
  const node = await quietNode(t);
  const [gone, other] = [await spawnCollector(node), await spawnCollector(node)];
  const sender = await spawnPuppet(node);
  await inside(node, sender, (self) => {
    self.sendExitAfter(gone.pid, 'shutdown', 1);
    self.sendExitAfter(other.pid, 'shutdown', 5);
  });
  node.kill(gone.pid);
  await waitFor('the other', () => node.processState(other.pid) === 'terminated');
  t.is(node.processState(sender), 'sleep');
});
