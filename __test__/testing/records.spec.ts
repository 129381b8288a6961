import test from 'ava';
import {
  eventName,
  noreply,
  processName,
  stop,
  Actor,
  type EventName,
  type ProcessName,
  type Publisher,
} from 'tergo';
import { anyAlias, anyPid, instanceOf, ofType, probe } from 'tergo/testing';
import { Witness, type Task, type WitnessProtocol } from '../support/witness.ts';
import { peerName, unitOf, witness } from './witnessed.ts';

const ticks: EventName<number> = eventName('ticks');

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
