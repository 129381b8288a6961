import type { AnyCaller } from '../call/caller.ts';
import { type CallEnd, PendingCall } from '../call/pending-call.ts';
import { DEFAULT_TIMEOUT_MS } from '../call/call-options.ts';
import { type ExitReason, reasonOf } from '../error/exit-reason.ts';
import type { SendResult } from '../error/send-result.ts';
import { FRAME_MESSAGE, KIND_REQUEST } from '../native/layout.ts';
import type { Runtime } from '../node/runtime.ts';
import type { LocalAlias } from '../process/alias.ts';
import { LocalPid } from '../process/pid.ts';
import type { ProcessRecord } from '../process/process-record.ts';
import { type Arrived, Control } from './controls.ts';
import type { Far } from './far.ts';
import { FarPid } from './far-pid.ts';
import { PREFIX_ADDRESSED, PREFIX_PLAIN } from './frame-writer.ts';

/** A call as its answering thread names it: thread of the caller and number there. */
type Key = number;

/** So many cancelled calls are remembered: some of them were answered at the same moment and will never be met. */
const KEPT_CANCELLED = 4096;
/** Numbers go up to here before they begin anew; a call would have to last that long to meet its successor. */
const LAST_NUMBER = 2 ** 32 - 1;

/** Calls between threads: those of this thread to others, and those of others that are answered here. */
export class FarCalls {
  readonly #runtime: Runtime;
  readonly #far: Far;
  /** Unsettled calls of this thread that are answered elsewhere. */
  readonly #out = new Map<number, PendingCall>();
  /** Unsettled calls of other threads that were taken here. */
  readonly #in = new Map<Key, PendingCall>();
  /** Calls of other threads that wait in mailboxes here, and that nobody waits for any more. */
  readonly #cancelled = new Set<Key>();
  #lastNumber: number;

  constructor(runtime: Runtime, far: Far) {
    this.#runtime = runtime;
    this.#far = far;
    this.#lastNumber = far.firstNumber;
    const { controls } = far;
    controls.on(Control.reply, (arrived) => this.#replied(arrived));
    controls.on(Control.replyError, (arrived) => this.#refused(arrived));
    controls.on(Control.replyEnded, (arrived) => this.#ended(arrived));
    controls.on(Control.cancel, (arrived) => this.#cancel(arrived));
    controls.on(Control.moved, (arrived) => this.#moved(arrived));
    controls.on(Control.respond, (arrived) => this.#responded(arrived));
  }

  /** Sends the request of a call; false when there is no room on the way. Throws `unencodable`. */
  start(call: PendingCall, to: FarPid, kind: number, queue: number): boolean {
    const number = this.#nextNumber();
    const from = call.caller.pid;
    this.#far.pids.keep(from);
    const head = { number, kind, queue, address: addressOf(call), origin: undefined };
    if (!this.#request(to, from, head, call.request)) return false;
    call.farNumber = number;
    this.#out.set(number, call);
    return true;
  }

  /** The call has settled before its answer came: its request is dropped where it is met. */
  closed(call: PendingCall): void {
    this.#out.delete(call.farNumber);
    const { pid } = call.target;
    if (pid instanceof FarPid && pid.isAlive)
      this.#far.controls.send(pid.thread, Control.cancel, call.farNumber);
    call.farNumber = -1;
  }

  /** A request of another thread, which a process takes; `undefined` when nobody waits for the answer. */
  take(target: ProcessRecord, frame: number): PendingCall | undefined {
    const { reader } = this.#far;
    const [number, form] = reader.prefix(frame);
    const thread = reader.threadOf(frame);
    if (thread === this.#far.thread) return this.#cameHome(number, target);
    const key = keyOf(thread, number);
    if (this.#cancelled.delete(key)) return undefined;
    const value = reader.request(frame);
    const isAddressed = form === PREFIX_ADDRESSED && Array.isArray(value);
    const from = reader.from(frame);
    // What is none of another thread is the node itself, which every thread has.
    const caller: CallEnd = from instanceof FarPid ? from : this.#runtime.core;
    const call = new PendingCall(
      isAddressed ? value[1] : value,
      caller,
      target,
      DEFAULT_TIMEOUT_MS,
      this.#settlement(thread, number),
    );
    if (isAddressed) call.address = value[0];
    this.#in.set(key, call);
    return call;
  }

  /** A request of another thread that no process took. */
  drop(frame: number): void {
    const { reader, controls } = this.#far;
    const [number] = reader.prefix(frame);
    const thread = reader.threadOf(frame);
    if (this.#cancelled.delete(keyOf(thread, number))) return;
    const reason = this.#far.endings.reasonOf(reader.firstOf(frame), reader.secondOf(frame));
    if (thread === this.#far.thread) return this.#settleEnded(number, reason);
    controls.send(thread, Control.replyEnded, number, this.#far.portable(reason));
  }

  /** A call of this very thread, which another one has handed on to a process here. */
  #cameHome(number: number, target: ProcessRecord): PendingCall | undefined {
    const call = this.#settled(number);
    if (call !== undefined) call.target = target;
    return call;
  }

  /** Hands a call on to a process of another thread. False when there is no room on the way. */
  forward(call: PendingCall, to: FarPid, queue: number): boolean {
    const { pid } = call.caller;
    const origin = call.origin;
    if (origin === undefined) return this.#forwardOwn(call, to, queue);
    const { thread, number } = origin;
    const head = { number, kind: KIND_REQUEST, queue, address: addressOf(call), origin: thread };
    if (!this.#request(to, pid, head, call.request)) return false;
    this.#in.delete(keyOf(thread, number));
    this.#far.controls.send(thread, Control.moved, number, to);
    this.#runtime.calls.abandon(call);
    return true;
  }

  /** Answers a call that another thread keeps by its reference. */
  respond(
    thread: number,
    { ref }: AnyCaller,
    answer: { value: unknown } | { error: Error },
  ): SendResult {
    const rest =
      'error' in answer ? [false, this.#far.portable(answer.error)] : [true, answer.value];
    this.#far.controls.send(thread, Control.respond, 0, [ref, ...rest]);
    return 'ok';
  }

  /** A thread has ended: nobody there will answer. */
  threadEnded(thread: number, reason: Error): void {
    for (const call of [...this.#out.values()]) {
      const { pid } = call.target;
      if (pid instanceof FarPid && pid.thread === thread)
        this.#runtime.calls.rejectEnded(call, reason);
    }
    for (const [key, call] of [...this.#in]) {
      if (threadOf(key) !== thread) continue;
      this.#in.delete(key);
      this.#runtime.calls.abandon(call);
    }
  }

  /** A call of this very thread goes on to another one. */
  #forwardOwn(call: PendingCall, to: FarPid, queue: number): boolean {
    if (call.farNumber >= 0) this.#out.delete(call.farNumber);
    call.farNumber = -1;
    return this.start(call, to, KIND_REQUEST, queue);
  }

  #request(
    to: FarPid,
    from: LocalPid,
    { number, kind, queue, address, origin }: RequestHead,
    request: unknown,
  ): boolean {
    const isAddressed = address !== undefined;
    const prefix = [number, isAddressed ? PREFIX_ADDRESSED : PREFIX_PLAIN] as const;
    const { thread, farSlot, generation } = to;
    const target = { thread, first: farSlot, second: generation, isForced: false };
    const head = { ...target, op: FRAME_MESSAGE, kind, queue, prefix, origin } as const;
    return this.#far.writer.write(head, from, isAddressed ? [address, request] : request);
  }

  #settlement(
    thread: number,
    number: number,
  ): { resolve(value: unknown): void; reject(error: Error): void; origin: CallOrigin } {
    const key = keyOf(thread, number);
    const { controls } = this.#far;
    return {
      origin: { thread, number },
      resolve: (value) => {
        this.#in.delete(key);
        try {
          controls.send(thread, Control.reply, number, value);
        } catch (error) {
          controls.send(thread, Control.replyError, number, reasonOf(error));
          throw error;
        }
      },
      reject: (error) => {
        this.#in.delete(key);
        controls.send(thread, Control.replyError, number, this.#far.portable(error));
      },
    };
  }

  #settled(number: number): PendingCall | undefined {
    const call = this.#out.get(number);
    if (call === undefined) return undefined;
    this.#out.delete(number);
    call.farNumber = -1;
    return call;
  }

  #replied(arrived: Arrived): void {
    const call = this.#settled(arrived.number);
    if (call !== undefined) this.#runtime.calls.resolve(call, arrived.value);
  }

  #refused(arrived: Arrived): void {
    const call = this.#settled(arrived.number);
    if (call !== undefined) this.#runtime.calls.reject(call, arrived.value as Error);
  }

  #ended({ number, value }: Arrived): void {
    this.#settleEnded(number, value as ExitReason | undefined);
  }

  #settleEnded(number: number, reason: ExitReason | undefined): void {
    const call = this.#settled(number);
    if (call !== undefined) this.#runtime.calls.rejectEnded(call, reason);
  }

  #cancel({ thread, number }: Arrived): void {
    const key = keyOf(thread, number);
    const call = this.#in.get(key);
    if (call === undefined) return this.#remember(key);
    this.#in.delete(key);
    this.#runtime.calls.abandon(call);
  }

  /** It still waits in a mailbox, or its answer is on the way already. */
  #remember(key: Key): void {
    const [oldest] = this.#cancelled;
    if (this.#cancelled.size === KEPT_CANCELLED) this.#cancelled.delete(oldest!);
    this.#cancelled.add(key);
  }

  #moved({ number, value }: Arrived): void {
    if (!(value instanceof LocalPid)) return;
    const call = this.#out.get(number);
    if (call !== undefined) call.target = this.#runtime.peerOf(value) ?? call.target;
    // It has settled meanwhile: whoever has it now need not take it.
    else if (value instanceof FarPid && value.isAlive)
      this.#far.controls.send(value.thread, Control.cancel, number);
  }

  #responded({ value }: Arrived): void {
    const [ref, isValue, answer] = value as [string, boolean, unknown];
    const { calls } = this.#runtime;
    calls.answerHere(ref, (call) => {
      if (isValue) calls.resolve(call, answer);
      else calls.reject(call, answer as Error);
    });
  }

  #nextNumber(): number {
    this.#lastNumber = this.#lastNumber === LAST_NUMBER ? 1 : this.#lastNumber + 1;
    return this.#lastNumber;
  }
}

/** What a request says besides its value. */
interface RequestHead {
  readonly number: number;
  readonly kind: number;
  readonly queue: number;
  readonly address: string | LocalAlias | undefined;
  /** The thread of the caller, for a call that is handed on. */
  readonly origin: number | undefined;
}

/** Where a call of another thread came from. */
export interface CallOrigin {
  readonly thread: number;
  readonly number: number;
}

function keyOf(thread: number, number: number): Key {
  return thread * 2 ** 32 + number;
}

function threadOf(key: Key): number {
  return Math.floor(key / 2 ** 32);
}

function addressOf(call: PendingCall): string | LocalAlias | undefined {
  return call.address as string | LocalAlias | undefined;
}
