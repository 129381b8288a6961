/** How grave a record is. `disabled` is a level only to set: nothing is written. */
export type LogLevel = 'debug' | 'info' | 'warning' | 'error' | 'disabled';

/** A level that a record can have. */
export type WrittenLevel = Exclude<LogLevel, 'disabled'>;

/** The levels of records, least grave first. */
export const WRITTEN_LEVELS: readonly WrittenLevel[] = ['debug', 'info', 'warning', 'error'];

/** All levels, least grave first. */
export const LOG_LEVELS: readonly LogLevel[] = [...WRITTEN_LEVELS, 'disabled'];

const RANK: Readonly<Record<LogLevel, number>> = {
  debug: 0,
  info: 1,
  warning: 2,
  error: 3,
  disabled: 4,
};

/** Whether a record of `level` is written where `threshold` is set. */
export function isWritten(level: LogLevel, threshold: LogLevel): boolean {
  return RANK[level] >= RANK[threshold];
}
