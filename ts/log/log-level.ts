/** How grave a record is. `disabled` is a level only to set: nothing is written. */
export type LogLevel = 'debug' | 'info' | 'warning' | 'error' | 'disabled';

/** All levels, least grave first. */
export const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warning', 'error', 'disabled'];

/** Whether a record of `level` is written where `threshold` is set. */
export function isWritten(level: LogLevel, threshold: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(threshold);
}
