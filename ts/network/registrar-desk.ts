import { inspect } from 'node:util';
import { type ErrorCode, TergoError } from '../error/tergo-error.ts';
import type { Log } from '../log/log.ts';
import { MAX_ALARM_MS, systemClock } from '../scheduler/clock.ts';
import type { Registrar, RegistrarAsking } from './registrar.ts';

const DEFAULT_TIMEOUT_MS = 5000;
/** What somebody throws who means it, and not that the registrar is of no help. */
const CODES: readonly ErrorCode[] = ['taken', 'timeout'];

/** Asks a registrar of the user's own: no answer takes longer than it may, none that is wrong gets further, and nothing that it throws does. */
export class RegistrarDesk {
  /** What the registrar calls itself. */
  readonly name: string;
  /** How long an answer may take. */
  readonly timeoutMs: number;
  readonly #log: Log;
  /** What has failed last time, and was logged. */
  readonly #failing = new Set<string>();
  readonly #open = new Set<AbortController>();
  #isClosed = false;

  constructor({ name, timeoutMs = DEFAULT_TIMEOUT_MS }: Registrar, log: Log) {
    this.name = name;
    this.timeoutMs = Math.min(timeoutMs, MAX_ALARM_MS);
    this.#log = log;
  }

  /** Nothing is asked any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** What `read` makes of the answer; rejects with `timeout`, `taken` or `no-connection`, with what went wrong as the cause. */
  async ask<T>(
    method: string,
    question: (asking: RegistrarAsking) => unknown,
    read: (answer: unknown) => T,
  ): Promise<T> {
    if (this.#isClosed) throw closed();
    try {
      const answer = read(await this.#answer(method, question));
      this.wentWell(method);
      return answer;
    } catch (error) {
      throw this.#isClosed ? closed() : this.failed(method, error);
    }
  }

  /** It has failed at that: logs it, once until it goes well again, and gives what that means for who asked. */
  failed(method: string, cause: unknown): TergoError {
    const text = `the registrar '${this.name}' has failed at ${method}: ${textOf(cause)}`;
    const failure = new TergoError(codeOf(cause), text, { cause });
    // Of the start the one who starts the node is told, and nobody else is there yet.
    if (method === 'start' || this.#failing.has(method)) return failure;
    this.#failing.add(method);
    this.#log.error('the registrar has failed', { registrar: this.name, method, error: failure });
    return failure;
  }

  /** The next failure at that is logged. */
  wentWell(method: string): void {
    this.#failing.delete(method);
  }

  /** Fails all that is open; nothing is asked any more. */
  close(): void {
    this.#isClosed = true;
    for (const open of this.#open) open.abort(closed());
  }

  async #answer(method: string, question: (asking: RegistrarAsking) => unknown): Promise<unknown> {
    const open = new AbortController();
    const { signal } = open;
    const { promise: given, reject } = Promise.withResolvers<never>();
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    const late = (): void => open.abort(tooLate(method, this.timeoutMs));
    const cancel = systemClock.alarm(this.timeoutMs, late);
    this.#open.add(open);
    try {
      return await Promise.race([promised(() => question({ signal })), given]);
    } finally {
      cancel();
      this.#open.delete(open);
    }
  }
}

/** What somebody else's code gives or throws, as a promise. */
export async function promised(action: () => unknown): Promise<unknown> {
  return await action();
}

/** Rejects with `timeout` when the promise takes longer. */
export async function within(method: string, ms: number, promise: Promise<unknown>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const cancel = systemClock.alarm(ms, () => reject(tooLate(method, ms)));
  try {
    await Promise.race([promise, late]);
  } finally {
    cancel();
  }
}

function tooLate(method: string, ms: number): TergoError {
  return new TergoError('timeout', `${method} was not settled within ${ms} ms`);
}

function closed(): TergoError {
  return new TergoError('no-connection', 'the registrar of this node is closed');
}

/** The code for who asked. */
function codeOf(thrown: unknown): ErrorCode {
  try {
    if (thrown instanceof TergoError && CODES.includes(thrown.code)) return thrown.code;
  } catch {
    // A proxy whose traps throw is none of them.
  }
  return 'no-connection';
}

/** The text of whatever was thrown, and whatever its getters do. */
export function textOf(thrown: unknown): string {
  try {
    const message: unknown = thrown instanceof Error ? thrown.message : thrown;
    const isText = thrown instanceof Error && typeof message === 'string';
    return isText ? message : inspect(message, { depth: 0 });
  } catch {
    return 'it threw what cannot be shown';
  }
}
