import { inspect } from 'node:util';

/** The closed set of codes of `TergoError`. Stable: they are compared by programs and survive the network. */
export type ErrorCode =
  | 'timeout'
  | 'aborted'
  | 'canceled'
  | 'process-unknown'
  | 'process-terminated'
  | 'process-incarnation'
  | 'process-mailbox-full'
  | 'name-unknown'
  | 'alias-unknown'
  | 'alias-owner'
  | 'event-unknown'
  | 'event-owner'
  | 'taken'
  | 'not-allowed'
  | 'incorrect'
  | 'malformed'
  | 'unencodable'
  | 'unregistered'
  | 'no-reply'
  | 'response-ignored'
  | 'no-connection'
  | 'no-route'
  | 'too-large'
  | 'name-too-long'
  | 'unsupported'
  | 'unknown'
  | 'node-terminated'
  | 'thread-terminated'
  | 'target-exist'
  | 'target-unknown'
  | 'supervisor-restarts-exceeded'
  | 'supervisor-strategy-active'
  | 'child-unknown'
  | 'child-running'
  | 'child-disabled'
  | 'child-duplicate'
  | 'application-unknown'
  | 'application-running'
  | 'application-stopping'
  | 'application-depends'
  | 'application-failed'
  | 'cron-job-unknown'
  | 'pool-empty'
  | 'route-unknown'
  | 'route-disabled'
  | 'discarded'
  | 'binary-missing'
  | 'internal';

/**
 * Every error that Tergo itself throws or rejects with. `code` is stable, `message` names what is
 * wrong and how to mend it, `cause` is what led to it.
 *
 * @example
 * try { await node.call(pid, { type: 'total' }); }
 * catch (error) { if (TergoError.is(error, 'timeout')) console.log('too slow'); else throw error; }
 */
export class TergoError<Code extends ErrorCode = ErrorCode> extends Error {
  declare readonly name: string;
  /** What went wrong, as a value to compare. */
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    // Defined, not assigned: `Error.prototype` may be frozen, and a class that extends this one may have a getter.
    Object.defineProperty(this, 'name', {
      value: 'TergoError',
      enumerable: true,
      configurable: true,
      writable: true,
    });
    this.code = code;
  }

  /** Narrows by code: `if (TergoError.is(error, 'timeout'))`. */
  static is<Code extends ErrorCode>(error: unknown, code: Code): error is TergoError<Code> {
    return error instanceof TergoError && error.code === code;
  }
}

/**
 * The error for a wrong argument: names the argument, what it must be and what it was.
 *
 * @internal
 */
export function incorrect(argument: string, mustBe: string, was: unknown): TergoError<'incorrect'> {
  const shown = inspect(was, { depth: 0, maxStringLength: 60, breakLength: Infinity });
  return new TergoError('incorrect', `${argument} must be ${mustBe}, but is ${shown}`);
}
