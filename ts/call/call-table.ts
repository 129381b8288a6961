import { incorrect, TergoError } from '../error/tergo-error.ts';
import { type ExitReason, reasonOf, reasonText } from '../error/exit-reason.ts';
import type { SendResult } from '../error/send-result.ts';
import { KIND_INSPECT, KIND_REQUEST, QUEUE_MAIN } from '../native/layout.ts';
import { failure } from '../node/messaging.ts';
import type { Runtime } from '../node/runtime.ts';
import { NOWHERE } from '../far/station.ts';
import { fullWay } from '../far/full-way.ts';
import type { Peer } from '../process/peer.ts';
import { LocalPid } from '../process/pid.ts';
import { queueOf } from '../process/priority.ts';
import { isMute, ProcessRecord } from '../process/process-record.ts';
import { kindAndQueue } from '../scheduler/outbox.ts';
import {
  type CallOptions,
  checkCallOptions,
  checkRequestOptions,
  DEFAULT_TIMEOUT_MS,
  type RequestOptions,
} from './call-options.ts';
import type { AnyCaller } from './caller.ts';
import { CallDeadlines } from './call-deadlines.ts';
import { type CallAnswer, PendingCall, type Settlement } from './pending-call.ts';
import { disown, PromisedSettlement } from './promised-settlement.ts';
import { RandomWords } from './random-words.ts';
import { RequestSettlement } from './request-settlement.ts';

/** What a call is started with: a user's options, or those of an inspection. */
type StartOptions = CallOptions & RequestOptions & { readonly kind?: number };

const NO_OPTIONS: StartOptions = Object.freeze({});
const INSPECTION: StartOptions = Object.freeze({
  kind: KIND_INSPECT,
  priority: 'max',
  important: false,
});

/**
 * A reference: the short form of the node that made it, a number, what nobody can guess (it is the right to answer), and
 * at its end the deadline, `-1` when none is known.
 */
const REF = /^Ref#<([0-9A-F]{8})\.[0-9]+\.[0-9]+-[0-9]+\.([0-9.]+)>$/;

/** The unsettled calls of a node. Every call settles once: reply, error, timeout, abort, an end on either side. */
export class CallTable {
  readonly #runtime: Runtime;
  /** Calls whose reference somebody has seen. */
  readonly #byRef = new Map<string, PendingCall>();
  readonly #deadlines: CallDeadlines;
  /** Calls since the last rest: they get a timer only if they are still unsettled then. */
  #young: PendingCall[] = [];
  readonly #random = new RandomWords();
  #serial = 0;
  /** Unsettled calls. */
  size = 0;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.#deadlines = new CallDeadlines(runtime, (call) => this.#expire(call));
  }

  /** The promise of a call. Rejects, never throws. */
  call(
    caller: ProcessRecord,
    to: unknown,
    request: unknown,
    options: CallOptions = NO_OPTIONS,
  ): Promise<unknown> {
    const settlement = new PromisedSettlement();
    try {
      if (options !== NO_OPTIONS && options !== INSPECTION) checkCallOptions(options);
      this.#start(caller, to, request, options, settlement);
    } catch (error) {
      if (isMute(caller)) disown(settlement);
      settlement.reject(error);
    }
    return settlement.promise;
  }

  /** Sends a request whose answer comes to the mailbox; throws what is known at once. */
  request(caller: ProcessRecord, to: unknown, request: unknown, options: RequestOptions): string {
    checkRequestOptions(options);
    const settlement = new RequestSettlement(caller, options.label);
    const ref = this.refOf(this.#start(caller, to, request, options, settlement));
    settlement.sent(ref);
    return ref;
  }

  /** Asks a process to describe itself; not for the process itself to answer late, so it goes before all else. */
  inspect(caller: ProcessRecord, to: unknown, items: readonly string[]): Promise<unknown> {
    return this.call(caller, to, items, INSPECTION);
  }

  /** The reference of a call, from now on found by `answer`. */
  refOf(call: PendingCall): string {
    if (call.ref === undefined) {
      const serial = this.#runtime.serialOf(++this.#serial);
      const secret = this.#random.take();
      const { short } = this.#runtime.home;
      call.ref = `Ref#<${short}.${serial}.${secret}.${this.knownDeadlineOf(call)}>`;
      if (!call.isSettled) this.#byRef.set(call.ref, call);
    }
    return call.ref;
  }

  /** Answers a call by its `Caller`; `response-ignored` when it has settled already, as far as this thread knows. */
  answer(caller: AnyCaller, settle: (call: PendingCall) => void, answer: CallAnswer): SendResult {
    if (typeof caller?.ref !== 'string') throw incorrect('caller', 'what callerOf gave', caller);
    const call = this.#byRef.get(caller.ref);
    if (call === undefined) return this.#answerElsewhere(caller, answer);
    const { settlement } = call;
    // In a getter of a message a caller elsewhere could not be told, and the call would be over.
    if (settlement?.origin !== undefined) this.#runtime.far!.refuseNested();
    settle(call);
    return settlement?.refusal ?? 'ok';
  }

  /** Another thread or node answers a call of which it has the reference, and says who waits. */
  answerHere({ pid, ref }: AnyCaller, settle: (call: PendingCall) => void): void {
    const call = this.#byRef.get(ref);
    if (call !== undefined && call.from === pid) settle(call);
  }

  /** Whether the time of a call is over, by a reference that this node gave. */
  isOverdue(ref: string): boolean {
    const [, short, deadline] = REF.exec(ref) ?? [];
    const { home, driver } = this.#runtime;
    return short === home.short && Number(deadline) <= driver.readNow();
  }

  /** Whether a call of this reference waits for its answer here. */
  keeps(ref: string): boolean {
    return this.#byRef.has(ref);
  }

  /** Who waits for the answer to a call that is kept here. */
  waiterOf(ref: string): LocalPid | undefined {
    return this.#byRef.get(ref)?.from;
  }

  /** Answers a call that is kept here, and resolves when its caller has the answer; rejects with `response-ignored` and what went wrong on the way. */
  async confirmByRef(ref: string, answer: CallAnswer): Promise<void> {
    const call = this.#byRef.get(ref);
    if (call === undefined) throw failure('response-ignored', ref);
    await this.confirm(call, answer);
  }

  /** The same for a call that may have settled. */
  async confirm(call: PendingCall, answer: CallAnswer): Promise<void> {
    const { settlement } = call;
    if (settlement === undefined) throw failure('response-ignored', call.from);
    if (settlement.confirm === undefined) return this.settle(call, answer);
    this.#runtime.far!.refuseNested();
    const confirmed = settlement.confirm(answer);
    this.#close(call);
    await confirmed;
  }

  settle(call: PendingCall, answer: CallAnswer): void {
    if ('error' in answer) this.reject(call, answer.error);
    else this.resolve(call, answer.value);
  }

  resolve(call: PendingCall, value: unknown): void {
    const settlement = this.#close(call);
    settlement?.resolve(value);
  }

  /** Answers with what a promise comes to; until then the call can time out like any other. */
  follow(call: PendingCall, promise: Promise<unknown>): void {
    const { freeze } = this.#runtime;
    promise
      .then((value) => {
        if (freeze !== undefined) freeze(value);
        this.resolve(call, value);
      })
      .catch((thrown: unknown) => this.reject(call, reasonOf(thrown)));
  }

  reject(call: PendingCall, error: Error): void {
    const settlement = this.#close(call);
    settlement?.reject(error);
  }

  /** Gives up a request that has not been answered; its answer will not come. */
  cancel(caller: ProcessRecord, ref: string): boolean {
    if (typeof ref !== 'string') throw incorrect('ref', 'what sendRequest gave', ref);
    const call = this.#byRef.get(ref);
    if (call === undefined || call.caller !== caller) return false;
    this.#close(call);
    return true;
  }

  /** The caller has ended: nobody waits any more, but each promise settles all the same. */
  rejectAllOf(caller: ProcessRecord): void {
    const { isStopped, home } = this.#runtime;
    const text = `the caller ${caller.pid} has ended`;
    while (caller.calls !== undefined) {
      disown(caller.calls.settlement);
      const error = isStopped
        ? failure('node-terminated', home.node)
        : new TergoError('process-terminated', text, { cause: caller.reason });
      this.reject(caller.calls, error);
    }
  }

  /** Nobody waits for the answer any more, or somebody else gives it: the call is over here. */
  abandon(call: PendingCall): void {
    this.#close(call);
  }

  /** Whoever was to answer has ended. */
  rejectEnded(call: PendingCall, reason: ExitReason | undefined = call.target.reason): void {
    if (call.isSettled) return;
    const { pid } = call.target;
    const text = `${pid} ended before it answered (${reasonText(reason)})`;
    this.reject(call, new TergoError('process-terminated', text, { cause: reason }));
  }

  /** Whether some call has no timer yet. */
  get hasYoung(): boolean {
    return this.#young.length > 0;
  }

  /** Before the node rests: what is still unsettled gets a timer. */
  armTimeouts(): void {
    if (this.#young.length > 0) this.#arm(this.#young.splice(0));
    this.#deadlines.rest();
  }

  /** First those that know their deadline: it is earlier than what the others get now, and the queue takes them in order. */
  #arm(young: readonly PendingCall[]): void {
    const waiting = young.filter((call) => !call.isSettled);
    for (const call of waiting) if (call.deadline >= 0) this.#deadlines.add(call);
    const now = this.#runtime.driver.readNow();
    for (const call of waiting) {
      if (call.deadline >= 0) continue;
      call.deadline = now + call.timeoutMs;
      this.#deadlines.add(call);
    }
  }

  #start(
    caller: ProcessRecord,
    to: unknown,
    request: unknown,
    options: StartOptions,
    settlement: Settlement,
  ): PendingCall {
    const runtime = this.#runtime;
    const queue = queueFor(caller, options);
    const target = this.#check(caller, to, request, options);
    // Last, for it counts: a call that is refused takes no place.
    if (!runtime.accepts(target, queue)) throw failure('process-mailbox-full', to);
    const kind = options.kind ?? KIND_REQUEST;
    const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const call = new PendingCall(request, caller, target, timeoutMs, settlement);
    call.isImportant = options.important ?? caller.extra?.isImportant === true;
    if (target.pid !== to) call.address = runtime.messaging.addressOf(to);
    this.#open(call);
    if (options.signal !== undefined) this.#listen(call, options.signal);
    if (target instanceof ProcessRecord)
      runtime.messaging.post(caller, target, kindAndQueue(kind, queue), call);
    else this.#send(call, target, kind, queue);
    caller.sent += 1;
    return call;
  }

  /** To another thread or node; what is wrong with it settles the call, and is thrown. */
  #send(
    call: PendingCall,
    target: Exclude<Peer, ProcessRecord>,
    kind: number,
    queue: number,
  ): void {
    try {
      if (this.#runtime.far!.calls.start(call, target, kind, queue)) return;
      this.#runtime.counters.mailboxFull += 1;
      throw fullWay(this.#runtime.far!, target);
    } catch (error) {
      this.#runtime.retract(target, queue);
      this.#close(call);
      throw error;
    }
  }

  /** Of a call that another thread or node keeps nothing is known here. */
  #answerElsewhere(caller: AnyCaller, answer: CallAnswer): SendResult {
    const { far } = this.#runtime;
    const station = far?.stationOfRef(caller.ref) ?? NOWHERE;
    if (station === NOWHERE || station === far!.thread) return 'response-ignored';
    const { pid } = caller;
    if (!(pid instanceof LocalPid)) throw incorrect('caller', 'what callerOf gave', caller);
    if (this.#hasEnded(pid)) return 'response-ignored';
    return far!.replies.respond(station, caller, answer);
  }

  /** Whether a process of this node is known to have ended: its calls have settled. */
  #hasEnded(pid: LocalPid): boolean {
    if (!pid.isOf(this.#runtime.home)) return false;
    return this.#runtime.peerOf(pid) === undefined;
  }

  /** Whom it goes to. Throws what is known at once about a call. */
  #check(caller: ProcessRecord, to: unknown, request: unknown, options: CallOptions): Peer {
    const runtime = this.#runtime;
    if (isMute(caller)) throw runtime.messaging.refusalOf(caller, 'call');
    const target = runtime.messaging.resolve(to);
    if (typeof target === 'string') throw failure(target, to);
    if (target === caller)
      throw failure('not-allowed', `${caller.pid} calls itself: it would wait for itself forever`);
    if (options.signal?.aborted === true) throw aborted(options.signal);
    if (runtime.freeze !== undefined) runtime.freeze(request);
    return target;
  }

  /** When a call of this thread is over, or one of elsewhere that has told it, ms since the node's start; -1: it has not. */
  knownDeadlineOf(call: PendingCall): number {
    return call.origin === undefined ? this.#deadlineOf(call) : call.deadline;
  }

  /** Counted from the first asking, soon after the start: the clock is not read for each call. */
  #deadlineOf(call: PendingCall): number {
    if (call.deadline < 0) call.deadline = this.#runtime.driver.readNow() + call.timeoutMs;
    return call.deadline;
  }

  #open(call: PendingCall): void {
    const { caller } = call;
    call.next = caller.calls;
    if (caller.calls !== undefined) caller.calls.previous = call;
    caller.calls = call;
    this.size += 1;
    this.#young.push(call);
  }

  /** Takes the call out of everything that knows it; `undefined` when it had settled already. */
  #close(call: PendingCall): Settlement | undefined {
    const { settlement } = call;
    if (settlement === undefined) return undefined;
    call.settlement = undefined;
    // One of another thread is counted and listed there, and so is its promise.
    if (settlement.origin === undefined) {
      this.#unlist(call);
      this.#runtime.driver.letPromisesRun();
    } else settlement.onOver?.();
    if (call.timing !== undefined) this.#deadlines.remove(call, call.timing);
    if (call.farNumber >= 0) this.#runtime.far!.calls.closed(call);
    if (call.unlisten !== undefined) call.unlisten();
    if (call.isHeld) call.target.extra?.held?.delete(call);
    if (call.ref !== undefined) this.#byRef.delete(call.ref);
    return settlement;
  }

  #unlist(call: PendingCall): void {
    this.size -= 1;
    const { previous, next } = call;
    if (previous === undefined) call.caller.calls = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
    call.previous = undefined;
    call.next = undefined;
  }

  #listen(call: PendingCall, signal: AbortSignal): void {
    const onAbort = (): void => this.reject(call, aborted(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    call.unlisten = () => signal.removeEventListener('abort', onAbort);
  }

  #expire(call: PendingCall): void {
    if (call.isSettled) return;
    const text = `${call.target.pid} did not answer within ${call.timeoutMs} ms, the timeout of the call`;
    this.reject(call, new TergoError('timeout', text));
  }
}

/** Where its requests queue. */
function queueFor(caller: ProcessRecord, { priority }: CallOptions): number {
  return priority === undefined ? (caller.extra?.queue ?? QUEUE_MAIN) : queueOf(priority);
}

function aborted(signal: AbortSignal): TergoError<'aborted'> {
  return new TergoError('aborted', 'the call was aborted', { cause: signal.reason });
}
