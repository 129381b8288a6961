import test, { type ExecutionContext } from 'ava';
import {
  cronRun,
  cronSend,
  processName,
  startNode,
  type CronFailure,
  type ProcessName,
} from 'tergo';
import {
  ofType,
  probe,
  stage,
  startUnit,
  virtualClock,
  type Probe,
  type Unit,
} from 'tergo/testing';
import { Witness, type WitnessProtocol } from '../support/witness.ts';

const MINUTE_MS = 60_000;
const sinkName: ProcessName<{ message: string }> = processName('sink');
const job = {
  name: 'job',
  spec: '*/5 * * * *',
  timeZone: 'UTC',
  action: cronSend(sinkName, 'now'),
} as const;

async function witness(t: ExecutionContext): Promise<{ unit: Unit; self: Probe<WitnessProtocol> }> {
  const unit = await startUnit();
  t.teardown(() => unit[Symbol.asyncDispose]());
  return { unit, self: await probe(Witness, { unit, args: [] }) };
}

test('what a process does with jobs is recorded as done by it [C25]', async (t) => {
  const { self } = await witness(t);
  await self.send(({ node }) => {
    node.cron.addJob(job);
    node.cron.disableJob('job');
    node.cron.enableJob('job');
    node.cron.removeJob('job');
  });
  t.like(self.shouldOnce('cron-add'), {
    by: self.pid,
    job: 'job',
    spec: '*/5 * * * *',
    timeZone: 'UTC',
    action: 'send to sink',
    fallback: undefined,
    isEnabled: true,
    state: 'done',
  });
  for (const kind of ['cron-disable', 'cron-enable', 'cron-remove'] as const)
    t.like(self.shouldOnce(kind, { job: 'job', state: 'done' }), { by: self.pid });
});

test('jobs of init, of a call and of terminate are those of their process as well', async (t) => {
  const unit = await startUnit();
  t.teardown(() => unit[Symbol.asyncDispose]());
  class Keeper extends Witness {
    override init(): void {
      this.node.cron.addJob(job);
    }
    override terminate(): void {
      this.node.cron.removeJob('job');
    }
  }
  const self = await probe(Keeper, { unit });
  self.shouldOnce('cron-add', { job: 'job' });
  await self.exit('shutdown');
  self.shouldOnce('cron-remove', { job: 'job' });
  unit.node.cron.addJob(job);
  t.is(unit.records('cron-add').at(-1)?.by, unit.node.pid);
});

test('what is refused is recorded as failed, whatever it was [C25]', async (t) => {
  const { unit, self } = await witness(t);
  await self.send(({ node }) => {
    t.throws(() => node.cron.removeJob('job'), { code: 'cron-job-unknown' });
    t.throws(() => node.cron.addJob({ ...job, spec: 'never' }), { code: 'incorrect' });
    for (const value of [undefined, null, 5])
      t.throws(() => node.cron.addJob(value as never), { code: 'incorrect' });
  });
  self.shouldOnce('cron-remove', { state: 'failed', error: { code: 'cron-job-unknown' } });
  self.shouldTimes(4, 'cron-add', { state: 'failed', error: { code: 'incorrect' } });
  t.deepEqual(unit.node.cron.info().jobs, []);
});

test('runs are recorded with their time, and what they do as done by the node [C25]', async (t) => {
  const { unit, self } = await witness(t);
  const sink = await unit.standIn({ name: sinkName });
  await self.send(({ node }) => node.cron.addJob(job));
  await unit.advance(11 * MINUTE_MS);
  const times = unit
    .shouldTimes(2, 'cron-run', { job: 'job', state: 'done', missed: 0, via: 'schedule' })
    .map(({ timeMs, by }) => [timeMs, by]);
  t.deepEqual(
    times,
    [5, 10].map((minute) => [Date.UTC(2026, 0, 1, 0, minute), unit.node.pid]),
  );
  unit.shouldTimes(2, 'send', { to: sinkName, message: 'now', result: 'ok' });
  t.is(sink.received.length, 2);
});

test('a run by hand is that of the process that asks for it', async (t) => {
  const { unit, self } = await witness(t);
  await self.send(async ({ node }) => {
    node.cron.addJob(job);
    t.is(await node.cron.runJob('job'), 'failed');
  });
  self.shouldOnce('cron-run', { job: 'job', via: 'run-job', error: { code: 'name-unknown' } });
  unit.shouldOnce('log', { level: 'error', fields: { job: 'job' } });
});

test('a run is pending until it is over', async (t) => {
  const { unit } = await witness(t);
  const { promise, resolve } = Promise.withResolvers<void>();
  unit.node.cron.addJob({ ...job, action: cronRun(() => promise) });
  await unit.advance(10 * MINUTE_MS);
  unit.shouldOnce('cron-run', { state: 'pending' });
  resolve();
  await unit.settle();
  const { timeMs } = unit.shouldOnce('cron-run', { state: 'done', timeMs: ofType('number') });
  t.is(timeMs, Date.UTC(2026, 0, 1, 0, 5));
});

test('each operation on jobs can be made to fail [C25]', async (t) => {
  const { unit, self } = await witness(t);
  const failure = new Error('arranged');
  await self.send(({ node }) => {
    for (const [kind, run] of [
      ['cron-add', () => node.cron.addJob(job)],
      ['cron-disable', () => node.cron.disableJob('job')],
      ['cron-enable', () => node.cron.enableJob('job')],
      ['cron-remove', () => node.cron.removeJob('job')],
    ] as const) {
      const fault = self.fail(kind, { with: failure, times: 1 });
      t.is(t.throws(run), failure, kind);
      t.is(fault.failed, 1);
      if (kind === 'cron-add') t.deepEqual(node.cron.info().jobs, []);
      run();
    }
  });
  t.deepEqual(unit.node.cron.info().jobs, []);
});

test('a run that is made to fail is a failed run: kept, logged, told to the fallback [C25]', async (t) => {
  const { unit } = await witness(t);
  const failure = new Error('arranged');
  const doctor = await unit.standIn({ name: processName('doctor') });
  let ran = 0;
  const fallback = { to: processName<{ message: CronFailure }>('doctor'), tag: 'x' };
  unit.node.cron.addJob({ ...job, action: cronRun(() => void (ran += 1)), fallback });
  unit.fail('cron-run', { with: failure, when: { job: 'job' }, pattern: [false, true] });
  await unit.advance(15 * MINUTE_MS);
  t.is(ran, 2);
  t.like(unit.node.cron.jobInfo('job'), { runs: 3, failed: 1 });
  t.like(doctor.received[0]?.message, { type: 'cron-failure', job: 'job', error: failure });
  unit.shouldOnce('cron-run', { state: 'failed', error: failure });
});

test('a stage sees the jobs of live nodes, and leaves them as they are when it ends', async (t) => {
  const clock = virtualClock();
  await using node = await startNode('live@localhost', { clock, log: { disableConsole: true } });
  let ran = 0;
  const action = cronRun(() => void (ran += 1));
  {
    using s = stage(node);
    node.cron.addJob({ ...job, action });
    const mark = s.mark();
    await clock.advance(5 * MINUTE_MS);
    await s.since(mark).shouldOnce('cron-run', { job: 'job', state: 'done' });
    await s.since(mark).shouldNot('cron-add');
  }
  await clock.advance(5 * MINUTE_MS);
  node.cron.removeJob('job');
  t.is(ran, 2);
});
