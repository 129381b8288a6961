import test from 'ava';
import {
  Actor,
  childSpec,
  noreply,
  processName,
  Supervisor,
  type Next,
  type ProcessName,
  type SupervisorSpec,
} from 'tergo';
import { probe, stage, startUnit, virtualClock } from 'tergo/testing';
import { quietNode } from '../support/witness.ts';

class Worker extends Actor<{ message: 'crash' }> {
  override init(_size: number): void {}
  override handleMessage(): Next {
    throw new Error('crash');
  }
}
const workerName: ProcessName<{ message: 'crash' }> = processName('worker');

class Boss extends Supervisor {
  override init(): SupervisorSpec {
    return {
      strategy: 'one-for-one',
      intensity: 2,
      periodMs: 5000,
      children: [
        childSpec(workerName, Worker, { args: [4] }),
        childSpec('other', Worker, { args: [1] }),
      ],
    };
  }
  override handleChildStart(name: string): Next {
    this.log.info('started', { name });
    return noreply;
  }
}

test('a supervisor is tested without its children: they are stand-ins, which crash when told to', async (t) => {
  await using unit = await startUnit();
  const boss = await probe(Boss, { unit });
  const [worker, other] = boss.shouldTimes(2, 'spawn', { behaviour: Worker });
  const mark = boss.mark();
  await unit.standInOf(worker?.pid).end(new Error('crash'));
  const again = boss
    .since(mark)
    .shouldOnce('spawn', { behaviour: Worker, args: [4], name: 'worker' });
  t.not(again.pid, worker?.pid);
  t.is(unit.node.whereis(workerName), again.pid as never);
  boss.since(mark).shouldOnce('log', { message: 'started', fields: { name: 'worker' } });
  boss.shouldNot('receive-response');
  boss.shouldNot('send');

  await boss.exit('shutdown');
  t.deepEqual(
    [unit.standInOf(again.pid).exited, unit.standInOf(other?.pid).exited],
    ['shutdown', 'shutdown'],
  );
  t.is(boss.exited, 'shutdown');
  boss.shouldOnce('receive-exit', { exit: { pid: unit.tester.pid } });
  boss.shouldOnce('terminate', { exit: { pid: unit.tester.pid } });
});

test('restart intensity goes by the clock', async (t) => {
  await using unit = await startUnit();
  const boss = await probe(Boss, { unit });
  const crash = (): Promise<void> =>
    unit.standInOf(boss.records('spawn', { name: 'worker' }).at(-1)?.pid).end(new Error('crash'));
  await crash();
  await unit.advance(2500);
  await crash();
  await unit.advance(2501);
  await crash();
  t.is(boss.exited, undefined);
  await crash();
  t.true(boss.exited instanceof Error);
});

test('a live supervisor under a stage restarts its real children', async (t) => {
  const node = await quietNode(t, { clock: virtualClock() });
  using s = stage(node);
  const boss = await node.spawn(Boss);
  node.send(workerName, 'crash');
  await s.shouldTimes(2, 'spawn', { by: boss, name: 'worker', state: 'done' });
  await s.shouldOnce('terminate', { reason: { message: 'crash' } });
  t.pass();
});
