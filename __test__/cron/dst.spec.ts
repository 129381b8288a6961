import test from 'ava';
import { addKeeping, cronNode, iso } from '../support/cron-node.ts';
import { runsByHand } from '../support/cron-oracle.ts';

const HOUR_MS = 3_600_000;

interface Edge {
  readonly timeZone: string;
  /** The instant at which the clock jumps. */
  readonly at: string;
  readonly spec: string;
  /** When jobs run in the six hours around it. */
  readonly runs: readonly string[];
  readonly rule: string;
}

const edges: readonly Edge[] = [
  {
    timeZone: 'Europe/Vienna',
    at: '2026-03-29T01:00',
    spec: '30 2 * * *',
    runs: ['2026-03-29T01:00'],
    rule: 'a time that is skipped runs when the clock has jumped',
  },
  {
    timeZone: 'Europe/Vienna',
    at: '2026-03-29T01:00',
    spec: '10,20-30/5,59 2 * * *',
    runs: ['2026-03-29T01:00'],
    rule: 'several times that are skipped run once',
  },
  {
    timeZone: 'Europe/Vienna',
    at: '2026-03-29T01:00',
    spec: '0,30 2-3 * * *',
    runs: ['2026-03-29T01:00', '2026-03-29T01:30'],
    rule: 'a time that is skipped and one right after the jump run once',
  },
  {
    timeZone: 'Europe/Vienna',
    at: '2026-03-29T01:00',
    spec: '*/30 1-3 * * *',
    runs: ['2026-03-29T00:00', '2026-03-29T00:30', '2026-03-29T01:00', '2026-03-29T01:30'],
    rule: 'an interval goes on over the jump',
  },
  {
    timeZone: 'Europe/Vienna',
    at: '2026-10-25T01:00',
    spec: '30 2 * * *',
    runs: ['2026-10-25T00:30'],
    rule: 'a time that is repeated runs the first time',
  },
  {
    timeZone: 'Europe/Vienna',
    at: '2026-10-25T01:00',
    spec: '*/30 2 * * *',
    runs: ['2026-10-25T00:00', '2026-10-25T00:30', '2026-10-25T01:00', '2026-10-25T01:30'],
    rule: 'an interval goes on while the hour is repeated',
  },
  {
    timeZone: 'America/New_York',
    at: '2026-03-08T07:00',
    spec: '15 2 * * *',
    runs: ['2026-03-08T07:00'],
    rule: 'a time that is skipped runs when the clock has jumped',
  },
  {
    timeZone: 'America/New_York',
    at: '2026-03-08T07:00',
    spec: '0 * * * *',
    runs: ['04', '05', '06', '07', '08', '09'].map((hour) => `2026-03-08T${hour}:00`),
    rule: 'an hourly job runs every hour',
  },
  {
    timeZone: 'America/New_York',
    at: '2026-11-01T06:00',
    spec: '0,59 1 * * *',
    runs: ['2026-11-01T05:00', '2026-11-01T05:59'],
    rule: 'times that are repeated run the first time',
  },
  {
    timeZone: 'America/New_York',
    at: '2026-11-01T06:00',
    spec: '0 * * * *',
    runs: ['03', '04', '05', '06', '07', '08'].map((hour) => `2026-11-01T${hour}:00`),
    rule: 'an hourly job runs every hour',
  },
  {
    timeZone: 'Australia/Lord_Howe',
    at: '2026-10-03T15:30',
    spec: '15 2 * * *',
    runs: ['2026-10-03T15:30'],
    rule: 'a time in the half hour that is skipped runs when the clock has jumped',
  },
  {
    timeZone: 'Australia/Lord_Howe',
    at: '2026-10-03T15:30',
    spec: '*/15 2 * * *',
    runs: ['2026-10-03T15:30', '2026-10-03T15:45'],
    rule: 'an interval goes on over the jump',
  },
  {
    timeZone: 'Australia/Lord_Howe',
    at: '2026-04-04T15:00',
    spec: '45 1 * * *',
    runs: ['2026-04-04T14:45'],
    rule: 'a time in the half hour that is repeated runs the first time',
  },
  {
    timeZone: 'Australia/Lord_Howe',
    at: '2026-04-04T15:00',
    spec: '*/15 1 * * *',
    runs: ['14:00', '14:15', '14:30', '14:45', '15:00', '15:15'].map((at) => `2026-04-04T${at}`),
    rule: 'an interval goes on while the half hour is repeated',
  },
];

for (const { timeZone, at, spec, runs, rule } of edges) {
  test(`${timeZone} ${at.slice(0, 10)}, ${spec}: ${rule}`, async (t) => {
    const edge = Date.parse(`${at}Z`);
    const start = edge - 3 * HOUR_MS;
    const { node, clock } = await cronNode(t, start - 1);
    const got = addKeeping(node, { name: 'job', spec, timeZone });
    await clock.advance(6 * HOUR_MS);
    t.deepEqual(
      got.map(({ timeMs }) => iso(timeMs)),
      runs,
    );
    t.deepEqual(
      got.map(({ timeMs }) => timeMs),
      runsByHand(spec, timeZone, start, start + 6 * HOUR_MS),
    );
    t.true(got.every(({ missed }) => missed === 0));
    // The timer lives: it goes on as on any other day.
    const { nextMs } = node.cron.jobInfo('job');
    await clock.advance(nextMs! - clock.wallNow());
    t.is(got.at(-1)?.timeMs, nextMs);
  });
}
