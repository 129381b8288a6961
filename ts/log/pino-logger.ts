import { checkFunction } from '../error/check.ts';
import { incorrect } from '../error/tergo-error.ts';
import { plainError } from './json-line.ts';
import type { LogFields, LogRecord } from './log-record.ts';
import type { Logger } from './logger.ts';

/** What a `PinoLogger` needs of a `pino` instance. */
export interface PinoInstance {
  /** Writes at its level `debug`; the same for the others. */
  debug(fields: object, message: string): void;
  /** For `info`. */
  info(fields: object, message: string): void;
  /** For `warning`. */
  warn(fields: object, message: string): void;
  /** For `error`. */
  error(fields: object, message: string): void;
  /** Hands on what it holds, if it holds anything back. */
  flush?(done: (error?: Error) => void): void;
}

const METHODS = { debug: 'debug', info: 'info', warning: 'warn', error: 'error' } as const;

/**
 * Hands records to `pino`: fields as they are, who wrote it under `source` (over a field of that name), an error
 * in the field `error` under `err`, where pino's serializer expects it. The time is the one that pino takes; its own level
 * holds besides, so set that to `debug` if Tergo's is to decide.
 *
 * @example
 * node.addLogger('pino', new PinoLogger(pino({ level: 'debug' })));
 */
export class PinoLogger implements Logger {
  readonly #pino: PinoInstance;

  /** Throws `incorrect` for anything that lacks one of the methods. */
  constructor(pino: PinoInstance) {
    if ((typeof pino !== 'object' && typeof pino !== 'function') || pino === null)
      throw incorrect('pino', 'an instance of pino', pino);
    for (const method of Object.values(METHODS)) checkFunction(`pino.${method}`, pino[method]);
    this.#pino = pino;
  }

  /** Writes one record. */
  log({ level, message, fields, source }: LogRecord): void {
    this.#pino[METHODS[level]]({ ...bindings(fields), source }, message);
  }

  /** Resolves when pino has handed on what it holds. */
  terminate(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#pino.flush === undefined) return resolve();
      this.#pino.flush((error) => (error ? reject(error) : resolve()));
    });
  }
}

/** Pino shows an error only under `err`; others are made plain. */
function bindings(fields: LogFields): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (!(value instanceof Error)) shown[name] = value;
    else if (name === 'error' || name === 'err') shown['err'] = value;
    else shown[name] = plainError(value, true);
  }
  return shown;
}
