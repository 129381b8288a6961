import { checkInteger, checkOptions } from '../error/check.ts';
import { incorrect } from '../error/tergo-error.ts';
import type { CronPeriod, CronTime } from './cron-job.ts';
import type { ScheduledJob } from './scheduled-job.ts';
import { END_MS, FIRST_MS } from './timetable.ts';

/** How many runs a preview lists, about; each costs some 50 µs. */
const RUNS_MAX = 1000;

/** Checks a period and gives its begin and end. Throws `incorrect`. */
export function checkPeriod(period: CronPeriod, nowMs: number): readonly [number, number] {
  if (period === undefined) throw incorrect('period', 'an object', period);
  checkOptions('period', period, ['since', 'periodMs']);
  const { since = nowMs, periodMs } = period;
  const start = since instanceof Date ? since.getTime() : since;
  if (typeof start !== 'number' || !(start >= FIRST_MS && start < END_MS))
    throw incorrect('period.since', 'a Date or ms since 1970, before the year 3000', since);
  checkInteger('period.periodMs', periodMs, 1);
  return [start, Math.min(start + periodMs, END_MS)];
}

/**
 * When jobs run from a moment to before another, whether they are enabled or not. Ends after the time
 * with which 1000 runs are listed.
 */
export function preview(
  jobs: readonly ScheduledJob[],
  [start, end]: readonly [number, number],
): readonly CronTime[] {
  const times: CronTime[] = [];
  const next = new Map(jobs.map((job) => [job, job.timetable.next(start - 1)]));
  for (let listed = 0; listed < RUNS_MAX;) {
    const timeMs = earliest(next.values());
    if (timeMs >= end) break;
    const due = jobs.filter((job) => next.get(job) === timeMs);
    times.push({ timeMs, jobs: due.map(({ name }) => name) });
    listed += due.length;
    for (const job of due) next.set(job, job.timetable.next(timeMs));
  }
  return times;
}

/** `Infinity` when there is none. */
export function earliest(times: Iterable<number | undefined>): number {
  let first = Infinity;
  for (const time of times) if (time !== undefined && time < first) first = time;
  return first;
}
