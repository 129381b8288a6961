import test from 'ava';
import type { Node } from 'tergo';
import { cronNode, idle, iso } from '../support/cron-node.ts';

const DAY_MS = 86_400_000;

function add(node: Node, name: string, spec: string, timeZone = 'UTC'): void {
  node.cron.addJob({ name, spec, timeZone, action: idle });
}

function everyMonth(days: readonly (readonly number[])[]): readonly string[] {
  return days.flatMap((list, month) => list.map((day) => iso(Date.UTC(2025, month, day, 19, 1))));
}

const thirds = [8, 12, 12, 9, 14, 11, 9, 13, 10, 8, 12, 10];
const year: Readonly<Record<string, readonly string[]>> = {
  '1 19 * * 3#2': everyMonth(thirds.map((day) => [day])),
  '1 19 3 * 3#2': everyMonth(thirds.map((day) => [3, day])),
  '1 19 3 * *': everyMonth(thirds.map(() => [3])),
  '1 19 */15,L 2,7 *': everyMonth([[], [1, 16, 28], [], [], [], [], [1, 16, 31]]),
  '1 19 * * 1#1,7L': everyMonth([
    [6, 26],
    [3, 23],
    [3, 30],
    [7, 27],
    [5, 25],
    [2, 29],
    [7, 27],
    [4, 31],
    [1, 28],
    [6, 26],
    [3, 30],
    [1, 28],
  ]),
  '1 19 10-13/3 * *': everyMonth(thirds.map(() => [10, 13])),
};

for (const [spec, expected] of Object.entries(year)) {
  test(`${spec} runs at its times of a year and at no others [C1]`, async (t) => {
    const { node } = await cronNode(t, '2025-01-01');
    add(node, 'job', spec);
    t.deepEqual(node.cron.jobSchedule('job', { periodMs: 365 * DAY_MS }).map(iso), expected);
  });
}

test('a leap February ends on the 29th [C1, C4]', async (t) => {
  const { node } = await cronNode(t, '2025-01-01');
  add(node, 'job', '0 0 L 2 *');
  t.deepEqual(node.cron.jobSchedule('job', { periodMs: 5 * 365 * DAY_MS }).map(iso), [
    '2025-02-28T00:00',
    '2026-02-28T00:00',
    '2027-02-28T00:00',
    '2028-02-29T00:00',
    '2029-02-28T00:00',
  ]);
  add(node, 'rare', '0 0 * 2 2#5');
  t.is(iso(node.cron.jobInfo('rare').nextMs), '2028-02-29T00:00');
});

// 2026-05-15 is a Friday.
const either: readonly (readonly [string, string, boolean])[] = [
  ['both', '2026-05-15T09:00Z', true],
  ['the weekday only', '2026-05-22T09:00Z', true],
  ['the day only', '2026-06-15T09:00Z', true],
  ['neither', '2026-05-16T09:00Z', false],
  ['the wrong hour', '2026-05-15T10:00Z', false],
];
for (const [title, time, runs] of either) {
  test(`with day and weekday given, a time that fits ${title} ${runs ? 'is' : 'is not'} one [C3]`, async (t) => {
    const { node } = await cronNode(t, '2026-01-01');
    add(node, 'job', '0 9 15 * 5');
    const found = node.cron.jobSchedule('job', { since: new Date(time), periodMs: 60_000 });
    t.deepEqual(found, runs ? [Date.parse(time)] : []);
  });
}

for (const [spec, expected] of Object.entries({
  '0 0 * * 1L': ['2026-01-26', '2026-02-23', '2026-03-30', '2026-04-27'],
  '0 0 * * 7#1': ['2026-01-04', '2026-02-01', '2026-03-01', '2026-04-05'],
  '0 0 * * 4#5': ['2026-01-29', '2026-04-30'],
  '0 0 L * *': ['2026-01-31', '2026-02-28', '2026-03-31', '2026-04-30'],
})) {
  test(`${spec} runs on exactly these days [C4]`, async (t) => {
    const { node } = await cronNode(t, '2026-01-01');
    add(node, 'job', spec);
    const times = node.cron.jobSchedule('job', { periodMs: 120 * DAY_MS });
    t.deepEqual(
      times.map((time) => iso(time)),
      expected.map((day) => `${day}T00:00`),
    );
  });
}

for (const [macro, expected] of Object.entries({
  '@hourly': ['2026-01-01T00:01', '2026-01-01T01:01', '2026-01-01T02:01'],
  '@daily': ['2026-01-01T03:10', '2026-01-02T03:10', '2026-01-03T03:10'],
  '@weekly': ['2026-01-05T05:30', '2026-01-12T05:30', '2026-01-19T05:30'],
  '@monthly': ['2026-01-01T04:20', '2026-02-01T04:20', '2026-03-01T04:20'],
})) {
  test(`${macro} has the meaning that it has in Ergo`, async (t) => {
    const { node } = await cronNode(t, '2026-01-01');
    add(node, 'job', macro);
    const times = node.cron.jobSchedule('job', { periodMs: 90 * DAY_MS });
    t.deepEqual(times.slice(0, 3).map(iso), expected);
  });
}

test('a spec is about the time zone of its job', async (t) => {
  const { node } = await cronNode(t, '2026-01-01');
  add(node, 'vienna', '0 9 * * *', 'Europe/Vienna');
  add(node, 'kolkata', '0 9 * * *', 'Asia/Kolkata');
  t.is(iso(node.cron.jobInfo('vienna').nextMs), '2026-01-01T08:00');
  t.is(iso(node.cron.jobInfo('kolkata').nextMs), '2026-01-01T03:30');
});

test('without a time zone a spec is about that of the machine', async (t) => {
  const { node } = await cronNode(t, '2026-01-01');
  node.cron.addJob({ name: 'job', spec: '30 12 * * *', action: idle });
  const info = node.cron.jobInfo('job');
  t.is(info.timeZone, Intl.DateTimeFormat().resolvedOptions().timeZone);
  const next = new Date(info.nextMs!);
  t.deepEqual([next.getHours(), next.getMinutes()], [12, 30]);
});

test('a preview groups jobs by time, disabled ones as well', async (t) => {
  const { node } = await cronNode(t, '2026-01-01');
  add(node, 'quarter', '*/15 * * * *');
  add(node, 'half', '*/30 * * * *');
  add(node, 'late', '5 0 * * *');
  node.cron.disableJob('half');
  const schedule = node.cron.schedule({ periodMs: 31 * 60_000 });
  t.deepEqual(
    schedule.map(({ timeMs, jobs }) => [iso(timeMs), ...jobs]),
    [
      ['2026-01-01T00:00', 'quarter', 'half'],
      ['2026-01-01T00:05', 'late'],
      ['2026-01-01T00:15', 'quarter'],
      ['2026-01-01T00:30', 'quarter', 'half'],
    ],
  );
});

test('a preview begins with its first moment and ends before its last', async (t) => {
  const { node } = await cronNode(t, '2026-01-01');
  add(node, 'job', '0 * * * *');
  const since = Date.UTC(2026, 5, 1, 10);
  t.deepEqual(node.cron.jobSchedule('job', { since, periodMs: 3_600_000 }), [since]);
  t.deepEqual(node.cron.jobSchedule('job', { since: since + 1, periodMs: 3_600_000 }), [
    since + 3_600_000,
  ]);
  t.deepEqual(node.cron.jobSchedule('job', { since: since + 1, periodMs: 3_599_999 }), []);
});

test('a preview lists no more than 1000 runs, the time that is begun to its end', async (t) => {
  const { node } = await cronNode(t, '2026-01-01');
  for (const name of ['a', 'b', 'c']) add(node, name, '* * * * *');
  const schedule = node.cron.schedule({ periodMs: 365 * DAY_MS });
  t.is(schedule.length, 334);
  t.true(schedule.every(({ jobs }) => jobs.length === 3));
  t.is(node.cron.jobSchedule('a', { periodMs: 365 * DAY_MS }).length, 1000);
});

test('a preview of nothing is empty', async (t) => {
  const { node } = await cronNode(t, '2026-01-01');
  t.deepEqual(node.cron.schedule({ periodMs: DAY_MS }), []);
  add(node, 'job', '* * * * *');
  t.deepEqual(node.cron.schedule({ since: Date.UTC(2999, 11, 31, 23, 59), periodMs: DAY_MS }), [
    { timeMs: Date.UTC(2999, 11, 31, 23, 59), jobs: ['job'] },
  ]);
  t.deepEqual(node.cron.jobSchedule('job', { since: 0, periodMs: 1 }), [0]);
});

for (const [title, period] of [
  ['no period', undefined],
  ['a number', 5],
  ['none given', {}],
  ['zero', { periodMs: 0 }],
  ['a fraction', { periodMs: 0.5 }],
  ['NaN', { periodMs: Number.NaN }],
  ['infinity', { periodMs: Infinity }],
  ['a bad date', { since: new Date('never'), periodMs: 1 }],
  ['a text as date', { since: '2026-01-01', periodMs: 1 }],
  ['a time before 1970', { since: -1, periodMs: 1 }],
  ['the year 3000', { since: new Date('3000-01-01'), periodMs: 1 }],
  ['an unknown key', { periodMs: 1, until: 5 }],
] as const) {
  test(`a preview refuses ${title} as its period`, async (t) => {
    const { node } = await cronNode(t, '2026-01-01');
    add(node, 'job', '* * * * *');
    t.throws(() => node.cron.schedule(period as never), { code: 'incorrect', message: /period/ });
    t.throws(() => node.cron.jobSchedule('job', period as never), { code: 'incorrect' });
  });
}
