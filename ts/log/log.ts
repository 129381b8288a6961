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
  /** For whoever looks for a fault. Throws `incorrect` for a text or fields of a wrong type, as all four. */
  debug(text: string, fields?: LogFields): void;
  /** What is worth knowing. */
  info(text: string, fields?: LogFields): void;
  /** What may need somebody's attention. */
  warning(text: string, fields?: LogFields): void;
  /** What went wrong. */
  error(text: string, fields?: LogFields): void;
}
