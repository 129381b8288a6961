import { inspect } from 'node:util';
import type { ExitReason } from '../error/exit-reason.ts';
import { isExitReason } from '../error/exit-reason.ts';
import { TergoError, incorrect } from '../error/tergo-error.ts';
import type { ReplyOf } from '../protocol/protocol.ts';

declare const answered: unique symbol;

/**
 * The callback is done and sends no reply. From `handleCall`: not now, because somebody holds the
 * `Caller` or the request was forwarded. Source: OTP `{noreply, State}`.
 */
export const noreply: unique symbol = Symbol('tergo.noreply');

/** An answer whose type was checked against its request; only `reply` and its kin make one. */
export interface Replied {
  readonly [answered]: true;
}

/** What every callback but `init` and `terminate` returns, so that a forgotten branch is a compile error. */
export type Next = typeof noreply | Stop;
/** What `handleCall` returns. */
export type Answer = Replied | Next;
/** A value now or later. */
export type MaybePromise<T> = T | Promise<T>;

/** The common base by which the driver tells an outcome from a plain reply in one check. */
abstract class Outcome {
  // Makes the classes nominal, so that no look-alike passes for an outcome.
  readonly #outcome = true;

  /** Whether `value` is an outcome of this module. */
  static is(value: unknown): value is Outcome {
    return typeof value === 'object' && value !== null && #outcome in value;
  }
}

/** `stop` ends the process after the callback; only `stop` makes one. */
export class Stop extends Outcome {
  readonly reason: ExitReason;
  /** What the caller gets before the end; a callback other than `handleCall` has none. */
  readonly answer: unknown;

  /** @internal */
  constructor(reason: ExitReason, answer?: unknown) {
    super();
    this.reason = reason;
    this.answer = answer;
  }
}

/** A reply that would be taken for something else if it were returned bare. @internal */
export class WrappedReply extends Outcome {
  readonly value: unknown;

  constructor(value: unknown) {
    super();
    this.value = value;
  }
}

/** A refusal of the call in hand. @internal */
export class ErrorReply extends Outcome {
  readonly error: Error;

  constructor(error: Error) {
    super();
    this.error = error;
  }
}

/**
 * Answers the call in hand. `value` is checked against the very request. At run time it is the value
 * itself (wrapped only if it would be taken for an outcome or a promise of one).
 *
 * @example
 * override handleCall(request: Total): Answer { return reply(request, this.#total); }
 */
export function reply<R>(request: R, value: NoInfer<ReplyOf<R>>): Answer;
export function reply(_request: unknown, value: unknown): unknown {
  if (typeof value === 'object') {
    return value instanceof Promise || value instanceof Outcome ? new WrappedReply(value) : value;
  }
  return value === noreply ? new WrappedReply(value) : value;
}

/**
 * Rejects the caller's promise with `error`; the process lives on. Throws `incorrect` unless `error` is an `Error`.
 *
 * @example
 * return replyError(request, new Error('not today'));
 */
export function replyError(request: unknown, error: Error): Answer;
export function replyError(_request: unknown, error: unknown): unknown {
  if (!(error instanceof Error)) throw incorrect('error', 'an Error', error);
  return new ErrorReply(error);
}

/**
 * Ends the process after this callback, for `reason` (`normal` by default). With an answer, the
 * caller gets it first. Throws `incorrect` for a reason that is none. Source: OTP `{stop, R, V, S}`.
 *
 * @example
 * return stop('normal', reply(request, 'bye'));
 */
export function stop(reason?: ExitReason): Next;
export function stop(reason: ExitReason, answer: Answer): Answer;
export function stop(reason: ExitReason = 'normal', answer?: unknown): Next {
  if (!isExitReason(reason))
    throw incorrect('reason', "'normal', 'shutdown', 'kill' or an Error", reason);
  // An answer of `undefined` is one, too: told apart by the wrapper.
  return arguments.length < 2 ? new Stop(reason) : new Stop(reason, wrapped(answer));
}

/** For the `default` of a switch: the compiler names the variant that was missed; at run time it ends the process. */
export function unhandled(message: never): Next {
  const shown = inspect(message, { depth: 1, maxStringLength: 60, breakLength: Infinity });
  throw new TergoError('unsupported', `no callback handles ${shown}`);
}

function wrapped(answer: unknown): unknown {
  return Outcome.is(answer) || answer === noreply ? answer : new WrappedReply(answer);
}

/** Whether a callback returned one of the outcome classes (and not a plain reply). @internal */
export function isOutcome(value: object): value is Stop | WrappedReply | ErrorReply {
  return value instanceof Outcome;
}
