import test from 'ava';
import { noreply, processName, TergoError, type Node, type Pid } from 'tergo';
import { virtualClock } from 'tergo/testing';
import {
  inside,
  spawnCollector,
  spawnGated,
  spawnPuppet,
  spawnScript,
  type Script,
} from '../support/improvise.ts';
import { Server } from '../support/far-server.ts';
import { closeShared, infoOf, places, sharedPlace, witnessOn } from '../support/places.ts';
import { hasEnded, quietNode } from '../support/witness.ts';
import { waitFor } from '../support/wait-for.ts';

interface Body {
  readonly type: string;
}

/** A process that hands every call on to `to`. */
function spawnHand(
  node: Node,
  to: Pid<unknown>,
  rest: Script<unknown, Body> = {},
): Promise<Pid<unknown>> {
  return spawnScript<unknown, Body>(node, {
    handleCall: (self, request) => self.forward(to, request),
    ...rest,
  });
}

test.after.always(closeShared);

for (const place of places) {
  for (const thirdOn of place.isThreaded ? [place.self, place.other] : [0]) {
    const where = place.isThreaded ? `${place.title}, on to ${thirdOn}` : '';

    test(`a call handed to a third is answered by that one, and the first ends normally without answering [L22]${where}`, async (t) => {
      const node = await sharedPlace(t, place);
      const third = await node.spawn(Server, { thread: thirdOn });
      const first = await node.spawn(Server, { thread: place.other });
      const watcher = await witnessOn(node, place.self);
      await watcher.run((self) => self.monitor(first));
      const caller = await witnessOn(node, place.self);
      const to = third as Pid<unknown>;
      const asked = caller.run((self) => self.call(first, { type: 'hand on', to }));
      t.deepEqual((await asked) as unknown, [caller.pid, 'plain']);
      t.like(await watcher.heard(), [{ on: 'down', ended: { pid: first, reason: 'normal' } }]);
      t.true(hasEnded(node, first));
      t.is((await infoOf(node, third)).state, 'sleep');
      t.is((await infoOf(node, caller.pid)).pendingCalls, 0);
    });

    test(`a caller handed to a third as data is answered by that one after the first has ended [L22]${where}`, async (t) => {
      const node = await sharedPlace(t, place);
      const third = await node.spawn(Server, { thread: thirdOn });
      const first = await node.spawn(Server, { thread: place.other });
      const caller = await witnessOn(node, place.self);
      const to = third as Pid<unknown>;
      const asked = caller.run((self) => self.call(first, { type: 'give away', to }));
      t.is((await asked) as unknown, 'third');
      t.true(hasEnded(node, first));
    });
  }
}

test('a call goes through any number of hands and is answered to its first sender', async (t) => {
  const node = await quietNode(t);
  let next = await spawnScript(node, { handleCall: (_self, request, from) => [request, from] });
  for (let hand = 0; hand < 100; hand++) next = await spawnHand(node, next);
  const request = { type: 'parcel' };
  const answer = (await node.call(next, request)) as unknown[];
  t.true(answer[0] === request);
  t.true(answer[1] === node.pid);
  t.is(node.info().pendingCalls, 0);
});

test('a call is handed on by name and by alias, and after an await', async (t) => {
  const node = await quietNode(t);
  const name = processName<unknown>('last');
  const last = await spawnScript(
    node,
    {
      handleCall: (self, request: Body) =>
        request.type === 'alias' ? self.createAlias() : 'answered',
    },
    { name },
  );
  const alias = (await node.call(last, { type: 'alias' })) as Pid<unknown>;
  for (const to of [name, alias, last] as Pid<unknown>[]) {
    const hand = await spawnHand(node, to, {
      handleCall: async (self, request) => {
        await self.inspect(last);
        return self.forward(to, request);
      },
    });
    t.is(await node.call(hand, { type: 'x' }), 'answered');
  }
});

test('a process that has handed a call on is free for the next at once', async (t) => {
  const node = await quietNode(t);
  const { pid: slow, open } = await spawnGated(node);
  const hand = await spawnHand(node, slow);
  const calls = [1, 2, 3].map((number) => node.call(hand, { type: String(number) }));
  await waitFor('all to be handed on', () => node.processInfo(slow).mailbox === 3);
  t.is(node.processState(hand), 'sleep');
  t.is(node.info().pendingCalls, 3);
  open();
  t.deepEqual(await Promise.all(calls), [{ type: '1' }, { type: '2' }, { type: '3' }]);
});

test('a call handed to a dead, unknown or full target rejects its caller, and the hand lives', async (t) => {
  const node = await quietNode(t);
  const dead = await spawnCollector(node);
  node.kill(dead.pid);
  const full = await spawnGated(node, { mailboxSize: 1 });
  node.send(full.pid, 'fills it');
  const nobody = processName<unknown>('nobody') as unknown as Pid<unknown>;
  const targets = [
    [dead.pid, 'process-unknown'],
    [nobody, 'name-unknown'],
    [full.pid, 'process-mailbox-full'],
  ] as const;
  for (const [to, code] of targets) {
    const hand = await spawnHand(node, to);
    await t.throwsAsync(node.call(hand, { type: 'x' }), { instanceOf: TergoError, code });
    t.is(node.processState(hand), 'sleep');
  }
  t.is(node.info().pendingCalls, 0);
});

test('a call that was handed on rejects when the last hand ends, and not when a former one does', async (t) => {
  const node = await quietNode(t);
  const { pid: last } = await spawnGated(node);
  const middle = await spawnHand(node, last);
  const first = await spawnHand(node, middle);
  const call = node.call(first, { type: 'x' });
  await waitFor('the call at the last', () => node.processInfo(last).mailbox === 1);
  node.kill(first);
  node.kill(middle);
  t.is(node.info().pendingCalls, 1);
  node.kill(last);
  const refused = await t.throwsAsync(call, { instanceOf: TergoError, code: 'process-terminated' });
  t.true(refused.message.includes(String(last)));
  t.is(refused.cause, 'kill');
});

test('a call that was handed on still times out and aborts, and its handler is not called then', async (t) => {
  const clock = virtualClock();
  const node = await quietNode(t, { clock });
  const { pid: last, got, open } = await spawnGated(node);
  const hand = await spawnHand(node, last);
  const late = node.call(hand, { type: 'x' }, { timeoutMs: 500 });
  const refused = t.throwsAsync(late, { code: 'timeout' });
  await waitFor('it at the last', () => node.processInfo(last).mailbox === 1);
  await clock.advance(500);
  await refused;
  const controller = new AbortController();
  const aborted = node.call(hand, { type: 'x' }, { signal: controller.signal });
  await waitFor('both at the last', () => node.processInfo(last).mailbox === 2);
  controller.abort();
  await t.throwsAsync(aborted, { code: 'aborted' });
  open();
  await node.call(last, { type: 'fresh' });
  t.deepEqual(got, [{ type: 'fresh' }]);
});

test('a call handed to the process itself comes again behind what waits', async (t) => {
  const node = await quietNode(t);
  const order: string[] = [];
  const target = await spawnScript(node, {
    handleCall: (self, request: Body) => {
      order.push('call');
      return order.length < 3 ? self.forward(self.pid, request) : 'third time';
    },
    handleMessage: () => (order.push('message'), noreply),
  });
  const answer = node.call(target, { type: 'x' });
  node.send(target, 1);
  t.is(await answer, 'third time');
  t.deepEqual(order, ['call', 'message', 'call']);
});

test('what handleCall returns after it has handed the call on is the answer if it is one', async (t) => {
  const node = await quietNode(t);
  const { pid: slow, got, open } = await spawnGated(node);
  const hand = await spawnHand(node, slow, {
    handleCall: (self, request) => {
      self.forward(slow, request);
      return 'quicker';
    },
  });
  t.is(await node.call(hand, { type: 'x' }), 'quicker');
  open();
  await node.inspect(slow);
  await waitFor('its rest', () => node.processState(slow) === 'sleep');
  t.deepEqual(got, []);
});

test('the message that a process forwards inside of handleCall comes from its caller', async (t) => {
  const node = await quietNode(t);
  const senders: unknown[] = [];
  const last = await spawnScript(node, {
    handleMessage: (_self, _message, from) => (senders.push(from), noreply),
  });
  const hand = await spawnHand(node, last, {
    handleMessage: () => noreply,
    handleCall: (self) => (self.forward(last, 'another'), 'answer'),
  });
  const [other, caller] = [await spawnPuppet(node), await spawnPuppet(node)];
  await inside(node, other, (self) => self.send(hand, 1));
  const [answer] = await inside(node, caller, (self) => [self.call(hand, { type: 'x' })]);
  t.is(await answer, 'answer');
  await waitFor('the message', () => senders.length === 1);
  t.true(senders[0] === caller);
});

test('forward refuses what is no address, which ends the process like any error', async (t) => {
  const node = await quietNode(t);
  const hand = await spawnHand(node, 7 as never);
  const refused = await t.throwsAsync(node.call(hand, { type: 'x' }), { instanceOf: TergoError });
  t.is(refused.code, 'process-terminated');
  t.true(TergoError.is(refused.cause, 'incorrect'));
  t.regex((refused.cause as Error).message, /^to must be a pid/);
});
