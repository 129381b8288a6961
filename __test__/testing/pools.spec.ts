import test from 'ava';
import { poolSpec, type AnyPid } from 'tergo';
import { probe, stage, startUnit } from 'tergo/testing';
import { Hand, pooled, TestPool, type Shared } from '../support/pooled.ts';
import { routed, TestRouter, handRoute } from '../support/routed.ts';

function share(): Shared {
  return { started: 0, got: [], ends: [], onInit: () => {}, onTerminate: () => {} };
}

test('a stage shows what a pool hands on, to whom it goes, and what it does there', async (t) => {
  const pool = await pooled(t, 2);
  using s = stage(pool.node);
  t.is(await pool.who('x'), 1);
  pool.node.send(pool.pid, 'hello');
  await pool.clock.settle();
  const call = { by: pool.pid, message: { key: 'x' }, isCall: true };
  const { to } = await s.shouldOnce('forward', call);
  await s.shouldOnce('deliver', { to: to as AnyPid, isCall: true });
  await s.shouldOnce('forward', { by: pool.pid, message: 'hello', isCall: false });
  await s.shouldOnce('deliver', { message: 'hello' });
  // Workers that come later are seen as well.
  await pool.kill(0);
  t.is(await pool.who(), 3);
  await s.shouldOnce('spawn', { behaviour: Hand });
});

test('a stage shows what a router hands on', async (t) => {
  const world = await routed(t);
  using s = stage(world.node);
  world.node.send(world.pid, 'b: x');
  world.node.send(world.pid, 'nowhere: y');
  await world.clock.settle();
  await s.shouldOnce('forward', { by: world.pid, message: 'b: x' });
  await s.shouldNot('forward', { message: 'nowhere: y' });
  t.is(world.self.failures.length, 1);
});

test('a probed pool hands on to stand-ins for its workers', async (t) => {
  await using unit = await startUnit();
  const shared = share();
  const specOf = () => poolSpec(Hand, { size: 2, args: [shared] });
  const pool = await probe(TestPool, { unit, args: [shared, specOf] });
  await pool.send('first');
  await pool.send('second');
  t.is(shared.started, 0);
  const { to } = pool.shouldOnce('forward', { message: 'first' });
  const first = unit.standInOf(to as AnyPid);
  t.deepEqual(
    first.received.map(({ message }) => message),
    ['first'],
  );
  // One that cannot be replaced: the other one takes everything.
  await first.end('normal');
  pool.fail('spawn', { with: new Error('no room') });
  await pool.send('third');
  await pool.send('fourth');
  pool.shouldOnce('log', { level: 'error', fields: { error: { message: 'no room' } } });
  t.is(first.received.length, 1);
  const { to: second } = pool.shouldOnce('forward', { message: 'fourth' });
  t.is(unit.standInOf(second as AnyPid).received.length, 3);
});

test('a probed router hands on to a stand-in for the process of its route', async (t) => {
  await using unit = await startUnit();
  const shared = share();
  const specOf = () => ({ routes: [handRoute(shared, 'a')] });
  const router = await probe(TestRouter, { unit, args: [shared, specOf] });
  await router.send('a: x');
  const { to } = router.shouldOnce('forward', { message: 'a: x' });
  t.is(unit.standInOf(to as AnyPid).received.length, 1);
  t.is(shared.started, 0);
});
