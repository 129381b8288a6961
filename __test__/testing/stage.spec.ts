import { AssertionError } from 'node:assert';
import test, { type ExecutionContext } from 'ava';
import { eventName, noreply, startNode, stop, type EventName, type Next, type Node } from 'tergo';
import { any, instanceOf, probe, stage, startUnit, virtualClock } from 'tergo/testing';
import { within } from '../support/wait-for.ts';
import { quietNode, spawnWitness, Witness, type Handle, type Task } from '../support/witness.ts';

const ticks: EventName<number> = eventName('ticks');

async function pair(t: ExecutionContext): Promise<{ node: Node; a: Handle; b: Handle }> {
  const node = await quietNode(t);
  return { node, a: await spawnWitness(node), b: await spawnWitness(node) };
}

test('what living processes send and get is recorded, those from before the stage included', async (t) => {
  const { node, a, b } = await pair(t);
  using s = stage(node);
  await a.run((me) => void me.send(b.pid, idle));
  await s.shouldOnce('send', { by: a.pid, to: b.pid, message: idle, result: 'ok' });
  await s.shouldOnce('deliver', { to: b.pid, from: a.pid, message: idle });
  const c = await spawnWitness(node);
  node.send(c.pid, idle);
  await s.shouldOnce('deliver', { to: c.pid, from: node.pid, message: idle });
  t.deepEqual(
    s.records('spawn').map(({ pid }) => pid),
    [c.pid],
  );
});

test('links, monitors, exits, downs and events are seen on both sides', async (t) => {
  const { node, a, b } = await pair(t);
  const trapping = await spawnWitness(node, { trapExit: true });
  using s = stage(node);
  await a.run((me) => me.monitor(b.pid));
  await trapping.run((me) => me.link(b.pid));
  await s.should('monitor', { by: a.pid, target: b.pid, state: 'done' });
  await s.should('link', { by: trapping.pid, target: b.pid });
  const publisher = node.registerEvent(ticks);
  await a.run((me) => me.monitorEvent(ticks));
  node.sendEvent(publisher, 5);
  await s.shouldOnce('receive-event', { to: a.pid, event: ticks, message: 5 });

  const crash = new Error('crash');
  node.send(b.pid, () => Promise.reject(crash));
  const { exit } = await s.shouldOnce('receive-exit', { to: trapping.pid });
  const { down } = await s.shouldOnce('receive-down', { to: a.pid });
  await s.shouldOnce('terminate', { by: b.pid, reason: crash });
  t.deepEqual(
    [exit, down],
    [
      { kind: 'pid', pid: b.pid, reason: crash },
      { kind: 'pid', pid: b.pid, reason: crash },
    ],
  );
  await s.should('log', { by: b.pid, level: 'error', fields: { error: crash } });
});

test('an expectation waits for what is to come, and for no longer', async (t) => {
  const { node, a } = await pair(t);
  using s = stage(node);
  const expected = s.should('deliver', { to: a.pid }, { withinMs: 60_000 });
  node.sendAfter(a.pid, () => noreply, 20);
  await within('the expectation', () => expected, 10_000);
  const times = s.shouldTimes(3, 'deliver', { to: a.pid }, { withinMs: 60_000 });
  for (const afterMs of [1, 15]) node.sendAfter(a.pid, () => noreply, afterMs);
  t.is((await times).length, 3);
});

test('an expectation that is not met in time says what it waited for', async (t) => {
  const { node, a } = await pair(t);
  using s = stage(node);
  node.send(a.pid, () => noreply);
  const error = await t.throwsAsync(s.should('receive-down', { to: a.pid }, { withinMs: 5 }), {
    instanceOf: AssertionError,
  });
  t.regex(
    error?.message ?? '',
    /^some process should receive down at least once within 5 ms, like\n.*\nThere is no record of the kind 'receive-down'\.$/,
  );
  const close = await t.throwsAsync(
    s.should('deliver', { to: a.pid, isCall: true }, { withinMs: 5 }),
  );
  t.regex(close?.message ?? '', /isCall must be true, but is false/);
});

test('once and times fail when one more comes before the nodes rest', async (t) => {
  const { node, a, b } = await pair(t);
  using s = stage(node);
  await a.run((me) => {
    for (let n = 0; n < 3; n += 1) me.send(b.pid, () => noreply);
  });
  await s.shouldTimes(3, 'deliver', { from: a.pid });
  await t.throwsAsync(s.shouldOnce('deliver', { from: a.pid }), {
    message: /should deliver once within 5000 ms[^]*3 of 4 fit/,
  });
  await t.throwsAsync(s.shouldTimes(2, 'deliver', { from: a.pid }), { message: /2 times/ });

  const mark = s.mark();
  node.send(a.pid, (me) => {
    me.send(b.pid, () => noreply);
    me.send(b.pid, () => noreply);
    return noreply;
  });
  await t.throwsAsync(s.since(mark).shouldOnce('deliver', { to: b.pid }), {
    instanceOf: AssertionError,
  });
});

test('should not waits until the nodes rest, or looks on as long as it is told to', async (t) => {
  const { node, a, b } = await pair(t);
  using s = stage(node);
  await s.shouldNot('deliver');
  node.send(a.pid, (me) => {
    me.send(b.pid, () => noreply);
    return noreply;
  });
  await t.throwsAsync(s.shouldNot('deliver', { to: b.pid }), { instanceOf: AssertionError });

  const mark = s.mark();
  await s.since(mark).shouldNot('deliver');
  const failed = t.throwsAsync(s.since(mark).shouldNot('deliver', {}, { withinMs: 60_000 }), {
    message: /should not deliver within 60000 ms/,
  });
  node.sendAfter(a.pid, () => noreply, 10);
  await within('the failure', () => failed, 10_000);
  await s.shouldNot('receive-exit', any(), { withinMs: 10 });
  await s.shouldTimes(0, 'receive-exit');
});

test('what follows by calls and promises, however long they take, is waited for', async (t) => {
  const { node, a, b } = await pair(t);
  using s = stage(node);
  const sendTwice: Task = async (me) => {
    me.send(b.pid, idle);
    await hops(me, b);
    me.send(b.pid, idle);
  };
  node.send(a.pid, sendTwice);
  await t.throwsAsync(s.shouldOnce('deliver', { to: b.pid }), { message: /2 of 3 fit/ });
  const mark = s.mark();
  const sendLate: Task = async (me) => {
    await hops(me, b);
    me.send(b.pid, idle);
  };
  node.send(a.pid, sendLate);
  await t.throwsAsync(s.since(mark).shouldNot('deliver', { to: b.pid }), {
    instanceOf: AssertionError,
  });
});

test('since a mark only what came after it counts', async (t) => {
  const { node, a } = await pair(t);
  using s = stage(node);
  await a.run(() => undefined);
  const mark = s.mark();
  await s.since(mark).shouldNot('deliver');
  await a.run(() => undefined);
  await s.since(mark).shouldOnce('deliver', { to: a.pid });
  await s.shouldTimes(2, 'deliver', { to: a.pid });
  s.clear();
  t.deepEqual(s.records(), []);
});

test('several nodes share one stage, and each record tells its node', async (t) => {
  const nodes = [
    await quietNode(t, {}, 'a@localhost'),
    await quietNode(t, {}, 'b@localhost'),
  ] as const;
  const [a, b] = [await spawnWitness(nodes[0]), await spawnWitness(nodes[1])];
  using s = stage(...nodes);
  await a.run(() => undefined);
  await b.run(() => undefined);
  await s.shouldOnce('deliver', { node: 'a@localhost', to: a.pid });
  await s.shouldOnce('deliver', { node: 'b@localhost', to: b.pid });
  await s.shouldTimes(2, 'deliver');
  t.pass();
});

test('a stage over a virtual clock waits for records while the test moves the time', async (t) => {
  const clock = virtualClock();
  const node = await quietNode(t, { clock });
  const a = await spawnWitness(node);
  using s = stage(node);
  node.sendAfter(a.pid, () => stop('shutdown'), 3_600_000);
  await s.shouldNot('deliver');
  await clock.advance(3_600_000);
  const { atMs } = await s.shouldOnce('terminate', { by: a.pid, reason: 'shutdown' });
  t.is(atMs, 3_600_000);
});

test('operations on live nodes can be made to fail', async (t) => {
  const { node, a, b } = await pair(t);
  using s = stage(node);
  const fault = s.fail('link', { with: new Error('arranged'), when: { by: a.pid }, times: 1 });
  await t.throwsAsync(
    a.run((me) => me.link(b.pid)),
    { message: 'arranged' },
  );
  await a.run((me) => me.link(b.pid));
  t.deepEqual([fault.seen, fault.failed, node.info().links], [2, 1, 1]);
  await s.should('link', { state: 'failed', error: { message: 'arranged' } });
});

test('after the stage the nodes go on, and nothing more is recorded or fails', async (t) => {
  const { node, a, b } = await pair(t);
  const s = stage(node);
  const c = await spawnWitness(node);
  s.fail('send', { with: 'no-connection', when: { by: a.pid } });
  s.fail('monitor', { with: new Error('arranged') });
  t.is(await a.run((me) => me.send(b.pid, () => noreply)), 'no-connection');
  t.true(await a.run((me) => Object.hasOwn(me, 'receive')));
  s[Symbol.dispose]();
  t.false(await a.run((me) => Object.hasOwn(me, 'receive')));
  const before = s.records().length;
  t.is(await a.run((me) => me.send(b.pid, () => noreply)), 'ok');
  await c.run((me) => me.monitor(a.pid));
  await spawnWitness(node);
  t.is(s.records().length, before);
  s[Symbol.dispose]();
});

test('two stages on one node see the same, and the end of one leaves the other', async (t) => {
  const { node, a } = await pair(t);
  using first = stage(node);
  const second = stage(node);
  await a.run(() => undefined);
  await Promise.all([first.shouldOnce('deliver'), second.shouldOnce('deliver')]);
  first.clear();
  await second.shouldOnce('deliver');
  second[Symbol.dispose]();
  await a.run(() => undefined);
  await first.shouldOnce('deliver');
  t.is(second.records('deliver').length, 1);
});

test('a stage may look at the node of a unit', async (t) => {
  await using unit = await startUnit();
  using s = stage(unit.node);
  class Never extends Error {}
  const store = await unit.standIn();
  await store.end(new Never());
  await s.shouldOnce('terminate', { by: store.pid, reason: instanceOf(Never) });
  unit.shouldOnce('terminate');
  t.pass();
});

test('every end is seen when many die at once', async (t) => {
  const node = await quietNode(t);
  const handles = await Promise.all(Array.from({ length: 300 }, () => spawnWitness(node)));
  using s = stage(node);
  for (const { pid } of handles) node.send(pid, () => Promise.reject(new Error('storm')));
  const ended = await s.shouldTimes(300, 'terminate', { reason: { message: 'storm' } });
  t.is(new Set(ended.map(({ by }) => by)).size, 300);
});

test('the stop of a node is seen, and does not break its stage', async (t) => {
  const { node, a } = await pair(t);
  using s = stage(node);
  await node.stop();
  await s.shouldOnce('terminate', { by: a.pid, reason: 'shutdown' });
  await s.shouldTimes(2, 'terminate');
  t.throws(() => stage(node), { code: 'node-terminated' });
});

test('bad nodes and bad limits are refused at once', async (t) => {
  const { node } = await pair(t);
  t.throws(() => Reflect.apply(stage, undefined, []), {
    code: 'incorrect',
    message: /^nodes must be/,
  });
  t.throws(() => stage(node, {} as never), { code: 'incorrect', message: /^nodes\[1\] must be/ });
  t.throws(() => stage(node, node), { code: 'incorrect', message: /^nodes must be different/ });
  using s = stage(node);
  for (const withinMs of [-1, NaN, '5', 2 ** 31]) {
    await t.throwsAsync(s.should('send', {}, { withinMs: withinMs as number }), {
      code: 'incorrect',
      message: /^options\.withinMs/,
    });
  }
  await t.throwsAsync(s.should('send', {}, { within: 5 } as never), {
    code: 'incorrect',
    message: /^options\.within/,
  });
  await t.throwsAsync(s.shouldNot('sned' as never), {
    code: 'incorrect',
    message: /^kind must be/,
  });
  await t.throwsAsync(s.shouldTimes(-1, 'send'), { code: 'incorrect', message: /^times must be/ });
});

test('a stage does not see other nodes, be their names the same', async (t) => {
  await using node = await startNode('unit@localhost', { log: { disableConsole: true } });
  using s = stage(node);
  await using unit = await startUnit();
  const self = await probe(Witness, { unit, args: [] });
  await self.send(() => noreply);
  t.deepEqual(s.records(), []);
});

/** Takes some turns, and more than a millisecond, without waiting for anything from outside. */
async function hops(me: Witness, { pid }: Handle): Promise<void> {
  for (let hop = 0; hop < 5; hop += 1) {
    await me.inspect(pid);
    const until = performance.now() + 3;
    while (performance.now() < until);
  }
}

function idle(): Next {
  return noreply;
}
