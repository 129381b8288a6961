import type { SendResult } from '../error/send-result.ts';
import { reasonOf } from '../error/exit-reason.ts';
import { incorrect, TergoError } from '../error/tergo-error.ts';
import { KIND_REQUEST, QUEUE_MAIN } from '../native/layout.ts';
import { failure } from '../node/messaging.ts';
import type { Runtime } from '../node/runtime.ts';
import { NOWHERE } from '../far/station.ts';
import { RemotePid } from '../far/remote-pid.ts';
import { fullWay } from '../far/full-way.ts';
import type { FarPeer } from '../far/request-frame.ts';
import { LocalPid } from '../process/pid.ts';
import { isMute, ProcessRecord } from '../process/process-record.ts';
import { kindAndQueue } from '../scheduler/outbox.ts';
import type { AnyCaller } from './caller.ts';
import type { CallAnswer, PendingCall } from './pending-call.ts';

/** How calls are answered otherwise than by returning: later, from another process, by handing on. */
export class Answers {
  readonly #runtime: Runtime;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** The right to answer the call in hand. */
  callerOf(record: ProcessRecord, request: unknown): AnyCaller {
    const call = record.current;
    if (call === undefined || call.request !== request)
      throw incorrect('request', 'the request of the call in hand, inside of handleCall', request);
    if (!call.isHeld) {
      call.isHeld = true;
      record.more.held ??= new Set();
      record.more.held.add(call);
    }
    return { pid: call.from, ref: this.#runtime.calls.refOf(call) };
  }

  respond(record: ProcessRecord, caller: AnyCaller, value: unknown): SendResult {
    if (isMute(record)) return 'not-allowed';
    const { calls, freeze } = this.#runtime;
    if (freeze !== undefined) freeze(value);
    const settle = (call: PendingCall): void => {
      if (value instanceof Promise) calls.follow(call, value);
      else calls.resolve(call, value);
    };
    return calls.answer(caller, settle, { value });
  }

  respondError(record: ProcessRecord, caller: AnyCaller, error: Error): SendResult {
    if (!(error instanceof Error)) throw incorrect('error', 'an Error', error);
    if (isMute(record)) return 'not-allowed';
    const { calls } = this.#runtime;
    return calls.answer(caller, (call) => calls.reject(call, error), { error });
  }

  /** Answers a call; resolves when its caller has the answer, rejects with why it has not. */
  async respondImportant(record: ProcessRecord, caller: AnyCaller, value: unknown): Promise<void> {
    if (isMute(record)) throw this.#runtime.messaging.refusalOf(record, 'answer');
    await this.#confirm(caller, value instanceof Promise ? await answerOf(value) : { value });
  }

  /** The same with an error. */
  async respondErrorImportant(
    record: ProcessRecord,
    caller: AnyCaller,
    error: Error,
  ): Promise<void> {
    if (!(error instanceof Error)) throw incorrect('error', 'an Error', error);
    if (isMute(record)) throw this.#runtime.messaging.refusalOf(record, 'answer');
    await this.#confirm(caller, { error });
  }

  /** Answers a call that this thread keeps, if it still waits. */
  async confirmHere(caller: AnyCaller, answer: CallAnswer): Promise<void> {
    try {
      await this.#runtime.calls.confirmByRef(caller.ref, answer);
    } catch (error) {
      throw TergoError.is(error, 'response-ignored') ? await this.#whyIgnored(caller) : error;
    }
  }

  /** Hands on the call in hand if `message` is its request, else the message with its first sender. */
  forward(record: ProcessRecord, to: unknown, message: unknown): void {
    const call = record.current;
    if (call === undefined || call.request !== message)
      return this.#forwardMessage(record, to, message);
    const { messaging, calls } = this.#runtime;
    const target = messaging.resolve(to);
    if (typeof target === 'string') return calls.reject(call, failure(target, to));
    if (!this.#runtime.accepts(target, QUEUE_MAIN))
      return calls.reject(call, failure('process-mailbox-full', to));
    record.current = undefined;
    record.extra?.held?.delete(call);
    call.isHeld = true;
    call.target = target;
    call.address = target.pid === to ? undefined : messaging.addressOf(to);
    if (target instanceof ProcessRecord)
      return messaging.post(call.caller, target, kindAndQueue(KIND_REQUEST, QUEUE_MAIN), call);
    this.#forwardFar(call, target);
  }

  #forwardFar(call: PendingCall, target: FarPeer): void {
    const { calls, far } = this.#runtime;
    try {
      if (far!.calls.forward(call, target, QUEUE_MAIN)) return;
      this.#runtime.retract(target, QUEUE_MAIN);
      calls.reject(call, fullWay(far!, target));
    } catch (error) {
      this.#runtime.retract(target, QUEUE_MAIN);
      calls.reject(call, reasonOf(error));
      // How much a node takes is no fault of who hands it on.
      if (!TergoError.is(error, 'too-large')) throw error;
    }
  }

  /** Asks a process to describe itself. */
  inspect(
    caller: ProcessRecord,
    to: unknown,
    items: readonly string[],
  ): Promise<Readonly<Record<string, string>>> {
    if (items.some((item) => typeof item !== 'string'))
      return Promise.reject(incorrect('items', 'strings', items));
    return this.#runtime.calls.inspect(caller, to, items) as Promise<Record<string, string>>;
  }

  async #confirm(caller: AnyCaller, answer: CallAnswer): Promise<void> {
    if (typeof caller?.ref !== 'string' || !(caller.pid instanceof LocalPid))
      throw incorrect('caller', 'what callerOf gave', caller);
    const { far, calls, freeze } = this.#runtime;
    if (freeze !== undefined && 'value' in answer) freeze(answer.value);
    const station = calls.keeps(caller.ref) ? NOWHERE : (far?.stationOfRef(caller.ref) ?? NOWHERE);
    if (station === NOWHERE || station === far!.thread) return this.confirmHere(caller, answer);
    await far!.answers.respond(station, caller, answer);
  }

  /** The reason why nobody waits for the answer to a call of this thread, as far as it can be told. */
  async #whyIgnored({ pid, ref }: AnyCaller): Promise<TergoError> {
    const { messaging, calls, far } = this.#runtime;
    const found = messaging.resolve(pid);
    if (typeof found === 'string') return failure(found, pid);
    if (found instanceof RemotePid) {
      if (!found.home.isConnected) return failure('no-connection', pid);
      const isAlive = await far!.answers.isAlive(found).catch(() => true);
      if (!isAlive) return failure('process-unknown', pid);
    }
    if (calls.isOverdue(ref))
      return new TergoError('timeout', `${pid} does not wait any more: its call has timed out`);
    return failure('response-ignored', pid);
  }

  #forwardMessage(record: ProcessRecord, to: unknown, message: unknown): void {
    const { messaging, dispatcher } = this.#runtime;
    const pid = dispatcher.senderOf(record);
    const target = messaging.resolve(to);
    const result =
      typeof target === 'string'
        ? target
        : messaging.deliver({ pid, sent: 0 }, target, QUEUE_MAIN, message, to);
    if (result !== 'ok')
      this.#runtime.logOf(record).warning('a forwarded message is lost', { to, result });
  }
}

/** What a promise comes to. */
async function answerOf(promise: Promise<unknown>): Promise<CallAnswer> {
  try {
    return { value: await promise };
  } catch (error) {
    return { error: reasonOf(error) };
  }
}
