import test from 'ava';
import {
  isResponseTo,
  noreply,
  processName,
  reply,
  replyError,
  stop,
  Actor,
  type Answer,
  type MaybePromise,
  type Next,
  type Request,
  type RequestRef,
  type Response,
} from 'tergo';
import { probe } from 'tergo/testing';
import { Witness } from '../support/witness.ts';
import { type PeerProtocol, peerName, unitOf, witness } from './witnessed.ts';

test('calls are recorded with their reply, their error or as pending [C25]', async (t) => {
  const { unit, self } = await witness(t);
  const peer = await unit.standIn<PeerProtocol>();
  peer.answer('ask', 7);
  await self.send((me) => me.call(peer.pid, { type: 'ask' }).then(() => undefined));
  self.shouldOnce('call', {
    to: peer.pid,
    request: { type: 'ask' },
    state: 'done',
    reply: 7,
    timeoutMs: undefined,
  });

  const silent = await unit.standIn<PeerProtocol>();
  const asked = (me: Witness): Promise<void> =>
    me.call(silent.pid, { type: 'ask' }, { timeoutMs: 50 }).then(
      () => undefined,
      () => undefined,
    );
  await self.send(asked);
  self.shouldOnce('call', { to: silent.pid, state: 'pending', timeoutMs: 50, error: undefined });
  await self.advance(50);
  self.shouldOnce('call', { to: silent.pid, state: 'failed', error: { code: 'timeout' } });

  await self.send((me) =>
    me
      .call(processName<PeerProtocol>('nobody'), { type: 'ask' })
      .catch(() => undefined)
      .then(() => undefined),
  );
  self.shouldOnce('call', { to: 'nobody', state: 'failed', error: { code: 'name-unknown' } });
  t.is(self.exited, undefined);
});

test('requests, their responses and their cancellation are recorded', async (t) => {
  class Asker extends Actor<{ message: 'ask' | 'cancel' }> {
    #ref: RequestRef<number> | undefined;
    override handleMessage(what: 'ask' | 'cancel'): Next {
      this.#ref = this.sendRequest(peerName, { type: 'ask' }, { label: what, timeoutMs: 10 });
      if (what === 'cancel') this.cancelRequest(this.#ref);
      return noreply;
    }
    override handleResponse(response: Response): Next {
      if (isResponseTo(response, this.#ref) && response.ok)
        this.log.info('answered', { value: response.value });
      return noreply;
    }
  }
  const unit = await unitOf(t);
  const peer = await unit.standIn({ name: peerName });
  const asker = await probe(Asker, { unit });
  await asker.send('ask');
  const { ref } = asker.shouldOnce('request', {
    to: peerName,
    request: { type: 'ask' },
    label: 'ask',
    timeoutMs: 10,
    state: 'done',
  });
  t.is(peer.calls('ask')[0]?.reply(3), 'ok');
  await unit.settle();
  asker.shouldOnce('receive-response', { response: { ref: ref!, ok: true, value: 3 } });
  asker.shouldOnce('log', { fields: { value: 3 } });
  await asker.send('cancel');
  asker.shouldOnce('cancel-request', { result: true });
});

test('answers are recorded, however they are given, and tell whether somebody waits for them [C25]', async (t) => {
  type Ask = Request<
    { type: 'return' | 'refuse' | 'later' | 'late' | 'stop' | 'promise' },
    string | undefined
  >;
  class Answering extends Actor<{ request: Ask; message: 'now' }> {
    readonly #held: ReturnType<typeof this.callerOf<Ask>>[] = [];
    override handleCall(request: Ask): MaybePromise<Answer> {
      switch (request.type) {
        case 'return':
          return reply(request, undefined);
        case 'refuse':
          return replyError(request, new Error('not today'));
        case 'promise':
          return Promise.resolve(reply(request, 'promised'));
        case 'stop':
          return stop('normal', reply(request, 'bye'));
        default:
          this.#held.push(this.callerOf(request));
          return noreply;
      }
    }
    override handleMessage(): Next {
      this.sendResponse(this.#held[0]!, 'held');
      this.sendResponseError(this.#held[1]!, new Error('too late'));
      return noreply;
    }
  }
  const unit = await unitOf(t);
  const self = await probe(Answering, { unit });
  const seen: unknown[] = [];
  const ask = (type: Ask['type'], timeoutMs: number): void =>
    void self.call({ type }, { timeoutMs }).then(
      (value) => seen.push(value),
      ({ message }: Error) => seen.push(/did not answer/.test(message) ? 'late' : message),
    );
  for (const type of ['return', 'refuse', 'later'] as const) ask(type, 100);
  ask('late', 1);
  await self.advance(1);
  await self.send('now');
  for (const type of ['promise', 'stop'] as const) ask(type, 100);
  await unit.settle();
  t.deepEqual(
    self
      .records('reply')
      .map(({ request, value, error, via, result }) => [
        (request as Ask | undefined)?.type,
        value ?? error?.message,
        via,
        result,
      ]),
    [
      ['return', undefined, 'return', 'ok'],
      ['refuse', 'not today', 'return', 'ok'],
      ['later', 'held', 'send-response', 'ok'],
      [undefined, 'too late', 'send-response', 'response-ignored'],
      ['promise', 'promised', 'return', 'ok'],
      ['stop', 'bye', 'return', 'ok'],
    ],
  );
  self.shouldTimes(6, 'reply', { to: unit.tester.pid });
  self.shouldTimes(6, 'deliver', { from: unit.tester.pid, isCall: true });
  t.true(seen.splice(seen.indexOf('late'), 1).length === 1);
  t.deepEqual(seen, [undefined, 'not today', 'held', 'promised', 'bye']);
});

test('an answer that is returned after the caller has given up is ignored, and recorded so', async (t) => {
  type Ask = Request<{ type: 'ask' }, number>;
  class Slow extends Actor<{ request: Ask }> {
    override async handleCall(request: Ask): Promise<Answer> {
      await gate.promise;
      return reply(request, 1);
    }
  }
  const gate = Promise.withResolvers<void>();
  const slow = await probe(Slow, { unit: await unitOf(t) });
  const asked = t.throwsAsync(slow.call({ type: 'ask' }, { timeoutMs: 5 }), { code: 'timeout' });
  await slow.advance(5);
  await asked;
  gate.resolve();
  await slow.settle();
  slow.shouldOnce('reply', { value: 1, result: 'response-ignored' });
});

test('an answer that is a promise is recorded with what it comes to', async (t) => {
  type Eventual<T extends string> = T extends string
    ? Request<{ type: T }, Promise<number> | number>
    : never;
  type Ask = Eventual<'good' | 'bad' | 'held'>;
  class Later extends Actor<{ request: Ask }> {
    override handleCall(request: Ask): Answer {
      const value =
        request.type === 'bad'
          ? Promise.reject(new Error('no'))
          : Promise.resolve(request.type.length);
      if (request.type !== 'held') return reply(request, value);
      this.sendResponse(this.callerOf(request), value);
      return noreply;
    }
  }
  const later = await probe(Later, { unit: await unitOf(t) });
  t.is(await later.call({ type: 'good' }), 4);
  await t.throwsAsync(later.call({ type: 'bad' }), { message: 'no' });
  t.is(await later.call({ type: 'held' }), 4);
  later.shouldOnce('reply', { value: 4, via: 'return', error: undefined });
  later.shouldOnce('reply', { value: undefined, error: { message: 'no' } });
  later.shouldOnce('reply', { value: 4, via: 'send-response' });
});

test('forwards of messages and calls are recorded, and no send beside them', async (t) => {
  type Ask = Request<{ type: 'ask' }, number>;
  class Relay extends Actor<{ request: Ask; message: string }> {
    override handleMessage(message: string): Next {
      return this.forward(peerName, message);
    }
    override handleCall(request: Ask): Answer {
      return this.forward(peerName, request);
    }
  }
  const unit = await unitOf(t);
  const peer = await unit.standIn({ name: peerName });
  peer.answer('ask', 8);
  const relay = await probe(Relay, { unit });
  await relay.send('passed on');
  t.is(await relay.call({ type: 'ask' }), 8);
  relay.shouldOnce('forward', { to: peerName, message: 'passed on', isCall: false });
  relay.shouldOnce('forward', { to: peerName, message: { type: 'ask' }, isCall: true });
  relay.shouldNot('send');
  t.is(peer.received[0]?.from, unit.tester.pid);
});

test('inspections are recorded on both sides and are no replies', async (t) => {
  class Open extends Actor<{ message: 'look' }> {
    override handleInspect(items: readonly string[]): Readonly<Record<string, string>> {
      return { asked: items.join() };
    }
    override async handleMessage(): Promise<Next> {
      await this.inspect(peer.pid, 'a');
      return noreply;
    }
  }
  const unit = await unitOf(t);
  const peer = await probe(Open, { unit });
  const self = await probe(Open, { unit });
  t.deepEqual(await self.inspect('x', 'y'), { asked: 'x,y' });
  self.shouldOnce('receive-inspect', { from: unit.tester.pid, items: ['x', 'y'] });
  await self.send('look');
  self.shouldOnce('inspect', {
    target: peer.pid,
    items: ['a'],
    answer: { asked: 'a' },
    state: 'done',
  });
  unit.shouldNot('reply');
});
