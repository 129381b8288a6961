import { incorrect } from '../error/tergo-error.ts';
import type { LogFields } from './log-record.ts';

/** No fields at all; shared. */
export const NO_FIELDS: LogFields = Object.freeze({});

/** What a log has beside its level, if it has anything: its fields, and its only logger. */
export class LogContext {
  /** Never changed, only replaced: records hold it. */
  fields: LogFields = NO_FIELDS;
  logger: string | undefined = undefined;
  /** What `fields` were at each push. */
  readonly #kept: LogFields[] = [];

  add(fields: LogFields): void {
    this.fields = Object.freeze({ ...this.fields, ...fields });
  }

  remove(names: readonly string[]): void {
    const left = Object.entries(this.fields).filter(([name]) => !names.includes(name));
    this.fields = left.length === 0 ? NO_FIELDS : Object.freeze(Object.fromEntries(left));
  }

  push(): number {
    return this.#kept.push(this.fields);
  }

  pop(): number {
    this.fields = this.#kept.pop() ?? this.fields;
    return this.#kept.length;
  }
}

/** Throws `incorrect` unless `fields` is an object. */
export function checkFields(fields: unknown): void {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
    throw incorrect('fields', 'an object', fields);
}
