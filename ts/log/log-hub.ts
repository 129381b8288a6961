import { checkChoice, checkFunction, checkName, checkOptions } from '../error/check.ts';
import { incorrect, TergoError } from '../error/tergo-error.ts';
import { LOG_LEVELS } from './log-level.ts';
import type { LogRecord } from './log-record.ts';
import type { Logger, LoggerOptions } from './logger.ts';

interface Entry {
  readonly logger: Logger;
  readonly levels: ReadonlySet<string> | undefined;
  /** Whether its failure was told already. */
  failed: boolean;
}

/** The loggers of one node; each record goes to all that want its level, in the order in which they were added. */
export class LogHub {
  readonly #entries = new Map<string, Entry>();

  /** Throws `taken` when the name is in use and `incorrect` for anything that is no logger. */
  add(name: string, logger: Logger, options: LoggerOptions = {}): void {
    checkName('name', name);
    if (typeof logger !== 'object' || logger === null)
      throw incorrect('logger', 'an object with a log method', logger);
    checkFunction('logger.log', logger.log);
    checkLoggerOptions(options);
    if (this.#entries.has(name))
      throw new TergoError('taken', `there is a logger '${name}' already; remove it first`);
    const levels = options.levels === undefined ? undefined : new Set<string>(options.levels);
    this.#entries.set(name, { logger, levels, failed: false });
  }

  /** Whether there was such a logger. */
  remove(name: string): boolean {
    const entry = this.#entries.get(name);
    if (entry === undefined) return false;
    this.#entries.delete(name);
    this.#guard(name, entry, () => entry.logger.terminate?.());
    return true;
  }

  names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  write(record: LogRecord): void {
    for (const [name, entry] of this.#entries) {
      if (entry.levels !== undefined && !entry.levels.has(record.level)) continue;
      this.#guard(name, entry, () => entry.logger.log(record));
    }
  }

  close(): void {
    for (const name of this.names()) this.remove(name);
  }

  /** A logger must never end a process: its first failure is told on the console, which is all that is left then. */
  #guard(name: string, entry: Entry, action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!entry.failed) console.error(`tergo: logger '${name}' failed:`, error);
      entry.failed = true;
    }
  }
}

function checkLoggerOptions(options: LoggerOptions): void {
  checkOptions('options', options, ['levels']);
  const { levels } = options;
  if (levels === undefined) return;
  if (!Array.isArray(levels)) throw incorrect('options.levels', 'a list of levels', levels);
  for (const level of levels) checkChoice('options.levels', level, LOG_LEVELS.slice(0, -1));
}
