import type { ProcessRecord } from '../process/process-record.ts';
import type { LogFields } from './log-record.ts';

/** How often losses are logged at most, ms. */
const REPORT_EVERY_MS = 1000;

/** Counts what a process could not hand on, and logs it: at once, then once a second with the number since. */
export class Losses {
  count = 0;
  readonly #record: ProcessRecord;
  readonly #text: string;
  #reportedAt = -Infinity;
  #reported = 0;

  constructor(record: ProcessRecord, text: string) {
    this.#record = record;
    this.#text = text;
  }

  add(fields: LogFields): void {
    this.count += 1;
    const { runtime } = this.#record;
    const { now } = runtime.driver;
    if (now - this.#reportedAt < REPORT_EVERY_MS) return;
    const messages = this.count - this.#reported;
    this.#reportedAt = now;
    this.#reported = this.count;
    runtime.logOf(this.#record).warning(this.#text, { messages, ...fields });
  }
}
