import test from 'ava';
import { addKeeping, cronNode, iso } from '../support/cron-node.ts';
import { recordLog } from '../support/log-records.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

test('a job runs at its time, and at no other', async (t) => {
  const { node, clock } = await cronNode(t, '2026-01-01T00:00:30Z');
  const runs = addKeeping(node, { name: 'job', spec: '*/2 * * * *' });
  await clock.advance(89_999);
  t.is(runs.length, 0);
  await clock.advance(1);
  t.deepEqual(runs, [
    {
      node: 'cron@localhost',
      job: 'job',
      timeMs: Date.UTC(2026, 0, 1, 0, 2),
      missed: 0,
      via: 'schedule',
    },
  ]);
  await clock.advance(10 * MINUTE_MS);
  t.deepEqual(
    runs.map(({ timeMs }) => iso(timeMs).slice(-2)),
    ['02', '04', '06', '08', '10', '12'],
  );
});

for (const start of ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.001Z']) {
  test(`a job of midnight that is added at ${start} does not run before the next midnight`, async (t) => {
    const { node, clock } = await cronNode(t, start);
    const runs = addKeeping(node, { name: 'job', spec: '0 0 * * *' });
    await clock.advance(24 * HOUR_MS - 2);
    t.is(runs.length, 0);
    await clock.advance(2);
    t.deepEqual(
      runs.map(({ timeMs }) => iso(timeMs)),
      ['2026-01-02T00:00'],
    );
  });
}

test('jobs that are due together run in the order of their times, then in that of their adding', async (t) => {
  const { node, clock } = await cronNode(t, '2026-01-01T00:00:00Z');
  const order: string[] = [];
  for (const [name, spec] of [
    ['late', '3 * * * *'],
    ['early', '1 * * * *'],
    ['other', '3 * * * *'],
  ] as const) {
    const runs = addKeeping(node, { name, spec });
    Object.assign(runs, { push: () => order.push(name) });
  }
  clock.setWallNow(new Date('2026-01-01T00:10Z'));
  await clock.advance(MINUTE_MS);
  t.deepEqual(order, ['early', 'late', 'other']);
});

test('while the machine sleeps nothing runs; within a minute after it one run makes up for all', async (t) => {
  const { node, clock } = await cronNode(t, '2026-01-01T00:00:00Z');
  const log = recordLog(node);
  const runs = addKeeping(node, { name: 'job', spec: '*/15 * * * *' });
  clock.setWallNow(new Date('2026-01-01T08:03Z'));
  await clock.advance(MINUTE_MS);
  t.deepEqual(
    runs.map(({ timeMs, missed }) => [iso(timeMs), missed]),
    [['2026-01-01T08:00', 31]],
  );
  t.like(log[0], { level: 'warning', fields: { job: 'job', missed: 31 } });
  t.is(node.cron.jobInfo('job').missed, 31);
  t.is(iso(node.cron.jobInfo('job').nextMs), '2026-01-01T08:15');
  await clock.advance(11 * MINUTE_MS);
  t.deepEqual(
    runs.map(({ timeMs, missed }) => [iso(timeMs), missed]),
    [
      ['2026-01-01T08:00', 31],
      ['2026-01-01T08:15', 0],
    ],
  );
});

test('a daily job whose time the machine slept through runs after it', async (t) => {
  const { node, clock } = await cronNode(t, '2026-01-01T01:00:00Z');
  const runs = addKeeping(node, { name: 'job', spec: '@daily' });
  clock.setWallNow(new Date('2026-01-01T09:00Z'));
  await clock.advance(MINUTE_MS);
  t.deepEqual(
    runs.map(({ timeMs, missed }) => [iso(timeMs), missed]),
    [['2026-01-01T03:10', 0]],
  );
});

test('missed runs are counted up to 100', async (t) => {
  const { node, clock } = await cronNode(t, '2026-01-01T00:00:00Z');
  const runs = addKeeping(node, { name: 'job', spec: '* * * * *' });
  clock.setWallNow(new Date('2027-06-01T00:00Z'));
  await clock.advance(MINUTE_MS);
  t.deepEqual(
    runs.map(({ timeMs, missed }) => [iso(timeMs), missed]),
    [['2027-06-01T00:01', 100]],
  );
});

test('a clock that is set forwards to before the next run only brings it nearer', async (t) => {
  const { node, clock } = await cronNode(t, '2026-01-01T00:00:00Z');
  const runs = addKeeping(node, { name: 'job', spec: '0 12 * * *' });
  clock.setWallNow(new Date('2026-01-01T11:55Z'));
  await clock.advance(5 * MINUTE_MS);
  t.deepEqual(
    runs.map(({ timeMs, missed }) => [iso(timeMs), missed]),
    [['2026-01-01T12:00', 0]],
  );
});

/** A clock shows 12:30, a job has run at 12:00; it is set back; the minutes of the runs that follow. */
const setBacks: readonly (readonly [spec: string, to: string, rule: string, runs: string[]])[] = [
  ['0 11,12,14 * * *', '10:30', 'what has run within three hours is not run again', ['14:00']],
  ['0 11,12,14 * * *', '09:30', 'the same for three hours exactly', ['14:00']],
  ['0 11,12,14 * * *', '09:28', 'further, all is computed anew', ['11:00', '12:00', '14:00']],
  ['0 11,12,14 * * *', '12:10', 'nothing lies in between', ['14:00']],
  ['0 */2 * * *', '11:30', 'an interval goes by the new time at once', ['12:00', '14:00']],
  [
    '0 */2 * * *',
    '05:30',
    'the same for a correction',
    ['06:00', '08:00', '10:00', '12:00', '14:00'],
  ],
];
for (const [spec, to, rule, expected] of setBacks) {
  test(`a clock that is set back from 12:30 to ${to}, ${spec}: ${rule}`, async (t) => {
    const { node, clock } = await cronNode(t, '2026-01-01T10:30Z');
    const runs = addKeeping(node, { name: 'job', spec });
    await clock.advanceTo(new Date('2026-01-01T12:30Z'));
    runs.length = 0;
    clock.setWallNow(new Date(`2026-01-01T${to}Z`));
    await clock.advanceTo(new Date('2026-01-01T15:00Z'));
    t.deepEqual(
      runs.map(({ timeMs }) => iso(timeMs).slice(-5)),
      expected,
    );
    t.true(runs.every(({ missed }) => missed === 0));
  });
}

test('a clock that is set back by some seconds runs no minute twice', async (t) => {
  const { node, clock } = await cronNode(t, '2026-01-01T00:00:30Z');
  const runs = addKeeping(node, { name: 'job', spec: '* * * * *' });
  await clock.advanceTo(new Date('2026-01-01T00:02:01Z'));
  for (let times = 0; times < 5; times += 1) {
    clock.setWallNow(clock.wallNow() - 5000);
    await clock.advance(4000);
    node.cron.disableJob('job');
    node.cron.enableJob('job');
  }
  await clock.advanceTo(new Date('2026-01-01T00:04:00Z'));
  t.deepEqual(
    runs.map(({ timeMs }) => iso(timeMs).slice(-5)),
    ['00:01', '00:02', '00:03', '00:04'],
  );
});

test('a job that is disabled while the clock is set back begins anew with the new time', async (t) => {
  const { node, clock } = await cronNode(t, '2026-01-01T11:00Z');
  const runs = addKeeping(node, { name: 'job', spec: '0 12 * * *' });
  await clock.advanceTo(new Date('2026-01-01T20:00Z'));
  node.cron.disableJob('job');
  clock.setWallNow(new Date('2026-01-01T11:30Z'));
  node.cron.enableJob('job');
  await clock.advance(HOUR_MS);
  t.is(runs.length, 2);
});
