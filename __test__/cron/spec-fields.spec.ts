import test from 'ava';
import { TergoError } from 'tergo';
import { cronNode, idle } from '../support/cron-node.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What each field reads as, seen in a month of 31 days that begins on a Monday. */
const fields = {
  minute: {
    specOf: (field: string) => `${field} 0 * * *`,
    periodMs: HOUR_MS,
    read: (date: Date) => date.getUTCMinutes(),
  },
  hour: {
    specOf: (field: string) => `0 ${field} * * *`,
    periodMs: DAY_MS,
    read: (date: Date) => date.getUTCHours(),
  },
  day: {
    specOf: (field: string) => `0 0 ${field} * *`,
    periodMs: 31 * DAY_MS,
    read: (date: Date) => date.getUTCDate(),
  },
  month: {
    specOf: (field: string) => `0 0 1 ${field} *`,
    periodMs: 365 * DAY_MS,
    read: (date: Date) => date.getUTCMonth() + 1,
  },
  weekday: {
    specOf: (field: string) => `0 0 * * ${field}`,
    periodMs: 31 * DAY_MS,
    read: (date: Date) => date.getUTCDate(),
  },
} as const;
type Field = keyof typeof fields;

/** The first day of a month of 31 days: a Monday. */
const starts: Readonly<Record<Field, string>> = {
  minute: '2026-01-01',
  hour: '2026-01-01',
  month: '2026-01-01',
  day: '2029-01-01',
  weekday: '2029-01-01',
};

const accepted: readonly (readonly [Field, string, readonly number[]])[] = [
  ['minute', '*', Array.from({ length: 60 }, (_, at) => at)],
  ['minute', '5', [5]],
  ['minute', '05', [5]],
  ['minute', '0,59,3', [0, 3, 59]],
  ['minute', '3,3,3', [3]],
  ['minute', '3-9', [3, 4, 5, 6, 7, 8, 9]],
  ['minute', '7-7', [7]],
  ['minute', '*/7', [0, 7, 14, 21, 28, 35, 42, 49, 56]],
  ['minute', '*/59', [0, 59]],
  ['minute', '*/20,1', [0, 1, 20, 40]],
  ['minute', '2-30/7', [2, 9, 16, 23, 30]],
  ['minute', '2-9/59', [2]],
  ['minute', '50-59/3,1,4-5', [1, 4, 5, 50, 53, 56, 59]],
  ['hour', '1-23/5', [1, 6, 11, 16, 21]],
  ['hour', '*/6', [0, 6, 12, 18]],
  ['hour', '0,23', [0, 23]],
  ['day', 'L', [31]],
  ['day', 'L,3,1', [1, 3, 31]],
  ['day', '3-6,L,3,1', [1, 3, 4, 5, 6, 31]],
  ['day', '*/10', [1, 11, 21, 31]],
  ['day', '10-20/4', [10, 14, 18]],
  ['day', '31,L,L', [31]],
  ['month', '*/5', [1, 6, 11]],
  ['month', '2-4,12', [2, 3, 4, 12]],
  ['weekday', '7', [7, 14, 21, 28]],
  ['weekday', '3L', [31]],
  ['weekday', '7L', [28]],
  ['weekday', '5#4', [26]],
  ['weekday', '1#5', [29]],
  ['weekday', '7#5', []],
  ['weekday', '2#3,3#2', [10, 16]],
  ['weekday', '1,1#2', [1, 8, 15, 22, 29]],
  ['weekday', '3L,1,5', [1, 5, 8, 12, 15, 19, 22, 26, 29, 31]],
  ['weekday', '6-7,1#5,7L', [6, 7, 13, 14, 20, 21, 27, 28, 29]],
];

for (const [field, text, expected] of accepted) {
  test(`${field} ${text} is read [C2]`, async (t) => {
    const { node } = await cronNode(t, starts[field]);
    const { specOf, periodMs, read } = fields[field];
    node.cron.addJob({ name: 'job', spec: specOf(text), timeZone: 'UTC', action: idle });
    const times = node.cron.jobSchedule('job', { periodMs });
    t.deepEqual(
      times.map((time) => read(new Date(time))),
      expected,
    );
  });
}

const refused: readonly (readonly [Field, string, string])[] = [
  ['minute', '0,a,3', 'a'],
  ['minute', '0,59,63', '63'],
  ['minute', '60', '60'],
  ['minute', '-1', '-1'],
  ['minute', '1.5', '1.5'],
  ['minute', '100', '100'],
  ['minute', '33-3', '33-3'],
  ['minute', '1-', '1-'],
  ['minute', '-', '-'],
  ['minute', '1-2-3', '1-2-3'],
  ['minute', '*/70', '70'],
  ['minute', '*/0', '0'],
  ['minute', '1-9/0', '0'],
  ['minute', '1-9/60', '60'],
  ['minute', '*/', '*/'],
  ['minute', '5/5', '5/5'],
  ['minute', '*/7,*', '*'],
  ['minute', '*,1', '*'],
  ['minute', '*-5', '*-5'],
  ['minute', '**', '**'],
  ['minute', '?', '?'],
  ['minute', '2-60/2', '60'],
  ['minute', '7,L', 'L'],
  ['minute', '7,3L', '3L'],
  ['minute', '7,2#2', '2#2'],
  ['minute', '1,,2', ''],
  ['minute', ',1', ''],
  ['minute', '1,', ''],
  ['hour', '25', '25'],
  ['hour', '24', '24'],
  ['hour', '*/24', '24'],
  ['hour', 'L', 'L'],
  ['day', '0,30', '0'],
  ['day', '1,33', '33'],
  ['day', '3L', '3L'],
  ['day', '2#2', '2#2'],
  ['day', 'L-3', 'L-3'],
  ['day', '15W', '15W'],
  ['day', '*/32', '32'],
  ['month', '0', '0'],
  ['month', '13', '13'],
  ['month', '1-12/3', '1-12/3'],
  ['month', 'L', 'L'],
  ['month', 'JAN', 'JAN'],
  ['weekday', '0,7', '0'],
  ['weekday', '1,8', '8'],
  ['weekday', '0#4', '0#4'],
  ['weekday', '8L', '8L'],
  ['weekday', '*/4', '*/4'],
  ['weekday', '1-5/2', '1-5/2'],
  ['weekday', '1#6', '1#6'],
  ['weekday', '1#0', '1#0'],
  ['weekday', '#1', '#1'],
  ['weekday', '1#', '1#'],
  ['weekday', '#', '#'],
  ['weekday', 'L', 'L'],
  ['weekday', 'L3', 'L3'],
  ['weekday', '1-3L', '1-3L'],
  ['weekday', 'MON', 'MON'],
  ['weekday', '5-1', '5-1'],
];

for (const [field, text, value] of refused) {
  test(`${field} ${text} is refused, with the field and the value named [C2]`, async (t) => {
    const { node } = await cronNode(t, starts[field]);
    const spec = fields[field].specOf(text);
    const error = t.throws(() => node.cron.addJob({ name: 'job', spec, action: idle }), {
      instanceOf: TergoError,
      code: 'incorrect',
    });
    t.true(error.message.includes(`job.spec ${field} '${text}'`), error.message);
    t.true(error.message.endsWith(`but is '${value}'`), error.message);
    t.deepEqual(node.cron.info().jobs, []);
  });
}

for (const spec of [
  '',
  '* * * *',
  '* * * * * *',
  '@yearly',
  '@Daily',
  '@daily 1',
  '* * * * * 2026',
]) {
  test(`the spec '${spec}' is refused`, async (t) => {
    const { node } = await cronNode(t, '2026-01-01');
    t.throws(() => node.cron.addJob({ name: 'job', spec, action: idle }), {
      code: 'incorrect',
      message: /^job\.spec must be five fields/,
    });
  });
}

for (const spec of ['0 0 30 2 *', '0 0 31 2,4,6,9,11 *', '0 0 30-31 2 *']) {
  test(`the spec '${spec}', which never runs, is refused`, async (t) => {
    const { node } = await cronNode(t, '2026-01-01');
    t.throws(() => node.cron.addJob({ name: 'job', spec, action: idle }), {
      code: 'incorrect',
      message: /^job\.spec day must be one that its months have/,
    });
  });
}

for (const spec of [
  '0 0 30 2 1',
  '0 0 30,L 2 *',
  '0 0 29 2 *',
  '0 0 31 1,2 *',
  '  0\t0  1 1 *  ',
]) {
  test(`the spec '${spec}' is accepted`, async (t) => {
    const { node } = await cronNode(t, '2026-01-01');
    node.cron.addJob({ name: 'job', spec, action: idle });
    t.true(node.cron.jobInfo('job').nextMs! > Date.UTC(2026, 0, 1));
    t.is(node.cron.jobInfo('job').spec, spec);
  });
}
