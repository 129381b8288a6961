import { inspect } from 'node:util';
import { reasonText } from '../error/exit-reason.ts';
import type { LogRecord } from '../log/log-record.ts';

/** Writes the record to another thread, or one in which fields that cannot travel stand as their text. */
export function tellRecord<Result>(
  record: LogRecord,
  isEncodable: (value: unknown) => boolean,
  write: (travelling: LogRecord) => Result,
): Result {
  try {
    return write(isEncodable(record.fields) ? record : withTexts(record, isEncodable));
  } catch {
    // What looks as if it could travel may throw when it is read.
    return write(withTexts(record, () => false));
  }
}

function withTexts(record: LogRecord, isEncodable: (value: unknown) => boolean): LogRecord {
  const fields = Object.entries(record.fields).map(([name, value]) => {
    return [name, isEncodable(value) ? value : textOf(value)] as const;
  });
  return { ...record, fields: Object.fromEntries(fields) };
}

function textOf(value: unknown): string {
  try {
    return inspect(value);
  } catch {
    return reasonText(value);
  }
}
