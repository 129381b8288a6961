import test from 'ava';
import * as fc from 'fast-check';
import { startNode } from 'tergo';
import { virtualClock } from 'tergo/testing';
import { addKeeping, idle } from '../support/cron-node.ts';
import { runsByHand } from '../support/cron-oracle.ts';

const HOUR_MS = 3_600_000;
const WINDOW_MS = 48 * HOUR_MS;

/** Zones, each with a moment around which its clocks change. */
const edges: readonly (readonly [timeZone: string, around: string])[] = [
  ['Europe/Vienna', '2026-03-29T01:00Z'],
  ['Europe/Vienna', '2026-10-25T01:00Z'],
  ['America/New_York', '2026-03-08T07:00Z'],
  ['America/New_York', '2026-11-01T06:00Z'],
  ['Australia/Lord_Howe', '2026-10-03T15:30Z'],
  ['Australia/Lord_Howe', '2026-04-04T15:00Z'],
  // At midnight: the first hour of the day is skipped, or the last one repeated.
  ['America/Sao_Paulo', '2018-11-04T03:00Z'],
  ['America/Sao_Paulo', '2018-02-18T02:00Z'],
  // A whole day was skipped.
  ['Pacific/Apia', '2011-12-30T10:00Z'],
  // No change, offsets that are no whole hours, the leap day and the turn of the year.
  ['Asia/Kathmandu', '2028-02-29T00:00Z'],
  ['UTC', '2026-12-31T12:00Z'],
];

const upTo = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
const span = (min: number, max: number): fc.Arbitrary<string> =>
  fc.tuple(upTo(min, max), upTo(min, max)).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
const list = (...items: readonly fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant('*') },
    {
      weight: 5,
      arbitrary: fc
        .array(fc.oneof(...items), { minLength: 1, maxLength: 3 })
        .map((parts) => parts.join(',')),
    },
  );
const time = (max: number, usual: number): fc.Arbitrary<string> =>
  list(
    upTo(0, max).map(String),
    upTo(0, usual).map(String),
    span(0, max),
    upTo(1, max).map((step) => `*/${step}`),
    fc.tuple(span(0, max), upTo(1, max)).map(([range, step]) => `${range}/${step}`),
  );
const day = list(
  upTo(1, 31).map(String),
  span(1, 31),
  fc.constant('L'),
  upTo(1, 31).map((step) => `*/${step}`),
  fc.tuple(span(1, 31), upTo(1, 31)).map(([range, step]) => `${range}/${step}`),
);
const month = list(
  upTo(1, 12).map(String),
  span(1, 12),
  upTo(1, 12).map((step) => `*/${step}`),
);
const weekday = list(
  upTo(1, 7).map(String),
  span(1, 7),
  upTo(1, 7).map((value) => `${value}L`),
  fc.tuple(upTo(1, 7), upTo(1, 5)).map(([value, nth]) => `${value}#${nth}`),
);
const anySpec = fc
  .tuple(time(59, 59), time(23, 3), day, month, weekday)
  .map((fields) => fields.join(' '));
const anyEdge = fc.constantFrom(...edges);

/** A spec may say a day that its months never have. */
function isNever(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('job.spec day must be one');
}

test('a preview has exactly the times that looking at every minute finds', async (t) => {
  await using node = await startNode('cron@localhost', { log: { disableConsole: true } });
  let found = 0;
  fc.assert(
    fc.property(anySpec, anyEdge, (spec, [timeZone, around]) => {
      const since = Date.parse(around) - WINDOW_MS / 2;
      const byHand = runsByHand(spec, timeZone, since, since + WINDOW_MS);
      try {
        node.cron.addJob({ name: 'job', spec, timeZone, action: idle, isEnabled: false });
      } catch (error) {
        t.true(isNever(error), String(error));
        t.deepEqual(byHand, []);
        return;
      }
      const times = node.cron.jobSchedule('job', { since, periodMs: WINDOW_MS });
      node.cron.removeJob('job');
      t.deepEqual(times, byHand.slice(0, 1000), `${spec} ${timeZone} ${around}`);
      found += times.length;
    }),
    { numRuns: 500 },
  );
  t.true(found > 2000, `only ${found} times were compared`);
});

test('however far the clock leaps, there is one run, for the latest time that looking at every minute finds', async (t) => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(
      anySpec,
      anyEdge,
      upTo(0, WINDOW_MS),
      upTo(1, WINDOW_MS),
      async (spec, [timeZone, around], beginMs, leapMs) => {
        const start = Date.parse(around) - WINDOW_MS / 2;
        const begin = start + Math.min(beginMs, WINDOW_MS - 1);
        const end = Math.min(begin + leapMs, start + WINDOW_MS - 1);
        const clock = virtualClock({ startAt: begin });
        await using node = await startNode('cron@localhost', {
          clock,
          log: { disableConsole: true },
        });
        try {
          const got = addKeeping(node, { name: 'job', spec, timeZone });
          const due = runsByHand(spec, timeZone, start, start + WINDOW_MS).filter(
            (time) => time > begin,
          );
          // When it looks at the clock next.
          const delay = Math.min((due[0] ?? Infinity) - begin, 60_000);
          clock.setWallNow(end - delay);
          await clock.advance(delay);
          due.splice(0, Infinity, ...due.filter((time) => time <= end));
          runs += due.length;
          const missed = due.length === 0 ? 0 : Math.min(due.length - 1, 100);
          t.is(got.at(-1)?.timeMs, due.at(-1), `${spec} ${timeZone} ${begin} ${end}`);
          t.is(got.length, due.length === 0 ? 0 : 1);
          t.is(got.at(-1)?.missed ?? 0, missed);
        } catch (error) {
          if (!isNever(error)) throw error;
        }
      },
    ),
    { numRuns: 100 },
  );
  t.true(runs > 50, `only ${runs} times were due`);
});
