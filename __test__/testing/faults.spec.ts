import test, { type ExecutionContext } from 'ava';
import {
  Actor,
  eventName,
  noreply,
  processName,
  reply,
  TergoError,
  type Answer,
  type Next,
  type ProcessName,
  type Request,
} from 'tergo';
import {
  anyPid,
  probe,
  startUnit,
  type FailOptions,
  type FailureKind,
  type Probe,
  type StandIn,
  type Unit,
} from 'tergo/testing';
import { Witness, type WitnessProtocol } from '../support/witness.ts';

type Ask = Request<{ type: 'ask' }, number>;
type PeerProtocol = { message: unknown; request: Ask };
const peerName: ProcessName<PeerProtocol> = processName('peer');
const failure = new Error('arranged');

interface World {
  readonly unit: Unit;
  readonly self: Probe<WitnessProtocol>;
  readonly peer: StandIn<PeerProtocol>;
}

async function world(t: ExecutionContext): Promise<World> {
  const unit = await startUnit();
  t.teardown(() => unit[Symbol.asyncDispose]());
  const peer = await unit.standIn({ name: peerName });
  peer.answer('ask', 1);
  return { unit, peer, self: await probe(Witness, { unit, args: [] }) };
}

/** The results of `count` sends. */
async function sends({ self, peer }: World, count: number): Promise<string[]> {
  const results: string[] = [];
  await self.send((me) => {
    for (let n = 0; n < count; n += 1) results.push(me.send(peer.pid, n));
  });
  return results;
}

test('an operation fails always, until the failure is cleared [C25]', async (t) => {
  const all = await world(t);
  const fault = all.self.fail('send', { with: 'no-connection' });
  t.deepEqual(await sends(all, 3), ['no-connection', 'no-connection', 'no-connection']);
  t.deepEqual([fault.seen, fault.failed], [3, 3]);
  all.self.shouldTimes(3, 'send', { result: 'no-connection' });
  fault.clear();
  t.deepEqual(await sends(all, 2), ['ok', 'ok']);
  t.deepEqual([fault.seen, fault.failed], [3, 3]);
  t.deepEqual(
    all.peer.received.map(({ message }) => message),
    [0, 1],
  );
});

test('an operation fails once, some times, after some, or by a pattern [C25]', async (t) => {
  const cases: [options: Omit<FailOptions<'send'>, 'with'>, results: string][] = [
    [{ times: 1 }, 'x.....'],
    [{ times: 2 }, 'xx....'],
    [{ after: 4 }, '....xx'],
    [{ after: 1, times: 2 }, '.xx...'],
    [{ pattern: [true, false, false, true] }, 'x..x..'],
    [{ pattern: [] }, '......'],
  ];
  for (const [options, results] of cases) {
    const all = await world(t);
    const fault = all.self.fail('send', { with: 'too-large', ...options });
    const marks = (await sends(all, 6)).map((result) => (result === 'ok' ? '.' : 'x'));
    t.is(marks.join(''), results);
    t.deepEqual([fault.seen, fault.failed], [6, results.replaceAll('.', '').length]);
  }
});

test('only what fits fails, and only that counts [C25]', async (t) => {
  const all = await world(t);
  const even = all.self.fail('send', {
    with: 'process-mailbox-full',
    when: { message: 2 },
    times: 1,
  });
  const other = all.self.fail('send', { with: 'not-allowed', when: { to: all.self.pid } });
  t.deepEqual(await sends(all, 4), ['ok', 'ok', 'process-mailbox-full', 'ok']);
  t.deepEqual([even.seen, even.failed, other.seen], [1, 1, 0]);
});

test('of several failures the first that decides counts; the others are not asked', async (t) => {
  const all = await world(t);
  const first = all.self.fail('send', { with: 'not-allowed', times: 1 });
  const second = all.self.fail('send', { with: 'too-large', times: 1 });
  t.deepEqual(await sends(all, 3), ['not-allowed', 'too-large', 'ok']);
  t.deepEqual([first.seen, second.seen], [3, 2]);
});

test('a failure of a probe concerns that process alone; one of the unit all but stand-ins and the node', async (t) => {
  const all = await world(t);
  const other = await probe(Witness, { unit: all.unit, args: [] });
  all.self.fail('send', { with: 'no-connection' });
  t.deepEqual(await sends(all, 1), ['no-connection']);
  t.deepEqual(await sends({ ...all, self: other }, 1), ['ok']);
  all.unit.fail('send', { with: 'too-large' });
  t.deepEqual(await sends({ ...all, self: other }, 1), ['too-large']);
  t.is(all.unit.node.send(all.peer.pid, 'x'), 'ok');
  t.is(
    all.peer.self.send(all.self.pid, () => noreply),
    'ok',
  );
});

test('what sends gives the result that was arranged, and does nothing', async (t) => {
  const { self, peer } = await world(t);
  const ticks = eventName<number>('ticks');
  self.fail('send', { with: 'process-unknown' });
  self.fail('send-exit', { with: 'no-connection' });
  self.fail('publish', { with: 'event-unknown' });
  const results: unknown[] = [];
  await self.send(async (me) => {
    results.push(me.sendExit(peer.pid, 'shutdown'));
    results.push(me.sendEvent(me.registerEvent(ticks), 1));
    results.push(await me.sendImportant(peer.pid, 'x').catch(({ code }: TergoError) => code));
  });
  t.deepEqual(results, ['no-connection', 'event-unknown', 'process-unknown']);
  t.deepEqual([peer.exited, peer.received], [undefined, []]);
});

test('what throws or rejects does so with the error that was arranged, and does nothing', async (t) => {
  const { unit, self, peer } = await world(t);
  const ticks = eventName<number>('ticks');
  unit.node.registerEvent(ticks);
  await self.send((me) =>
    Promise.all([me.link(peer.pid), me.monitor(peer.pid)]).then(() => undefined),
  );
  const name: ProcessName<WitnessProtocol> = processName('self');
  const alias = await new Promise<ReturnType<Witness['createAlias']>>((resolve) => {
    void self.send((me) => resolve(me.createAlias()));
  });
  const actions: [FailureKind, (me: Witness) => unknown][] = [
    ['timer', (me) => me.sendAfter(peer.pid, 'x', 1)],
    ['timer', (me) => me.sendExitAfter(peer.pid, 'kill', 1)],
    ['call', (me) => me.call(peer.pid, { type: 'ask' })],
    ['request', (me) => me.sendRequest(peer.pid, { type: 'ask' })],
    ['spawn', (me) => me.spawn(Witness, { args: [] })],
    ['link', (me) => me.link(peerName)],
    ['unlink', (me) => me.unlink(peer.pid)],
    ['monitor', (me) => me.monitor(peerName)],
    ['demonitor', (me) => me.demonitor(peer.pid)],
    ['subscribe', (me) => me.linkEvent(ticks)],
    ['unsubscribe', (me) => me.unlinkEvent(ticks)],
    ['register-event', (me) => me.registerEvent(eventName('other'))],
    ['unregister-event', (me) => me.unregisterEvent(ticks)],
    ['register-name', (me) => me.registerName(name)],
    ['create-alias', (me) => me.createAlias()],
    ['delete-alias', (me) => me.deleteAlias(alias)],
    ['inspect', (me) => me.inspect(peer.pid)],
  ];
  const before = unit.node.info();
  for (const [kind, action] of actions) {
    const fault = self.fail(kind, { with: failure } as FailOptions<FailureKind>);
    const mark = self.mark();
    const caught: unknown[] = [];
    await self.send(async (me) => {
      try {
        await action(me);
      } catch (error) {
        caught.push(error);
      }
    });
    t.deepEqual(caught, [failure], kind);
    t.is(caught[0], failure);
    self.since(mark).shouldOnce(kind, { state: 'failed', error: failure } as never);
    fault.clear();
  }
  const {
    links,
    monitors,
    registeredNames,
    registeredAliases,
    registeredEvents,
    processes,
    pendingTimers,
    pendingCalls,
  } = unit.node.info();
  t.like(before, {
    links,
    monitors,
    registeredNames,
    registeredAliases,
    registeredEvents,
    processes,
    pendingTimers,
    pendingCalls,
  });
});

test('giving up a name can fail', async (t) => {
  const { self } = await world(t);
  self.fail('unregister-name', { with: failure });
  await self.send((me) => {
    me.registerName(processName('self'));
    me.unregisterName();
  });
  t.is(self.exited, failure);
});

test('an important response that fails rejects, and is not given', async (t) => {
  class Server extends Actor<{ request: Request<{ type: 'later' }, number> }> {
    override async handleCall(request: Request<{ type: 'later' }, number>): Promise<Answer> {
      const told = this.sendResponseImportant(this.callerOf(request), 5);
      await told.catch(({ code }: TergoError) => this.log.info('response', { code }));
      return noreply;
    }
  }
  const { unit } = await world(t);
  const server = await probe(Server, { unit });
  server.fail('reply', { with: 'no-connection', times: 1 });
  const late = t.throwsAsync(server.call({ type: 'later' }, { timeoutMs: 10 }), {
    code: 'timeout',
  });
  await unit.settle();
  server.shouldOnce('log', { fields: { code: 'no-connection' } });
  server.shouldOnce('reply', { value: 5, result: 'no-connection' });
  await server.advance(10);
  await late;
  t.is(await server.call({ type: 'later' }), 5);
  await unit.settle();
  server.shouldOnce('reply', { value: 5, result: 'ok' });
});

test('a response that fails is not given; a forward that fails rejects the call or loses the message', async (t) => {
  class Server extends Actor<{
    request: Request<{ type: 'later' | 'pass' }, number>;
    message: string;
  }> {
    override handleCall(request: Request<{ type: 'later' | 'pass' }, number>): Answer {
      if (request.type === 'pass') return this.forward(processName(peerName), request);
      this.log.info('response', { result: this.sendResponse(this.callerOf(request), 5) });
      return noreply;
    }
    override handleMessage(message: string): Next {
      return this.forward(peerName, message);
    }
  }
  const { unit, peer } = await world(t);
  const server = await probe(Server, { unit });
  server.fail('reply', { with: 'no-connection' });
  server.fail('forward', { with: 'no-connection' });
  const later = t.throwsAsync(server.call({ type: 'later' }, { timeoutMs: 10 }), {
    code: 'timeout',
  });
  server.shouldOnce('log', { fields: { result: 'no-connection' } });
  server.shouldOnce('reply', { to: anyPid(), value: 5, result: 'no-connection' });
  await server.advance(10);
  await later;
  await t.throwsAsync(server.call({ type: 'pass' }), { code: 'no-connection' });
  await server.send('lost');
  server.shouldOnce('log', {
    level: 'warning',
    message: /is lost/,
    fields: { result: 'no-connection' },
  });
  t.deepEqual(peer.received, []);
});

test('an init can be made to fail by what it does [C25]', async (t) => {
  class Careful extends Actor<{ request: Ask }> {
    override async init(): Promise<void> {
      await this.link(peerName);
      this.registerName(processName('careful'));
    }
    override handleCall(request: Ask): Answer {
      return reply(request, 1);
    }
  }
  const { unit } = await world(t);
  const link = unit.fail('link', { with: new TergoError('no-connection', 'arranged'), times: 1 });
  const name = unit.fail('register-name', { with: failure, times: 1 });
  await t.throwsAsync(probe(Careful, { unit }), { code: 'no-connection' });
  await t.throwsAsync(probe(Careful, { unit }), { is: failure });
  await t.notThrowsAsync(probe(Careful, { unit }));
  t.deepEqual([link.seen, link.failed, name.seen, name.failed], [3, 1, 2, 1]);
});

test('bad failures are refused at once, with the key named', async (t) => {
  const { self } = await world(t);
  const bad: [string, unknown, RegExp][] = [
    ['sned', { with: 'not-allowed' }, /^kind must be send, /],
    ['log', { with: failure }, /^kind must be/],
    ['send', undefined, /^options\.with must be 'process-unknown' or /],
    ['send', {}, /^options\.with must be 'process-unknown' or /],
    ['send', { with: 'ok' }, /^options\.with must be 'process-unknown' or /],
    ['send', { with: failure }, /^options\.with must be 'process-unknown' or /],
    ['call', { with: 'timeout' }, /^options\.with must be an Error/],
    ['send', { with: 'not-allowed', after: -1 }, /^options\.after must be/],
    ['send', { with: 'not-allowed', times: 0 }, /^options\.times must be/],
    ['send', { with: 'not-allowed', pattern: 'xo' }, /^options\.pattern must be/],
    [
      'send',
      { with: 'not-allowed', pattern: [true], after: 1 },
      /^options\.pattern must be left out/,
    ],
    ['send', { with: 'not-allowed', whenever: {} }, /^options\.whenever/],
  ];
  for (const [kind, options, message] of bad) {
    t.throws(() => self.fail(kind as 'send', options as FailOptions<'send'>), {
      code: 'incorrect',
      message,
    });
  }
});
