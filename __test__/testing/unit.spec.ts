import test from 'ava';
import { Actor, noreply, type Exit, type Next } from 'tergo';
import { probe, startUnit, type Unit } from 'tergo/testing';
import { Witness } from '../support/witness.ts';
import { Counter, counterName } from './counter.ts';

test('a stand-in can be its parent: it is linked as asked, and the parent’s exit cannot be trapped', async (t) => {
  await using unit = await startUnit();
  const parent = await unit.standIn();
  const child = await probe(Witness, { unit, parent, linkParent: true, args: [[], true] });
  await child.send((me) => me.log.info('parent', { parent: me.parent }));
  child.shouldOnce('log', { fields: { parent: parent.pid } });
  await child.exit('normal');
  t.is(child.exited, undefined);
  await parent.end('shutdown');
  t.is(child.exited, 'shutdown');

  const born = await unit.standIn();
  const linked = await probe(Witness, { unit, parent: born, linkChild: true, args: [] });
  await linked.send(() => Promise.reject(new Error('child gone')));
  t.true(born.exited instanceof Error);
});

test('what a probed process spawns is a stand-in under its name, which ends when told to', async (t) => {
  class Boss extends Actor<{ message: 'hire' }> {
    override init(): void {
      this.trapExit = true;
    }
    override async handleMessage(): Promise<Next> {
      const worker = await this.spawn(Counter, { args: [3], name: counterName, linkChild: true });
      this.send(worker, { type: 'add', by: 1 });
      return noreply;
    }
    override handleExit(exit: Exit): Next {
      this.log.info('lost a worker', { exit });
      return noreply;
    }
  }
  await using unit = await startUnit();
  const boss = await probe(Boss, { unit });
  await boss.send('hire');
  const { pid } = boss.shouldOnce('spawn', { behaviour: Counter, args: [3], name: 'counter' });
  const worker = unit.standInOf(pid);
  t.deepEqual(
    worker.received.map(({ message }) => message),
    [{ type: 'add', by: 1 }],
  );
  t.is(unit.node.whereis(counterName), worker.pid as never);
  const crash = new Error('crash');
  await worker.end(crash);
  boss.shouldOnce('receive-exit', { exit: { pid: worker.pid, reason: crash } });
  boss.shouldOnce('log', { message: 'lost a worker' });
  t.is(worker.exited, crash);
  t.throws(() => unit.standInOf(boss.pid), { code: 'process-unknown' });
  t.throws(() => unit.standInOf(undefined), { code: 'process-unknown' });
});

test('children spawned in init are stand-ins, too; with real children they are not', async (t) => {
  class Parent extends Actor {
    override async init(): Promise<void> {
      const total = await this.call(
        await this.spawn(Counter, { args: [6] }),
        { type: 'total' },
        { timeoutMs: 10 },
      );
      this.log.info('child answers', { total });
    }
  }
  await using unit = await startUnit();
  const starting = probe(Parent, { unit });
  await unit.settle();
  const { pid } = unit.shouldOnce('spawn', { behaviour: Counter });
  unit.standInOf(pid).calls()[0]?.reply(60);
  (await starting).shouldOnce('log', { fields: { total: 60 } });

  await using real = await startUnit({ children: 'real' });
  (await probe(Parent, { unit: real })).shouldOnce('log', { fields: { total: 6 } });
  t.throws(() => real.standInOf(real.should('spawn', { behaviour: Counter }).pid), {
    code: 'process-unknown',
  });
});

test('a unit freezes messages when asked to, so that a mutation ends the process', async (t) => {
  class Mutating extends Actor<{ message: { n: number } }> {
    override handleMessage(message: { n: number }): Next {
      message.n += 1;
      return noreply;
    }
  }
  await using unit = await startUnit({ freezeMessages: true });
  const mutating = await probe(Mutating, { unit });
  await mutating.send({ n: 1 });
  t.true(mutating.exited instanceof TypeError);
});

test('time stands still until it is moved; the time of day starts as the unit says', async (t) => {
  class Clockwork extends Actor<{ message: 'wind' | 'ring' }> {
    override handleMessage(what: 'wind' | 'ring'): Next {
      if (what === 'wind') this.sendAfter(this.pid, 'ring', 3_600_000);
      else this.log.info('ring');
      return noreply;
    }
  }
  await using unit = await startUnit({ startAt: new Date('2026-10-25T00:30:00Z') });
  const clockwork = await probe(Clockwork, { unit });
  await clockwork.send('wind');
  await clockwork.advance(3_599_999);
  clockwork.shouldNot('log');
  await clockwork.advance(1);
  clockwork.shouldOnce('log', { message: 'ring', atMs: 3_600_000 });
  t.is(unit.clock.wallNow(), Date.UTC(2026, 9, 25, 1, 30));
});

test('a callback that blocks the thread is no line in the log of a unit', async (t) => {
  class Blocking extends Actor<{ message: 'block' }> {
    override handleMessage(): Next {
      const until = performance.now() + 300;
      while (performance.now() < until);
      return noreply;
    }
  }
  await using blocking = await probe(Blocking);
  await blocking.send('block');
  blocking.unit.shouldNot('log');
  t.pass();
});

test('a probe with a unit of others ends alone', async (t) => {
  await using unit = await startUnit();
  {
    await using counter = await probe(Counter, { unit, args: [1] });
    t.is(unit.node.processState(counter.pid), 'sleep');
  }
  unit.shouldOnce('terminate', { reason: 'kill' });
  t.true(unit.node.isAlive);
});

test('the record can be looked at after the end of the unit', async (t) => {
  const unit: Unit = await startUnit();
  const counter = await probe(Counter, { unit, args: [1] });
  await counter.send({ type: 'add', by: 1 });
  await unit[Symbol.asyncDispose]();
  counter.shouldOnce('log', { fields: { total: 2 } });
  counter.shouldOnce('terminate', { reason: 'kill' });
  t.is(await counter.send({ type: 'reset' }).catch(({ code }) => code), 'node-terminated');
});

test('bad options are refused at once, with the key named', async (t) => {
  await using unit = await startUnit();
  await t.throwsAsync(startUnit({ childs: 'real' } as never), {
    code: 'incorrect',
    message: /^options\.childs/,
  });
  await t.throwsAsync(startUnit({ children: 'fake' } as never), {
    code: 'incorrect',
    message: /^options\.children/,
  });
  await t.throwsAsync(startUnit({ startAt: 'now' } as never), {
    code: 'incorrect',
    message: /^options\.startAt/,
  });
  await t.throwsAsync(startUnit({ name: 'nohost' }), { code: 'incorrect' });
  await t.throwsAsync(probe(Counter, { unit: {} as never, args: [1] }), {
    code: 'incorrect',
    message: /^options\.unit/,
  });
  await t.throwsAsync(probe(Counter, { unit, args: [1], nam: 'x' } as never), {
    code: 'incorrect',
    message: /^options\.nam/,
  });
  await t.throwsAsync(probe(Date as never, { unit }), { code: 'incorrect', message: /^behaviour/ });
  await t.throwsAsync(probe(Counter, { unit, args: [1], parent: { pid: 5 as never } }), {
    code: 'incorrect',
  });
  const counter = await probe(Counter, { unit, args: [1] });
  await t.throwsAsync(counter.deliver({ kind: 'message' } as never), {
    code: 'incorrect',
    message: /^notice\.kind/,
  });
  for (const [notice, message] of [
    [{ kind: 'exit' }, /^notice\.exit must be an object/],
    [{ kind: 'down', down: 'gone' }, /^notice\.down must be an object/],
    [{ kind: 'event', event: null }, /^notice\.event must be an object/],
    [{ kind: 'event-start' }, /^notice\.event must be a string/],
  ] as const)
    await t.throwsAsync(counter.deliver(notice as never), { code: 'incorrect', message });
  t.is(counter.exited, undefined);
  for (const bad of [null, 5, 'x'])
    await t.throwsAsync(probe(Counter, bad as never), { code: 'incorrect', message: /^options/ });
  await t.throwsAsync(counter.send({ type: 'reset' }, { prio: 'max' } as never), {
    code: 'incorrect',
    message: /^options\.prio/,
  });
  await t.throwsAsync(counter.exit('because' as never), { code: 'incorrect', message: /^reason/ });
});
