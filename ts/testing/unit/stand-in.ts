import { ErrorReply, type MaybePromise, noreply, WrappedReply } from '../../actor/outcome.ts';
import type { Caller } from '../../call/caller.ts';
import { type ExitReason, isExitReason, reasonOf } from '../../error/exit-reason.ts';
import type { SendResult } from '../../error/send-result.ts';
import { incorrect, TergoError } from '../../error/tergo-error.ts';
import type { Envelope } from '../../process/envelope.ts';
import type { Pid } from '../../process/pid.ts';
import { context } from '../../process/process-context.ts';
import { Process } from '../../process/process.ts';
import type { MessageOf, ReplyTo, RequestOf, TypeOf } from '../../protocol/protocol.ts';

/** A message that a stand-in got. */
export interface Received<P> {
  readonly message: MessageOf<P>;
  readonly from: Pid<unknown>;
}

/** A call that a stand-in got and that no `answer` was arranged for. */
export interface StandInCall<P, T> {
  readonly request: RequestOf<P> & { readonly type: T };
  readonly from: Pid<unknown>;
  /** Answers it; `response-ignored` when it was answered before or its caller waits no more. */
  reply(value: NoInfer<ReplyTo<P, T>>): SendResult;
  /** Rejects it. Throws `incorrect` unless `error` is an `Error`. */
  refuse(error: Error): SendResult;
}

/** What a stand-in answers: a value, or a function of the request that gives it. */
export type Script<P, T> =
  | ReplyTo<P, T>
  | ((
      request: RequestOf<P> & { readonly type: T },
      from: Pid<unknown>,
    ) => MaybePromise<ReplyTo<P, T>>);

/**
 * A process that stands in for another: it takes every message, keeps it, answers calls as it is told to,
 * and ends when it is told to. It is a process like any other: it can be linked to, monitored, found by
 * name, killed.
 *
 * @example
 * const store = await unit.standIn({ name: storeName });
 * store.answer('get', 5);
 */
export interface StandIn<P = unknown> {
  readonly pid: Pid<P>;
  /** What it was sent, oldest first. */
  readonly received: readonly Received<P>[];
  /** Why it has ended; `undefined` while it lives. */
  readonly exited: ExitReason | undefined;
  /** The process from within: whatever a process can do, it can be made to do. */
  readonly self: Process<P>;
  /**
   * From now on answers requests of this type with a value or with what a function gives; a function
   * that throws or rejects makes the call reject with that error. The last word on a type counts.
   */
  answer<T extends TypeOf<RequestOf<P>>>(type: T, reply: NoInfer<Script<P, T>>): void;
  /** The calls for which no answer was arranged, oldest first: all, or only those of a type. */
  calls<T extends TypeOf<RequestOf<P>>>(type?: T): readonly StandInCall<P, T>[];
  /** Ends it, for `normal` by default; resolves when all that follows from it at once is done. */
  end(reason?: ExitReason): Promise<void>;
}

/** A stand-in, and how what it gets comes from its process to the test. */
export class Desk implements StandIn<unknown> {
  readonly received: Received<unknown>[] = [];
  exited: ExitReason | undefined = undefined;
  readonly #begun: (desk: Desk) => void;
  readonly #settle: () => Promise<void>;
  readonly #calls: HeldCall<string>[] = [];
  readonly #scripts = new Map<unknown, unknown>();
  #self: StandInProcess | undefined;

  /** `begun` hears when its process has begun; `settle` resolves when the nodes have come to rest. */
  constructor(begun: (desk: Desk) => void, settle: () => Promise<void>) {
    this.#begun = begun;
    this.#settle = settle;
  }

  get self(): StandInProcess {
    if (this.#self === undefined) throw new TergoError('internal', 'the stand-in was not spawned');
    return this.#self;
  }

  get pid(): Pid<unknown> {
    return this.self.pid;
  }

  /** Its process has begun. */
  attach(process: StandInProcess): void {
    this.#self = process;
    this.#begun(this);
  }

  answer(type: string, reply: unknown): void {
    this.#scripts.set(type, reply);
  }

  calls<T extends string>(type?: T): readonly HeldCall<T>[] {
    return this.#calls.filter(isOfType(type));
  }

  async end(reason: ExitReason = 'normal'): Promise<void> {
    if (!isExitReason(reason))
      throw incorrect('reason', "'normal', 'shutdown', 'kill' or an Error", reason);
    const { runtime } = this.self[context];
    runtime.lifecycle.end(this.self[context], reason);
    runtime.driver.runNow();
    await this.#settle();
  }

  /** What its process does with an entry of its mailbox. */
  take(envelope: Envelope): typeof noreply | object {
    if (envelope.kind === 'request') return this.#answer(envelope.request, envelope.from);
    if (envelope.kind === 'message')
      this.received.push({ message: envelope.message, from: envelope.from });
    return noreply;
  }

  #answer(request: unknown, from: Pid<unknown>): typeof noreply | object {
    const type = typeOf(request);
    if (!this.#scripts.has(type)) {
      this.#calls.push(new HeldCall(this.self, request, from));
      return noreply;
    }
    const script = this.#scripts.get(type);
    if (typeof script !== 'function') return new WrappedReply(script);
    try {
      // A promise is answered with what it comes to; other calls are taken meanwhile.
      return new WrappedReply(script(request, from));
    } catch (error) {
      return new ErrorReply(reasonOf(error));
    }
  }
}

/** A call that waits for its answer. */
class HeldCall<T> implements StandInCall<unknown, T> {
  readonly request: { readonly type: T };
  readonly from: Pid<unknown>;
  readonly #self: StandInProcess;
  readonly #caller: Caller<unknown>;

  constructor(self: StandInProcess, request: unknown, from: Pid<unknown>) {
    this.#self = self;
    this.#caller = self.callerOf(request);
    this.request = request as { readonly type: T };
    this.from = from;
  }

  reply(value: unknown): SendResult {
    return this.#self.sendResponse(this.#caller, value);
  }

  refuse(error: Error): SendResult {
    return this.#self.sendResponseError(this.#caller, error);
  }
}

/** The process behind a stand-in. */
export class StandInProcess extends Process<unknown> {
  #desk!: Desk;

  override init(desk: Desk, isTrapping: boolean): void {
    this.#desk = desk;
    this.trapExit = isTrapping;
    desk.attach(this);
  }

  override receive(envelope: Envelope): typeof noreply | object {
    return this.#desk.take(envelope);
  }

  override terminate(reason: ExitReason): void {
    this.#desk.exited = reason;
  }
}

function isOfType<T extends string>(type: T | undefined) {
  return (call: HeldCall<string>): call is HeldCall<T> =>
    type === undefined || typeOf(call.request) === type;
}

function typeOf(request: unknown): unknown {
  return typeof request === 'object' && request !== null && 'type' in request
    ? request.type
    : undefined;
}
