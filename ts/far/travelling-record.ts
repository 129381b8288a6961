import { inspect } from 'node:util';
import type { LogRecord } from '../log/log-record.ts';

/** The same record, or one in which fields that cannot travel stand as their text. */
export function travellingRecord(
  record: LogRecord,
  isEncodable: (value: unknown) => boolean,
): LogRecord {
  if (isEncodable(record.fields)) return record;
  const fields = Object.entries(record.fields).map(([name, value]) => {
    return [name, isEncodable(value) ? value : inspect(value)] as const;
  });
  return { ...record, fields: Object.fromEntries(fields) };
}
