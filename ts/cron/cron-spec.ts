import { incorrect } from '../error/tergo-error.ts';

/** A checked spec, as croner reads it. */
export interface CronSpec {
  /** Five fields; of ranges and steps only those are left that start with `*`. */
  readonly pattern: string;
  /** Whether it goes by the passing of time: there is a `*` in minute or hour. */
  readonly isInterval: boolean;
}

/**
 * Reads a spec: minute, hour, day, month, weekday, or a macro. Throws `incorrect`, naming the field and
 * the value. Source: Ergo, whose grammar is narrower than that of most crons.
 */
export function parseSpec(spec: unknown): CronSpec {
  if (typeof spec !== 'string') throw incorrect('job.spec', 'a string', spec);
  const text = MACROS.get(spec.trim()) ?? spec.trim();
  const parts = text.split(/\s+/);
  if (parts.length !== FIELDS.length)
    throw incorrect(
      'job.spec',
      `five fields (minute hour day month weekday) or ${MACRO_NAMES}`,
      spec,
    );
  const fields = FIELDS.map((rule, at) => parseField(rule, parts[at]!));
  checkDays(fields, spec);
  return {
    pattern: fields.map((field) => field.pattern).join(' '),
    isInterval: fields.slice(0, 2).some((field) => field.pattern.includes('*')),
  };
}

/** Their meanings are Ergo's: jobs of different periods do not all fall on midnight. */
const MACROS: ReadonlyMap<string, string> = new Map([
  ['@hourly', '1 * * * *'],
  ['@daily', '10 3 * * *'],
  ['@weekly', '30 5 * * 1'],
  ['@monthly', '20 4 1 * *'],
]);
const MACRO_NAMES = [...MACROS.keys()].join(', ');

interface FieldRule {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** `*` with a step. */
  readonly hasSteps: boolean;
  /** A range with a step. */
  readonly hasRangeSteps: boolean;
  /** What else an item may be. */
  readonly special: RegExp | undefined;
  readonly specialText: string;
}

const PLAIN = { hasSteps: true, hasRangeSteps: true, special: undefined, specialText: '' };
const FIELDS: readonly FieldRule[] = [
  { ...PLAIN, name: 'minute', min: 0, max: 59 },
  { ...PLAIN, name: 'hour', min: 0, max: 23 },
  { ...PLAIN, name: 'day', min: 1, max: 31, special: /^L$/, specialText: ', L' },
  { ...PLAIN, name: 'month', min: 1, max: 12, hasRangeSteps: false },
  {
    name: 'weekday',
    min: 1,
    max: 7,
    hasSteps: false,
    hasRangeSteps: false,
    special: /^[1-7](?:L|#[1-5])$/,
    specialText: ', nL, n#1 to n#5',
  },
];

interface Field {
  readonly pattern: string;
  /** The numbers that it names; none for what is special. */
  readonly values: readonly number[];
}

function parseField(rule: FieldRule, text: string): Field {
  if (text === '*') return { pattern: '*', values: range(rule.min, rule.max) };
  const items = text.split(',').map((item) => parseItem(rule, item, text));
  return {
    pattern: items.map(({ pattern }) => pattern).join(','),
    values: items.flatMap(({ values }) => values),
  };
}

function parseItem(rule: FieldRule, item: string, field: string): Field {
  if (rule.special?.test(item) === true) return { pattern: item, values: [] };
  const [, star, from, to, step] = ITEM.exec(item) ?? refuse(rule, item, field);
  if (star !== undefined) {
    if (step === undefined || !rule.hasSteps) refuse(rule, item, field);
    return { pattern: item, values: range(rule.min, rule.max, stepOf(rule, step, field)) };
  }
  if (step !== undefined && (to === undefined || !rule.hasRangeSteps)) refuse(rule, item, field);
  const first = numberOf(rule, from!, field);
  const last = to === undefined ? first : numberOf(rule, to, field);
  if (last < first) refuse(rule, item, field);
  const values = range(first, last, step === undefined ? 1 : stepOf(rule, step, field));
  return { pattern: values.join(','), values };
}

const ITEM = /^(?:(\*)|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/;

function numberOf(rule: FieldRule, digits: string, field: string): number {
  const value = Number(digits);
  return value >= rule.min && value <= rule.max ? value : refuse(rule, digits, field);
}

function stepOf(rule: FieldRule, digits: string, field: string): number {
  const step = Number(digits);
  if (step >= 1 && step <= rule.max) return step;
  throw incorrect(`the step in ${nameOf(rule, field)}`, `a number from 1 to ${rule.max}`, digits);
}

function refuse(rule: FieldRule, item: string, field: string): never {
  const { min, max, hasSteps, hasRangeSteps, specialText } = rule;
  const kinds = `n, a-b${hasSteps ? ', */n' : ''}${hasRangeSteps ? ', a-b/n' : ''}${specialText}`;
  const mustBe = `* alone, or a list of ${kinds} with numbers from ${min} to ${max}, a not over b`;
  throw incorrect(nameOf(rule, field), mustBe, item);
}

function nameOf({ name }: FieldRule, field: string): string {
  return `job.spec ${name} '${field.slice(0, 60)}'`;
}

/** The longest that each month can be. */
const MONTH_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** A spec such as `0 0 30 2 *` would never run. */
function checkDays([, , day, month, weekday]: readonly Field[], spec: string): void {
  const longest = Math.max(...month!.values.map((value) => MONTH_DAYS[value - 1]!));
  if (weekday!.pattern !== '*' || day!.pattern.includes('L')) return;
  if (day!.values.every((value) => value > longest))
    throw incorrect('job.spec day', `one that its months have (up to ${longest})`, spec);
}

function range(first: number, last: number, step = 1): number[] {
  return Array.from(
    { length: Math.floor((last - first) / step) + 1 },
    (_, at) => first + at * step,
  );
}
