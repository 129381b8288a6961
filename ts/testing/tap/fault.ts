import { checkChoice, checkInteger, checkOptions } from '../../error/check.ts';
import type { SendResult } from '../../error/send-result.ts';
import { incorrect } from '../../error/tergo-error.ts';
import type { AnyPid } from '../../process/pid.ts';
import { compare } from '../match/comparison.ts';
import type { Pattern } from '../match/pattern.ts';
import type { RecordBase, RecordOf } from '../record/records.ts';

/** What each operation that can be made to fail fails with: gives it, or throws or rejects with it. */
export interface Failures {
  readonly send: Exclude<SendResult, 'ok'>;
  readonly 'send-exit': Exclude<SendResult, 'ok'>;
  readonly publish: Exclude<SendResult, 'ok'>;
  /** By `sendResponse`, `sendResponseError` and the important ones, which reject with it; a returned answer always arrives. */
  readonly reply: Exclude<SendResult, 'ok'>;
  /** As if the target could not be reached: a call is rejected, a message is lost. */
  readonly forward: Exclude<SendResult, 'ok'>;
  readonly timer: Error;
  readonly call: Error;
  readonly request: Error;
  readonly spawn: Error;
  readonly link: Error;
  readonly unlink: Error;
  readonly monitor: Error;
  readonly demonitor: Error;
  readonly subscribe: Error;
  readonly unsubscribe: Error;
  readonly 'register-event': Error;
  readonly 'unregister-event': Error;
  readonly 'register-name': Error;
  readonly 'unregister-name': Error;
  readonly 'create-alias': Error;
  readonly 'delete-alias': Error;
  readonly inspect: Error;
  readonly 'cron-add': Error;
  readonly 'cron-remove': Error;
  readonly 'cron-enable': Error;
  readonly 'cron-disable': Error;
  /** As if the action had failed: the run fails, which is logged and told to the fallback of the job. */
  readonly 'cron-run': Error;
}

/** What can be made to fail. */
export type FailureKind = keyof Failures;

/** Which operations fail, and with what. */
export interface FailOptions<K extends FailureKind> {
  /** The result it gives, or the error it throws or rejects with. */
  readonly with: Failures[K];
  /** Only operations that fit; all of the kind by default. Only these count. */
  readonly when?: Pattern<RecordOf<K>>;
  /** How many are done before one fails; 0 by default. */
  readonly after?: number;
  /** How many fail; by default all from then on. */
  readonly times?: number;
  /** Instead of `after` and `times`: whether each in turn fails. Those after the list are done. */
  readonly pattern?: readonly boolean[];
}

/** A failure that was arranged. */
export interface Fault {
  /** How many operations it was asked about. */
  readonly seen: number;
  /** How many of these it made fail. */
  readonly failed: number;
  /** From now on nothing fails because of it. */
  clear(): void;
}

const BY_RESULT: readonly string[] = [
  'send',
  'send-exit',
  'publish',
  'reply',
  'forward',
] satisfies FailureKind[];
const REFUSALS: readonly string[] = [
  'process-unknown',
  'process-incarnation',
  'process-mailbox-full',
  'name-unknown',
  'alias-unknown',
  'event-unknown',
  'event-owner',
  'no-connection',
  'not-allowed',
  'too-large',
  'response-ignored',
  'node-terminated',
] satisfies Failures['send'][];
const BY_ERROR: readonly string[] = [
  ...['timer', 'call', 'request', 'spawn', 'link', 'unlink', 'monitor', 'demonitor', 'inspect'],
  ...['subscribe', 'unsubscribe', 'register-event', 'unregister-event', 'register-name'],
  ...['unregister-name', 'create-alias', 'delete-alias'],
  ...['cron-add', 'cron-remove', 'cron-enable', 'cron-disable', 'cron-run'],
];

/** A failure with its counts. */
export class ArrangedFault<K extends FailureKind> implements Fault {
  readonly #kind: K;
  readonly #by: AnyPid | undefined;
  readonly #options: FailOptions<K>;
  #isCleared = false;
  seen = 0;
  failed = 0;

  /** `by`: only what this process does. Throws `incorrect`. */
  constructor(kind: K, by: AnyPid | undefined, options: FailOptions<K>) {
    checkFailure(kind, options);
    this.#kind = kind;
    this.#by = by;
    this.#options = options;
  }

  clear(): void {
    this.#isCleared = true;
  }

  /** What this operation fails with; `undefined`: it is to be done. */
  decide(record: RecordBase): Failures[K] | undefined {
    if (this.#isCleared || !this.#concerns(record)) return undefined;
    const at = this.seen;
    this.seen += 1;
    if (!this.#fails(at)) return undefined;
    this.failed += 1;
    return this.#options.with;
  }

  #concerns(record: RecordBase): boolean {
    if (record.kind !== this.#kind) return false;
    if (this.#by !== undefined && record.by !== this.#by) return false;
    const { when } = this.#options;
    return when === undefined || compare(when, record).fits;
  }

  #fails(at: number): boolean {
    const { after = 0, times = Infinity, pattern } = this.#options;
    return pattern === undefined ? at >= after && this.failed < times : pattern[at] === true;
  }
}

function checkFailure(kind: string, options: FailOptions<FailureKind>): void {
  const isByResult = BY_RESULT.includes(kind);
  if (!isByResult && !BY_ERROR.includes(kind))
    throw incorrect('kind', [...BY_RESULT, ...BY_ERROR].join(', '), kind);
  checkOptions('options', options, ['with', 'when', 'after', 'times', 'pattern']);
  const { with: value, after, times, pattern } = options ?? {};
  if (isByResult) checkChoice('options.with', value, REFUSALS);
  if (!isByResult && !(value instanceof Error)) throw incorrect('options.with', 'an Error', value);
  if (after !== undefined) checkInteger('options.after', after, 0);
  if (times !== undefined) checkInteger('options.times', times, 1);
  if (pattern === undefined) return;
  if (!Array.isArray(pattern) || pattern.some((fails) => typeof fails !== 'boolean'))
    throw incorrect('options.pattern', 'a list of true and false', pattern);
  if (after !== undefined || times !== undefined)
    throw incorrect('options.pattern', 'left out beside after and times', pattern);
}
