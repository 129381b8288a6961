import test from 'ava';
import {
  Actor,
  noreply,
  processName,
  type Answer,
  type MaybePromise,
  type Next,
  type ProcessName,
  type Request,
} from 'tergo';
import { probe, startUnit, type StandIn } from 'tergo/testing';
import { Witness } from '../support/witness.ts';

type StoreRequest =
  Request<{ type: 'get'; key: string }, number> | Request<{ type: 'size' }, number>;
interface StoreProtocol {
  message: { type: 'put'; key: string; value: number };
  request: StoreRequest;
}
const storeName: ProcessName<StoreProtocol> = processName('store');

/** Gives the caller whatever the store gives. */
class Front extends Actor<{ request: StoreRequest }> {
  override handleCall(request: StoreRequest): MaybePromise<Answer> {
    return this.forward(storeName, request);
  }
}

test('a stand-in keeps what it gets, with the sender', async (t) => {
  await using unit = await startUnit();
  const store = await unit.standIn({ name: storeName });
  const self = await probe(Witness, { unit, args: [] });
  await self.send((me) => void me.send(storeName, { type: 'put', key: 'a', value: 1 }));
  t.deepEqual(store.received, [{ message: { type: 'put', key: 'a', value: 1 }, from: self.pid }]);
  t.is(unit.node.whereis(storeName), store.pid);
});

test('a stand-in answers by type: with a value, by a function, later, or with an error', async (t) => {
  await using unit = await startUnit();
  const store = await unit.standIn({ name: storeName });
  const front = await probe(Front, { unit });
  store.answer('size', 3);
  store.answer('get', ({ key }, from) => key.length + (from === unit.tester.pid ? 100 : 0));
  t.is(await front.call({ type: 'size' }), 3);
  t.is(await front.call({ type: 'get', key: 'abc' }), 103);
  store.answer('get', () => Promise.resolve(8));
  t.is(await front.call({ type: 'get', key: 'abc' }), 8);
  store.answer('get', () => {
    throw new RangeError('no such key');
  });
  await t.throwsAsync(front.call({ type: 'get', key: 'abc' }), { instanceOf: RangeError });
  store.answer('get', () => Promise.reject(new TypeError('no key')));
  await t.throwsAsync(front.call({ type: 'get', key: 'abc' }), { instanceOf: TypeError });
  t.deepEqual([store.exited, store.calls()], [undefined, []]);
});

test('calls without an arranged answer wait for the test, each for its own [C25]', async (t) => {
  await using unit = await startUnit();
  const store = await unit.standIn({ name: storeName });
  const front = await probe(Front, { unit });
  const answers = [
    front.call({ type: 'get', key: 'a' }),
    front.call({ type: 'size' }),
    front.call({ type: 'get', key: 'b' }),
  ];
  t.is(store.calls().length, 3);
  const [a, b] = store.calls('get');
  t.deepEqual([a?.request.key, b?.request.key, a?.from], ['a', 'b', unit.tester.pid]);
  t.is(b?.reply(2), 'ok');
  t.is(a?.refuse(new Error('not today')), 'ok');
  t.is(a?.reply(1), 'response-ignored');
  t.is(store.calls('size')[0]?.reply(9), 'ok');
  await t.throwsAsync(answers[0]!, { message: 'not today' });
  t.deepEqual(await Promise.all(answers.slice(1)), [9, 2]);
  t.throws(() => a?.refuse('x' as never), { code: 'incorrect' });
});

test('a stand-in that waits for the answer of a promise takes other calls meanwhile', async (t) => {
  await using unit = await startUnit();
  const store = await unit.standIn({ name: storeName });
  const front = await probe(Front, { unit });
  const gate = Promise.withResolvers<number>();
  store.answer('get', () => gate.promise);
  store.answer('size', 1);
  const slow = front.call({ type: 'get', key: 'a' });
  t.is(await front.call({ type: 'size' }), 1);
  gate.resolve(5);
  t.is(await slow, 5);
  store.answer('get', () => new Promise<number>(() => undefined));
  const never = t.throwsAsync(front.call({ type: 'get', key: 'a' }), { code: 'timeout' });
  await unit.advance(5000);
  await never;
});

test('the end of a stand-in fires links and monitors and frees its name; a call to it rejects', async (t) => {
  await using unit = await startUnit();
  const store = await unit.standIn({ name: storeName });
  const linked = await probe(Witness, { unit, args: [] });
  const monitoring = await probe(Witness, { unit, args: [] });
  const front = await probe(Front, { unit });
  await linked.send((me) => me.link(storeName));
  await monitoring.send((me) => me.monitor(store.pid));
  const pending = t.throwsAsync(front.call({ type: 'size' }), { code: 'process-terminated' });
  const crash = new Error('disk full');
  await store.end(crash);
  await pending;
  t.deepEqual([store.exited, linked.exited, monitoring.exited], [crash, crash, undefined]);
  monitoring.shouldOnce('receive-down', { down: { pid: store.pid, reason: crash } });
  t.is(unit.node.whereis(storeName), undefined);
  await store.end();
  t.is(store.exited, crash);
  await t.throwsAsync(store.end('soon' as never), { code: 'incorrect' });
});

test('a stand-in obeys exits unless it is to trap them', async (t) => {
  await using unit = await startUnit();
  const [plain, trapping] = [await unit.standIn(), await unit.standIn({ trapExit: true })];
  const self = await probe(Witness, { unit, args: [] });
  await self.send((me) => {
    me.sendExit(plain.pid, 'shutdown');
    me.sendExit(trapping.pid, 'shutdown');
  });
  t.deepEqual([plain.exited, trapping.exited], ['shutdown', undefined]);
  unit.shouldOnce('receive-exit', { to: trapping.pid });
});

test('a stand-in can do what a process can', async (t) => {
  await using unit = await startUnit();
  const peer: StandIn = await unit.standIn();
  const self = await probe(Witness, { unit, args: [] });
  await peer.self.monitor(self.pid);
  peer.self.send(self.pid, () => noreply);
  await unit.settle();
  self.shouldOnce('deliver', { from: peer.pid });
  await self.exit('shutdown');
  unit.shouldOnce('receive-down', { to: peer.pid, down: { pid: self.pid, reason: 'shutdown' } });
  t.is(peer.exited, undefined);
});

test('what a stand-in spawns is real', async (t) => {
  await using unit = await startUnit();
  const peer = await unit.standIn();
  const child = await peer.self.spawn(Front);
  t.throws(() => unit.standInOf(child), { code: 'process-unknown' });
});

test('replies of any shape arrive as they are', async (t) => {
  class Asking extends Actor<{ message: unknown }> {
    override async handleMessage(): Promise<Next> {
      const reply = await this.call(oracle.pid, { type: 'x' });
      this.log.info('reply', { reply });
      return noreply;
    }
  }
  await using unit = await startUnit();
  const oracle = await unit.standIn();
  const asking = await probe(Asking, { unit });
  for (const value of [undefined, null, 0, '', [1], noreply]) {
    oracle.answer('x', value);
    await asking.send('go');
    t.is(asking.records('log').at(-1)?.fields['reply'], value);
  }
});

test('bad options of a stand-in are refused at once', async (t) => {
  await using unit = await startUnit();
  await unit.standIn({ name: storeName });
  await t.throwsAsync(unit.standIn({ name: storeName }), { code: 'taken' });
  await t.throwsAsync(unit.standIn({ trapExit: 1 } as never), {
    code: 'incorrect',
    message: /^options\.trapExit/,
  });
  await t.throwsAsync(unit.standIn({ nam: 'x' } as never), {
    code: 'incorrect',
    message: /^options\.nam/,
  });
  await t.throwsAsync(unit.standIn({ name: '' } as never), { code: 'incorrect' });
});
