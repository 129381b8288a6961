/** A minute that goes by: its instant, and what a clock on the wall shows, as if that were UTC. */
interface Minute {
  readonly instant: number;
  readonly local: number;
}

const MINUTE_MS = 60_000;
const windows = new Map<string, readonly Minute[]>();

/**
 * When a spec runs from `start` to before `end`, found by looking at every minute: nothing of croner or
 * of the library. Where the clock jumps, the rules of docs/cron.md hold.
 */
export function runsByHand(
  spec: string,
  timeZone: string,
  start: number,
  end: number,
): readonly number[] {
  const [minute, hour] = spec.split(' ');
  const isInterval = minute!.includes('*') || hour!.includes('*');
  const matches = matcher(spec);
  const runs: number[] = [];
  // So much earlier that a repeated hour is seen to be one.
  const minutes = minutesOf(timeZone, start - 6 * 60 * MINUTE_MS, end);
  let latest = -Infinity;
  for (const { instant, local } of minutes) {
    const isNew = local > latest;
    const skipped = isNew && latest !== -Infinity ? between(latest, local) : [];
    const isDue =
      (matches(local) && (isNew || isInterval)) ||
      (!isInterval && skipped.some((time) => isSameDay(time, local) && matches(time)));
    if (isDue && instant >= start) runs.push(instant);
    latest = Math.max(latest, local);
  }
  return runs;
}

function between(from: number, to: number): readonly number[] {
  const count = Math.max(0, (to - from) / MINUTE_MS - 1);
  return Array.from({ length: count }, (_, at) => from + (at + 1) * MINUTE_MS);
}

function isSameDay(a: number, b: number): boolean {
  return new Date(a).toISOString().slice(0, 10) === new Date(b).toISOString().slice(0, 10);
}

function minutesOf(timeZone: string, start: number, end: number): readonly Minute[] {
  const key = `${timeZone} ${start} ${end}`;
  let minutes = windows.get(key);
  if (minutes === undefined) {
    const local = localTime(timeZone);
    const first = Math.ceil(start / MINUTE_MS) * MINUTE_MS;
    minutes = Array.from({ length: Math.ceil((end - first) / MINUTE_MS) }, (_, at) => {
      const instant = first + at * MINUTE_MS;
      return { instant, local: local(instant) };
    });
    windows.set(key, minutes);
  }
  return minutes;
}

function localTime(timeZone: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  return (instant) => {
    // day/month/year, hour:minute
    const [day, month, year, hour, minute] = format
      .format(instant)
      .split(/[/,: ]+/)
      .map(Number);
    return Date.UTC(year!, month! - 1, day, hour, minute);
  };
}

type Test = (date: Date) => boolean;

/** Whether a time fits a spec. */
function matcher(spec: string): (local: number) => boolean {
  const [minute, hour, day, month, weekday] = spec.split(' ') as [
    string,
    string,
    string,
    string,
    string,
  ];
  const isMinute = numbers(minute, 0);
  const isHour = numbers(hour, 0);
  const isMonth = numbers(month, 1);
  const isDay = anyOf(day, dayTest);
  const isWeekday = anyOf(weekday, weekdayTest);
  const isDate: Test = (date) => {
    if (day === '*') return weekday === '*' || isWeekday(date);
    return isDay(date) || (weekday !== '*' && isWeekday(date));
  };
  return (local) => {
    const date = new Date(local);
    return (
      isMinute(date.getUTCMinutes()) &&
      isHour(date.getUTCHours()) &&
      isMonth(date.getUTCMonth() + 1) &&
      isDate(date)
    );
  };
}

function anyOf(field: string, testOf: (item: string) => Test): Test {
  const tests = field.split(',').map(testOf);
  return (date) => tests.some((test) => test(date));
}

function numbers(field: string, min: number): (value: number) => boolean {
  const spans = field.split(',').map((item) => {
    const [span, step = '1'] = item.split('/');
    const [from, to = from] = span === '*' ? [min, 99] : span!.split('-').map(Number);
    return { from: from!, to: to!, step: Number(step) };
  });
  return (value) =>
    spans.some(({ from, to, step }) => value >= from && value <= to && (value - from) % step === 0);
}

function dayTest(item: string): Test {
  if (item === 'L') return (date) => isLastWithin(date, 1);
  const fits = numbers(item, 1);
  return (date) => fits(date.getUTCDate());
}

function weekdayTest(item: string): Test {
  const fits = numbers(item.replace(/[L#].*/, ''), 1);
  const isOn: Test = (date) => fits(date.getUTCDay() === 0 ? 7 : date.getUTCDay());
  if (item.endsWith('L')) return (date) => isOn(date) && isLastWithin(date, 7);
  if (!item.includes('#')) return isOn;
  return (date) => isOn(date) && Math.ceil(date.getUTCDate() / 7) === Number(item[2]);
}

/** Whether that many days later it is another month. */
function isLastWithin(date: Date, days: number): boolean {
  return new Date(date.getTime() + days * 86_400_000).getUTCMonth() !== date.getUTCMonth();
}
