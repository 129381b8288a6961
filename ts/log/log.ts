import type { LogFields } from './log-record.ts';
import type { LogLevel } from './log-level.ts';

/**
 * Writes log records with their source filled in.
 *
 * @example
 * this.log.info('order taken', { id: 7 });
 */
export interface Log {
  /** The level from which records are written; setting it changes this node or process only. Throws `incorrect` for no level. */
  level: LogLevel;
  debug(text: string, fields?: LogFields): void;
  info(text: string, fields?: LogFields): void;
  warning(text: string, fields?: LogFields): void;
  error(text: string, fields?: LogFields): void;
}
