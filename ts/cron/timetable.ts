import { createRequire } from 'node:module';
import type { Cron as Pattern } from 'croner';
import { incorrect } from '../error/tergo-error.ts';
import type { CronSpec } from './cron-spec.ts';

const SECOND_MS = 1000;
/** What croner can compute with, and whoever plans with. */
export const FIRST_MS = 0;
export const END_MS: number = Date.UTC(3000, 0, 1);

/**
 * The times of a spec in a time zone. croner does the arithmetic; its rules for times that a change of
 * the clock skips or repeats are those of Vixie cron. No timer of it is ever started.
 */
export class Timetable {
  /** Whether it goes by the passing of time instead of naming fixed times of the day. */
  readonly isInterval: boolean;
  readonly #pattern: Pattern;

  constructor(spec: CronSpec, timeZone: string) {
    this.isInterval = spec.isInterval;
    this.#pattern = new (croner().Cron)(spec.pattern, {
      timezone: timeZone,
      mode: '5-part',
      fixedTimeRule: 'no-wildcard',
    });
  }

  /** The first time after a moment, ms since 1970; `undefined` when there is none before the year 3000. */
  next(afterMs: number): number | undefined {
    if (afterMs >= END_MS) return undefined;
    return this.#pattern
      .nextRun(new Date(wholeSeconds(Math.max(afterMs, FIRST_MS - 1))))
      ?.getTime();
  }

  /** The latest time until a moment, that included. */
  latest(untilMs: number): number | undefined {
    const before = new Date(wholeSeconds(untilMs) + SECOND_MS);
    return this.#pattern.previousRuns(1, before)[0]?.getTime();
  }
}

/** The machine's own time zone. */
export function localTimeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Throws `incorrect` unless this is the name of a time zone. */
export function checkTimeZone(argument: string, value: unknown): asserts value is string {
  if (typeof value !== 'string' || !isTimeZone(value))
    throw incorrect(argument, "the name of a time zone such as 'Europe/Vienna'", value);
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** croner knows no ms. */
function wholeSeconds(ms: number): number {
  return Math.floor(ms / SECOND_MS) * SECOND_MS;
}

let loaded: typeof import('croner') | undefined;

/** Loaded with the first job: the import of the package does not pay for it. */
function croner(): typeof import('croner') {
  loaded ??= createRequire(import.meta.url)('croner') as typeof import('croner');
  return loaded;
}
