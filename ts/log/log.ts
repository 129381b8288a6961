import type { LogFields } from './log-record.ts';
import type { LogLevel } from './log-level.ts';

/**
 * Writes log records with their source filled in. None of its methods waits for a logger.
 *
 * @example
 * this.log.info('order taken', { id: 7 });
 */
export interface Log {
  /** The level from which records are written; setting it changes this node or process only. Throws `incorrect` for no level. */
  level: LogLevel;
  /**
   * The name of the only logger that gets this log's records; `undefined`, as at first: all of them. A
   * name that no logger has counts as `undefined`, so that nothing is lost. Setting throws `incorrect` for no
   * name. Source: Ergo `Log.SetLogger`.
   *
   * @example
   * this.log.logger = '.audit'; // hidden: gets nothing from anybody else
   */
  logger: string | undefined;
  /** For whoever looks for a fault. Throws `incorrect` for a text or fields of a wrong type, as all four. */
  debug(text: string, fields?: LogFields): void;
  /** What is worth knowing. */
  info(text: string, fields?: LogFields): void;
  /** What may need somebody's attention. */
  warning(text: string, fields?: LogFields): void;
  /** What went wrong. */
  error(text: string, fields?: LogFields): void;
  /** The fields that go with every record of this log, under those of the call; not those of the node or of a parent. */
  readonly fields: LogFields;
  /** Adds such fields, over those of the same name. Throws `incorrect`. Source: Ergo `Log.AddFields`. */
  addFields(fields: LogFields): void;
  /** Takes such fields away; names that there are not are passed over. Throws `incorrect`. */
  deleteFields(...names: readonly string[]): void;
  /**
   * Keeps the fields as they are until the matching `popFields`, which undoes whatever is added and deleted
   * in between; adds `fields`, if given. Gives how many are kept, 1 after the first. Throws `incorrect`.
   * In Ergo nothing can be deleted in between.
   *
   * @example
   * this.log.pushFields({ order: 7 });
   * try { this.#pack(); } finally { this.log.popFields(); }
   */
  pushFields(fields?: LogFields): number;
  /** Brings back the fields of the last `pushFields`; gives how many are kept still. Does nothing when none are: 0. */
  popFields(): number;
}
