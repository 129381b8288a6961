import test from 'ava';
import { Actor, cronRun, cronSpawn, type ExitReason, type MaybePromise } from 'tergo';
import { addKeeping, cronNode, idle } from '../support/cron-node.ts';
import { recordLog } from '../support/log-records.ts';
import { runSource } from '../support/run-node.ts';

const MINUTE_MS = 60_000;

test('when the node has stopped every method throws node-terminated', async (t) => {
  const { node } = await cronNode(t, '2026-01-01T00:00:00Z');
  const { cron } = node;
  cron.addJob({ name: 'job', spec: '* * * * *', action: idle });
  await node.stop();
  for (const call of [
    () => cron.addJob({ name: 'other', spec: '* * * * *', action: idle }),
    () => cron.removeJob('job'),
    () => cron.enableJob('job'),
    () => cron.disableJob('job'),
    () => cron.info(),
    () => cron.jobInfo('job'),
    () => cron.schedule({ periodMs: 1 }),
    () => cron.jobSchedule('job', { periodMs: 1 }),
  ])
    t.throws(call, { code: 'node-terminated' }, String(call));
  await t.throwsAsync(cron.runJob('job'), { code: 'node-terminated' });
  t.is(node.cron, cron);
});

test('a stop takes the timer: nothing runs while the node waits for its processes', async (t) => {
  const { node, clock } = await cronNode(t, '2026-01-01T00:00:00Z');
  const ended = Promise.withResolvers<void>();
  const seen: unknown[] = [];
  class Slow extends Actor {
    override terminate(_reason: ExitReason): MaybePromise<void> {
      const { cron } = this.node;
      for (const begin of [
        () => cron.addJob({ name: 'new', spec: '* * * * *', action: idle }),
        () => cron.enableJob('job'),
      ]) {
        try {
          begin();
        } catch (error) {
          seen.push((error as { code?: string }).code);
        }
      }
      // What tidies up is allowed.
      cron.disableJob('job');
      cron.removeJob('job');
      seen.push(cron.info().jobs.length);
      return ended.promise;
    }
  }
  const runs = addKeeping(node, { name: 'job', spec: '* * * * *' });
  const others = addKeeping(node, { name: 'other', spec: '* * * * *' });
  await node.spawn(Slow);
  const stopped = node.stop();
  await clock.advance(3 * MINUTE_MS - 1);
  t.deepEqual(seen, ['node-terminated', 'node-terminated', 1]);
  t.deepEqual([runs.length, others.length], [0, 0]);
  ended.resolve();
  await stopped;
});

test('a node that waits for its processes to end has no timer for jobs', async (t) => {
  const pending: number[] = [];
  for (const hasJob of [false, true]) {
    const { node, clock } = await cronNode(t, '2026-01-01T00:00:00Z');
    const ended = Promise.withResolvers<void>();
    class Slow extends Actor {
      override terminate(): Promise<void> {
        return ended.promise;
      }
    }
    if (hasJob) node.cron.addJob({ name: 'job', spec: '* * * * *', action: idle });
    await node.spawn(Slow);
    const stopped = node.stop();
    await clock.settle();
    pending.push(node.info().pendingTimers);
    ended.resolve();
    await stopped;
  }
  t.is(pending[1], pending[0]);
});

test('a run that is pending when the node stops is not waited for, and its failure hurts nobody', async (t) => {
  const { node, clock } = await cronNode(t, '2026-01-01T00:00:00Z');
  const log = recordLog(node);
  const { promise, reject } = Promise.withResolvers<void>();
  node.cron.addJob({ name: 'job', spec: '* * * * *', action: cronRun(() => promise) });
  await clock.advance(MINUTE_MS);
  await node.stop();
  reject(new Error('too late'));
  await clock.settle();
  t.deepEqual(log, []);
});

test('a job that stops the node is the last one to run', async (t) => {
  const { node, clock } = await cronNode(t, '2026-01-01T00:00:00Z');
  const spec = '* * * * *';
  let stopped: Promise<unknown> | undefined;
  const stop = cronRun(() => void (stopped = node.stopForce()));
  node.cron.addJob({ name: 'stop', spec, timeZone: 'UTC', action: stop });
  await clock.advance(5 * MINUTE_MS);
  await stopped;
  t.false(node.isAlive);
});

test('a process that a stop ends in its init fails its run without noise', async (t) => {
  const { node, clock } = await cronNode(t, '2026-01-01T00:00:00Z');
  class Endless extends Actor {
    override init(): Promise<void> {
      return new Promise(() => {});
    }
  }
  const action = cronSpawn(Endless, { initTimeoutMs: 0 });
  node.cron.addJob({ name: 'job', spec: '* * * * *', action });
  await clock.advance(MINUTE_MS);
  await node.stopForce();
  await clock.settle();
  t.false(node.isAlive);
});

test('with timers of the machine a job runs, and nothing keeps the OS process alive after the stop', async (t) => {
  const { code, stdout, stderr } = await runSource(`
    import { cronRun, startNode } from 'tergo';
    // It is always just before midnight when it starts.
    const wallNow = () => Date.UTC(2026, 0, 1, 23, 59, 59, 900) + performance.now() - began;
    const began = performance.now();
    const alarm = (ms, wake) => { const timer = setTimeout(wake, ms); return () => clearTimeout(timer); };
    const node = await startNode('cron@localhost', { clock: { now: () => performance.now(), wallNow, alarm } });
    const ran = new Promise((resolve) => {
      node.cron.addJob({ name: 'job', spec: '0 0 * * *', timeZone: 'UTC', action: cronRun(resolve) });
    });
    const { timeMs } = await ran;
    await node.stop();
    console.log(new Date(timeMs).toISOString());
  `);
  t.is(stderr, '');
  t.is(code, 0);
  t.is(stdout.trim(), '2026-01-02T00:00:00.000Z');
});
