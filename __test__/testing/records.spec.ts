import test, { type ExecutionContext } from 'ava';
import {
  eventName,
  isResponseTo,
  noreply,
  processName,
  reply,
  replyError,
  stop,
  Actor,
  type Answer,
  type EventName,
  type MaybePromise,
  type Next,
  type ProcessName,
  type Publisher,
  type Request,
  type RequestRef,
  type Response,
} from 'tergo';
import {
  anyAlias,
  anyPid,
  instanceOf,
  ofType,
  probe,
  startUnit,
  type Probe,
  type Unit,
} from 'tergo/testing';
import { Witness, type Task, type WitnessProtocol } from '../support/witness.ts';

type PeerProtocol = { message: unknown; request: Request<{ type: 'ask' }, number> };
const peerName: ProcessName<PeerProtocol> = processName('peer');
const ticks: EventName<number> = eventName('ticks');

async function unitOf(t: ExecutionContext): Promise<Unit> {
  const unit = await startUnit();
  t.teardown(() => unit[Symbol.asyncDispose]());
  return unit;
}

async function witness(t: ExecutionContext): Promise<{ unit: Unit; self: Probe<WitnessProtocol> }> {
  const unit = await unitOf(t);
  return { unit, self: await probe(Witness, { unit, args: [] }) };
}

test('sends are recorded with target, message, priority and result [C25]', async (t) => {
  const { unit, self } = await witness(t);
  const peer = await unit.standIn({ name: peerName });
  await self.send((me) => {
    me.send(peer.pid, { type: 'put', value: 1 });
    me.send(peerName, 'by name', { priority: 'max' });
    me.send(processName('nobody'), 'lost');
    me.priority = 'high';
    me.send(peer.pid, 'urgent');
  });
  t.deepEqual(
    self
      .records('send')
      .map(({ to, message, priority, via, result }) => [to, message, priority, via, result]),
    [
      [peer.pid, { type: 'put', value: 1 }, 'normal', 'send', 'ok'],
      ['peer', 'by name', 'max', 'send', 'ok'],
      ['nobody', 'lost', 'normal', 'send', 'name-unknown'],
      [peer.pid, 'urgent', 'high', 'send', 'ok'],
    ],
  );
  t.deepEqual(
    self.sent.map(({ message }) => message),
    [{ type: 'put', value: 1 }, 'by name', 'lost', 'urgent'],
  );
  const { by, node, atMs } = self.should('send');
  t.deepEqual([by, node, atMs], [self.pid, 'unit@localhost', 0]);
});

test('an important send is a send; a send with a wrong target has no result', async (t) => {
  const { unit, self } = await witness(t);
  const peer = await unit.standIn({ name: peerName });
  await self.send((me) => me.sendImportant(peer.pid, 'sure'));
  self.shouldOnce('send', { to: peer.pid, message: 'sure', result: 'ok' });
  await self.send((me) => void me.send({} as never, 'lost' as never));
  self.should('send', { message: 'lost', result: undefined });
  t.true(self.exited instanceof Error);
});

test('timers are recorded when they start, as sends when they fire, and know of their cancellation', async (t) => {
  const { unit, self } = await witness(t);
  const peer = await unit.standIn();
  await self.send((me) => {
    me.sendAfter(peer.pid, 'later', 100);
    me.sendEvery(peer.pid, 'tick', 40);
    me.sendExitAfter(peer.pid, 'shutdown', 100);
    using _never = me.sendAfter(peer.pid, 'never', 100);
  });
  self.shouldTimes(4, 'timer', { to: peer.pid, state: 'done' });
  self.shouldOnce('timer', { message: 'later', afterMs: 100, isRepeated: false, isExit: false });
  self.shouldOnce('timer', { message: 'tick', afterMs: 40, isRepeated: true, isCancelled: false });
  self.shouldOnce('timer', { message: 'shutdown', isExit: true });
  self.shouldOnce('timer', { message: 'never', isCancelled: true });
  self.shouldNot('send');
  await self.advance(100);
  t.deepEqual(
    self.records('send', { via: 'timer' }).map(({ atMs, message }) => [atMs, message]),
    [
      [40, 'tick'],
      [80, 'tick'],
      [100, 'later'],
    ],
  );
  t.is(peer.exited, 'shutdown');
});

test('a timer that cannot start is recorded as failed', async (t) => {
  const { self } = await witness(t);
  await self.send((me) => void me.sendAfter(me.pid, () => noreply, -1));
  self.shouldOnce('timer', { state: 'failed', error: { code: 'incorrect' } });
  t.pass();
});

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

test('spawns are recorded with class, arguments, name, options and the pid of the child [C25]', async (t) => {
  class Child extends Actor {
    override init(_size: number, _label?: string): void {}
  }
  const { unit, self } = await witness(t);
  await self.send((me) =>
    me.spawn(Child, { args: [4, 'x'], name: 'child', linkChild: true }).then(() => undefined),
  );
  const { pid } = self.shouldOnce('spawn', {
    behaviour: Child,
    args: [4, 'x'],
    name: 'child',
    options: { linkChild: true },
    state: 'done',
    pid: anyPid(),
  });
  t.is(unit.node.whereis(processName('child')), pid as never);

  await self.send((me) =>
    me.spawn(Child, { args: [1], name: 'child' }).then(
      () => undefined,
      () => undefined,
    ),
  );
  self.shouldOnce('spawn', {
    args: [1],
    state: 'failed',
    error: { code: 'taken' },
    pid: undefined,
  });
  unit.shouldNot('register-name');
});

test('links and monitors are recorded with what became of them', async (t) => {
  const { unit, self } = await witness(t);
  const peer = await unit.standIn({ name: peerName });
  const steps: Task[] = [
    (me) => me.link(peer.pid),
    (me) => me.unlink(peer.pid),
    (me) => me.monitor(peerName),
    (me) => me.demonitor(peerName),
    (me) => me.link(me.pid).catch(() => undefined),
  ];
  for (const step of steps) await self.send(step);
  self.shouldOnce('link', { target: peer.pid, state: 'done' });
  self.shouldOnce('unlink', { target: peer.pid, state: 'done' });
  self.shouldOnce('monitor', { target: peerName, state: 'done' });
  self.shouldOnce('demonitor', { target: peerName, state: 'done' });
  self.shouldOnce('link', { target: self.pid, state: 'failed', error: { code: 'not-allowed' } });
  t.is(unit.node.info().links, 0);
});

test('events are recorded: registered, published, subscribed to and received', async (t) => {
  const unit = await unitOf(t);
  const producer = await probe(Witness, { unit, args: [] });
  const consumer = await probe(Witness, { unit, args: [] });
  const publishers: Publisher<number>[] = [];
  await producer.send((me) => {
    publishers.push(me.registerEvent(ticks, { notify: true, buffer: 1 }));
  });
  producer.shouldOnce('register-event', {
    event: ticks,
    options: { notify: true, buffer: 1 },
    state: 'done',
  });
  await consumer.send((me) => me.monitorEvent(ticks).then(() => undefined));
  consumer.shouldOnce('subscribe', { event: ticks, via: 'monitor', state: 'done' });
  producer.shouldOnce('receive-notice', { notice: 'event-start', event: ticks });
  await producer.send((me) => void me.sendEvent(publishers[0]!, 5));
  producer.shouldOnce('publish', { event: ticks, message: 5, result: 'ok', priority: 'normal' });
  consumer.shouldOnce('receive-event', {
    event: ticks,
    message: 5,
    meta: { node: 'unit@localhost' },
  });
  await consumer.send((me) => me.demonitorEvent(ticks).then(() => undefined));
  consumer.shouldOnce('unsubscribe', { event: ticks, via: 'monitor', state: 'done' });
  producer.shouldOnce('receive-notice', { notice: 'event-stop' });
  await consumer.send((me) => me.linkEvent(ticks).then(() => undefined));
  await producer.send((me) => me.unregisterEvent(ticks));
  producer.shouldOnce('unregister-event', { event: ticks, state: 'done' });
  consumer.shouldOnce('receive-exit', { exit: { kind: 'event', name: ticks } });
  t.true(consumer.exited instanceof Error);
});

test('names and aliases are recorded as they come and go', async (t) => {
  const { unit, self } = await witness(t);
  const name: ProcessName<WitnessProtocol> = processName('self');
  await self.send((me) => {
    me.registerName(name);
    me.unregisterName();
    me.deleteAlias(me.createAlias());
  });
  self.shouldOnce('register-name', { name, state: 'done' });
  self.shouldOnce('unregister-name', { name, state: 'done' });
  const { alias } = self.shouldOnce('create-alias', { alias: anyAlias(), state: 'done' });
  self.shouldOnce('delete-alias', { alias: alias!, state: 'done' });
  await unit.standIn({ name: peerName });
  await self.send((me) => {
    me.registerName(peerName as never);
  });
  self.shouldOnce('register-name', { name: peerName, state: 'failed', error: { code: 'taken' } });
  t.true(self.exited instanceof Error);
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

test('logs are recorded with level, text and fields, from debug on [C25]', async (t) => {
  const { self } = await witness(t);
  await self.send((me) => {
    me.log.debug('looking');
    me.log.info('sold', { total: 3, to: me.pid });
    me.log.level = 'error';
    me.log.warning('not written');
  });
  self.shouldOnce('log', { level: 'debug', message: 'looking' });
  self.shouldOnce('log', { level: 'info', message: /^sold/, fields: { total: ofType('number') } });
  self.shouldNot('log', { message: /written/ });
  t.is(self.records('log').length, 2);
});

test('exits that are sent and received are recorded, trapped or not [C25]', async (t) => {
  const unit = await unitOf(t);
  const sender = await probe(Witness, { unit, args: [] });
  const trapping = await probe(Witness, { unit, args: [[], true] });
  const other = await probe(Witness, { unit, args: [] });
  const reason = new Error('enough');
  await sender.send((me) => {
    me.sendExit(trapping.pid, reason);
    me.sendExit(other.pid, reason);
    me.sendExit(me.pid, reason);
  });
  sender.shouldTimes(2, 'send-exit', { reason, result: 'ok' });
  sender.shouldOnce('send-exit', { to: sender.pid, result: 'not-allowed' });
  for (const process of [trapping, other]) {
    process.shouldOnce('receive-exit', {
      to: process.pid,
      exit: { kind: 'pid', pid: sender.pid, reason },
    });
  }
  trapping.shouldNot('terminate');
  other.shouldOnce('terminate', { reason, exit: { pid: sender.pid } });
  t.deepEqual([trapping.exited, other.exited], [undefined, reason]);
});

test('downs are recorded', async (t) => {
  const { unit, self } = await witness(t);
  const peer = await unit.standIn();
  await self.send((me) => me.monitor(peer.pid));
  await peer.end('shutdown');
  self.shouldOnce('receive-down', {
    to: self.pid,
    down: { kind: 'pid', pid: peer.pid, reason: 'shutdown' },
  });
  t.is(self.exited, undefined);
});

test('the end is recorded with its reason: normal, shutdown, an error, a kill; after it nothing is taken [C25]', async (t) => {
  const unit = await unitOf(t);
  const ends: [Task | 'exit' | 'kill', unknown][] = [
    [() => stop(), 'normal'],
    [() => stop('shutdown'), 'shutdown'],
    ['exit', 'shutdown'],
    ['kill', 'kill'],
    [() => Promise.reject(new RangeError('too much')), instanceOf(RangeError)],
  ];
  for (const [how, reason] of ends) {
    const self = await probe(Witness, { unit, args: [] });
    if (how === 'exit') await self.exit('shutdown');
    else if (how === 'kill') unit.node.kill(self.pid);
    else await self.send(how);
    self.shouldOnce('terminate', { reason: reason as never });
    const mark = self.mark();
    t.is(await self.send((me) => me.log.info('still here')), 'process-unknown');
    t.deepEqual(self.since(mark).records(), []);
    t.is(await self.exit('normal'), 'process-unknown');
    await t.throwsAsync(self.inspect(), { code: 'process-unknown' });
  }
  unit.shouldOnce('kill');
});

test('what others do, the node too, is recorded by the unit and not by the probe', async (t) => {
  const { unit, self } = await witness(t);
  const peer = await unit.standIn();
  unit.node.send(peer.pid, 'from the node');
  peer.self.send(self.pid, () => noreply);
  await unit.settle();
  unit.shouldOnce('send', { by: unit.node.pid, message: 'from the node' });
  unit.shouldOnce('send', { by: peer.pid });
  self.shouldNot('send');
  unit.shouldOnce('spawn', { by: unit.node.pid, pid: self.pid, behaviour: Witness });
  t.pass();
});
