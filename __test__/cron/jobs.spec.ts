import test from 'ava';
import * as fc from 'fast-check';
import { cronRun, processName, TergoError, type CronFailure, type Node } from 'tergo';
import { addKeeping, cronNode, idle, iso, keeping } from '../support/cron-node.ts';
import { everyValue } from '../support/bad-values.ts';
import { recordLog } from '../support/log-records.ts';

const MINUTE_MS = 60_000;

test('the information of a job tells how it was added, what it did and what it will do', async (t) => {
  const { node, clock } = await cronNode(t, '2026-01-01T00:00:00Z');
  const fallback = { to: processName<{ message: CronFailure }>('doctor'), tag: 'x' };
  const action = cronRun(() => undefined, { description: 'do nothing' });
  const job = { name: 'job', spec: '0 * * * *', timeZone: 'Europe/Vienna', action, fallback };
  node.cron.addJob(job);
  const before = {
    name: 'job',
    spec: '0 * * * *',
    timeZone: 'Europe/Vienna',
    action: 'do nothing',
    fallback,
    isEnabled: true,
    isRunning: false,
    nextMs: Date.UTC(2026, 0, 1, 1),
    lastMs: undefined,
    lastError: undefined,
    runs: 0,
    failed: 0,
    skipped: 0,
    missed: 0,
  };
  t.deepEqual(node.cron.jobInfo('job'), before);
  await clock.advance(61 * MINUTE_MS);
  t.deepEqual(node.cron.jobInfo('job'), {
    ...before,
    nextMs: Date.UTC(2026, 0, 1, 2),
    lastMs: Date.UTC(2026, 0, 1, 1),
    runs: 1,
  });
});

test('the information of all tells which jobs are next, in the order of their adding', async (t) => {
  const { node } = await cronNode(t, '2026-01-01T00:00:00Z');
  t.deepEqual(node.cron.info(), { next: undefined, jobs: [] });
  for (const [name, spec] of [
    ['b', '30 * * * *'],
    ['c', '45 * * * *'],
    ['a', '*/30 * * * *'],
    ['off', '1 * * * *'],
  ] as const)
    node.cron.addJob({ name, spec, timeZone: 'UTC', action: idle, isEnabled: name !== 'off' });
  const info = node.cron.info();
  t.deepEqual(info.next, { timeMs: Date.UTC(2026, 0, 1, 0, 30), jobs: ['b', 'a'] });
  t.deepEqual(
    info.jobs.map(({ name }) => name),
    ['b', 'c', 'a', 'off'],
  );
  t.deepEqual(info.jobs[0], node.cron.jobInfo('b'));
  t.is(node.info().cronJobs, 4);
});

test('what becomes of the object that described a job does not matter', async (t) => {
  const { node } = await cronNode(t, '2026-01-01T00:00:00Z');
  const fallback = { to: processName<{ message: CronFailure }>('doctor'), tag: 'x' };
  const job = { name: 'job', spec: '0 * * * *', timeZone: 'UTC', action: idle, fallback };
  node.cron.addJob(job);
  job.spec = 'nonsense';
  fallback.tag = 'y';
  t.like(node.cron.jobInfo('job'), { spec: '0 * * * *', fallback: { tag: 'x' } });
});

test('a name can be had once; a removed job leaves it free', async (t) => {
  const { node, clock } = await cronNode(t, '2026-01-01T00:00:00Z');
  const first = addKeeping(node, { name: 'job', spec: '* * * * *' });
  t.throws(() => node.cron.addJob({ name: 'job', spec: '0 * * * *', action: idle }), {
    code: 'taken',
    message: /'job'/,
  });
  t.is(node.cron.jobInfo('job').spec, '* * * * *');
  node.cron.removeJob('job');
  const second = addKeeping(node, { name: 'job', spec: '* * * * *' });
  await clock.advance(MINUTE_MS);
  t.is(first.length, 0);
  t.is(second.length, 1);
});

test('a job that is removed runs no more', async (t) => {
  const { node, clock } = await cronNode(t, '2026-01-01T00:00:00Z');
  const runs = addKeeping(node, { name: 'job', spec: '* * * * *' });
  await clock.advance(MINUTE_MS);
  node.cron.removeJob('job');
  await clock.advance(5 * MINUTE_MS);
  t.is(runs.length, 1);
  t.deepEqual(node.cron.info().jobs, []);
});

test('a job that is disabled does not run, and makes up for nothing when it is enabled', async (t) => {
  const { node, clock } = await cronNode(t, '2026-01-01T00:00:00Z');
  const runs = addKeeping(node, { name: 'job', spec: '* * * * *', isEnabled: false });
  t.like(node.cron.jobInfo('job'), { isEnabled: false, nextMs: undefined });
  await clock.advance(10 * MINUTE_MS);
  t.is(runs.length, 0);
  node.cron.enableJob('job');
  t.is(iso(node.cron.jobInfo('job').nextMs), '2026-01-01T00:11');
  await clock.advance(MINUTE_MS);
  t.deepEqual(
    runs.map(({ timeMs, missed }) => [iso(timeMs), missed]),
    [['2026-01-01T00:11', 0]],
  );
});

test('disabling and enabling within a minute does not run a job twice', async (t) => {
  const { node, clock } = await cronNode(t, '2026-01-01T00:00:30Z');
  const runs = addKeeping(node, { name: 'job', spec: '* * * * *' });
  for (let seconds = 0; seconds < 600; seconds += 1) {
    node.cron.disableJob('job');
    node.cron.enableJob('job');
    await clock.advance(1000);
    node.cron.disableJob('job');
    node.cron.enableJob('job');
    node.cron.enableJob('job');
  }
  t.is(runs.length, 10);
  t.is(new Set(runs.map(({ timeMs }) => timeMs)).size, 10);
});

test('an idle node has no timer but while a job is enabled', async (t) => {
  const { node } = await cronNode(t, '2026-01-01T00:00:00Z');
  const timers = (): number => node.info().pendingTimers;
  t.is(timers(), 0);
  addKeeping(node, { name: 'a', spec: '0 * * * *', isEnabled: false });
  t.is(timers(), 0);
  node.cron.enableJob('a');
  t.is(timers(), 1);
  addKeeping(node, { name: 'b', spec: '* * * * *' });
  t.is(timers(), 1);
  node.cron.disableJob('a');
  t.is(timers(), 1);
  node.cron.removeJob('b');
  t.is(timers(), 0);
});

test('runJob runs a job now, enabled or not, and leaves its schedule as it is', async (t) => {
  const { node, clock } = await cronNode(t, '2026-01-01T00:00:10Z');
  const runs = addKeeping(node, { name: 'job', spec: '0 * * * *' });
  t.is(await node.cron.runJob('job'), 'done');
  t.deepEqual(runs, [
    {
      node: 'cron@localhost',
      job: 'job',
      timeMs: Date.UTC(2026, 0, 1, 0, 0, 10),
      missed: 0,
      via: 'run-job',
    },
  ]);
  t.like(node.cron.jobInfo('job'), { runs: 1, lastMs: clock.wallNow() });
  t.is(iso(node.cron.jobInfo('job').nextMs), '2026-01-01T01:00');
  node.cron.disableJob('job');
  t.is(await node.cron.runJob('job'), 'done');
  t.is(node.cron.jobInfo('job').isEnabled, false);
});

test('while a run is not over the next ones are skipped, counted and logged', async (t) => {
  const { node, clock } = await cronNode(t, '2026-01-01T00:00:00Z');
  const log = recordLog(node);
  const { promise, resolve } = Promise.withResolvers<void>();
  let begun = 0;
  const action = cronRun(() => ((begun += 1), promise));
  node.cron.addJob({ name: 'job', spec: '* * * * *', timeZone: 'UTC', action });
  await clock.advance(3 * MINUTE_MS);
  t.is(begun, 1);
  t.like(node.cron.jobInfo('job'), { isRunning: true, runs: 1, skipped: 2 });
  t.is(await node.cron.runJob('job'), 'skipped');
  t.is(log.length, 3);
  t.like(log[0], { level: 'warning', fields: { job: 'job' } });
  resolve();
  await clock.advance(MINUTE_MS);
  t.is(begun, 2);
  t.like(node.cron.jobInfo('job'), { isRunning: false, runs: 2, skipped: 3 });
});

test('a job that is removed while it runs can be added anew at once', async (t) => {
  const { node, clock } = await cronNode(t, '2026-01-01T00:00:00Z');
  const stuck = cronRun(() => new Promise<void>(() => {}));
  node.cron.addJob({ name: 'job', spec: '* * * * *', timeZone: 'UTC', action: stuck });
  await clock.advance(MINUTE_MS);
  node.cron.removeJob('job');
  const runs = addKeeping(node, { name: 'job', spec: '* * * * *' });
  await clock.advance(MINUTE_MS);
  t.is(runs.length, 1);
});

test('a job may remove, disable or add others, and itself, while it runs', async (t) => {
  const { node, clock } = await cronNode(t, '2026-01-01T00:00:00Z');
  const added = keeping();
  const each = { spec: '1 * * * *', timeZone: 'UTC' };
  node.cron.addJob({
    ...each,
    name: 'first',
    action: cronRun(() => {
      node.cron.removeJob('removed');
      node.cron.disableJob('disabled');
      node.cron.removeJob('first');
      node.cron.addJob({ name: 'added', spec: '* * * * *', timeZone: 'UTC', action: added.action });
    }),
  });
  const removed = addKeeping(node, { ...each, name: 'removed' });
  const disabled = addKeeping(node, { ...each, name: 'disabled' });
  const last = addKeeping(node, { ...each, name: 'last' });
  await clock.advance(MINUTE_MS);
  t.deepEqual([removed.length, disabled.length, last.length, added.runs.length], [0, 0, 1, 0]);
  await clock.advance(MINUTE_MS);
  t.is(added.runs.length, 1);
});

const byName: Readonly<Record<string, (node: Node, name: never) => unknown>> = {
  removeJob: (node, name) => node.cron.removeJob(name),
  enableJob: (node, name) => node.cron.enableJob(name),
  disableJob: (node, name) => node.cron.disableJob(name),
  runJob: async (node, name) => node.cron.runJob(name),
  jobInfo: (node, name) => node.cron.jobInfo(name),
  jobSchedule: (node, name) => node.cron.jobSchedule(name, { periodMs: 1 }),
};
for (const [method, call] of Object.entries(byName)) {
  test(`${method} refuses a job that there is not, and what is no name`, async (t) => {
    const { node } = await cronNode(t, '2026-01-01T00:00:00Z');
    const ask = async (name: unknown): Promise<unknown> => call(node, name as never);
    const error = await t.throwsAsync(ask('nobody'), { code: 'cron-job-unknown' });
    t.true(error instanceof TergoError);
    t.regex(error!.message, /'nobody'/);
    for (const [title, value] of everyValue)
      await t.throwsAsync(ask(value), { code: 'incorrect', message: /^name / }, title);
  });
}

const good = { name: 'job', spec: '* * * * *', action: idle };
const bad: Readonly<Record<string, (value: unknown) => boolean>> = {
  'job.name': () => true,
  'job.spec': () => true,
  'job.timeZone': (value) => value !== undefined,
  'job.action': () => true,
  'job.fallback': (value) => value !== undefined,
  'job.isEnabled': (value) => value !== undefined && value !== true,
  'job.since': () => true,
};
for (const [path, isBad] of Object.entries(bad)) {
  test(`addJob refuses everything that ${path} cannot be, and adds nothing`, async (t) => {
    const { node } = await cronNode(t, '2026-01-01T00:00:00Z');
    const key = path.slice('job.'.length);
    for (const [title, value] of everyValue) {
      if (!isBad(value)) continue;
      const message = new RegExp(`^${path}`);
      const add = (): void => node.cron.addJob({ ...good, [key]: value } as never);
      t.throws(add, { instanceOf: TergoError, code: 'incorrect', message }, title);
    }
    t.deepEqual(node.cron.info(), { next: undefined, jobs: [] });
  });
}

test('addJob refuses what is no job at all', async (t) => {
  const { node } = await cronNode(t, '2026-01-01T00:00:00Z');
  for (const [title, value] of everyValue)
    t.throws(() => node.cron.addJob(value as never), { code: 'incorrect', message: /^job/ }, title);
});

test('addJob refuses a time zone that there is not, and a fallback without address or tag', async (t) => {
  const { node } = await cronNode(t, '2026-01-01T00:00:00Z');
  for (const [extra, message] of [
    [{ timeZone: 'Europe/Wien' }, /^job\.timeZone .*'Europe\/Wien'/],
    [{ timeZone: 'CEST' }, /^job\.timeZone/],
    [{ fallback: { to: 'doctor' } }, /^job\.fallback\.tag/],
    [{ fallback: { tag: 'x' } }, /^job\.fallback\.to/],
    [{ fallback: { to: '', tag: 'x' } }, /^job\.fallback\.to/],
    [{ fallback: { to: {}, tag: 'x' } }, /^to must be/],
    [{ fallback: { to: 'doctor', tag: 'x', when: 1 } }, /^job\.fallback\.when/],
  ] as const)
    t.throws(() => node.cron.addJob({ ...good, ...extra } as never), {
      code: 'incorrect',
      message,
    });
});

test('no text as a spec does anything but to be accepted or refused', async (t) => {
  const { node } = await cronNode(t, '2026-01-01T00:00:00Z');
  const piece = fc.constantFrom(...'0123456789*/,-#L @ '.split(''), ' * ', ' 1 ');
  const text = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 20 }).map((parts) => parts.join('')),
  );
  let accepted = 0;
  fc.assert(
    fc.property(text, (spec) => {
      try {
        node.cron.addJob({ name: 'job', spec, timeZone: 'UTC', action: idle });
      } catch (error) {
        t.true(TergoError.is(error, 'incorrect'), spec);
        return;
      }
      accepted += 1;
      t.is(typeof node.cron.jobInfo('job').nextMs, 'number', spec);
      node.cron.removeJob('job');
    }),
    { numRuns: 3000, examples: [['* * * * *']] },
  );
  t.true(accepted > 0);
});
