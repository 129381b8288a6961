import { ErrorReply, isOutcome, noreply, Stop, WrappedReply } from '../actor/outcome.ts';
import type { PendingCall } from '../call/pending-call.ts';
import { incorrect, TergoError } from '../error/tergo-error.ts';
import { OP_RESUME, OP_SUSPEND } from '../native/layout.ts';
import type { Runtime } from '../node/runtime.ts';
import { DEAD, HALTED, type ProcessRecord, WAITING, ZOMBIE } from '../process/process-record.ts';

/** Does what callbacks returned: answer, stop, wait for a promise. */
export class Outcomes {
  readonly #runtime: Runtime;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** What a callback other than `handleCall` returned. */
  take(record: ProcessRecord, result: unknown): void {
    if (result === noreply || result === undefined) return;
    if (result instanceof Promise) return this.#await(record, result, undefined);
    if (result instanceof Stop) return this.#runtime.lifecycle.end(record, result.reason);
    throw incorrect(
      `the result of a callback of ${record.behaviour}`,
      'noreply or stop(reason)',
      result,
    );
  }

  /** What `handleCall` returned for `call`. */
  answer(record: ProcessRecord, call: PendingCall, result: unknown): void {
    // Killed in this very callback: it has no voice any more, and its end rejects the call.
    if ((record.flags & ZOMBIE) !== 0 && !(result instanceof Promise)) return;
    const { calls } = this.#runtime;
    if (typeof result === 'object' && result !== null) {
      if (result instanceof Promise) return this.#await(record, result, call);
      if (isOutcome(result)) return this.#outcome(record, call, result);
    }
    if (result !== noreply) return this.#reply(record, call, result);
    record.current = undefined;
    if (!call.isHeld && call.target === record) calls.reject(call, noReply(record));
  }

  #outcome(
    record: ProcessRecord,
    call: PendingCall,
    result: Stop | WrappedReply | ErrorReply,
  ): void {
    const { calls, lifecycle } = this.#runtime;
    if (result instanceof WrappedReply) {
      if (!(result.value instanceof Promise)) return this.#reply(record, call, result.value);
      calls.follow(call, result.value);
    } else if (result instanceof ErrorReply) calls.reject(call, result.error);
    else {
      if (result.answer !== undefined) this.answer(record, call, result.answer);
      return lifecycle.end(record, result.reason);
    }
    record.current = undefined;
  }

  #reply(record: ProcessRecord, call: PendingCall, value: unknown): void {
    const { calls, freeze } = this.#runtime;
    // While it is the call in hand: what cannot be frozen ends the process, and the call with it.
    if (freeze !== undefined) freeze(value);
    record.current = undefined;
    calls.resolve(call, value);
  }

  /** The process takes nothing until the promise has settled. */
  #await(record: ProcessRecord, promise: Promise<unknown>, call: PendingCall | undefined): void {
    this.suspend(record);
    promise.then(
      (result) => this.#resume(record, call, result),
      (error: unknown) => {
        if ((record.flags & DEAD) === 0) this.#runtime.lifecycle.crash(record, error);
      },
    );
  }

  /** Stops the flow of messages to a process whose callback is not over. */
  suspend(record: ProcessRecord): void {
    record.flags |= WAITING;
    record.attention |= HALTED;
    this.#runtime.driver.letPromisesRun();
    record.more.from = this.#runtime.dispatcher.from;
    this.#runtime.driver.outbox.write(OP_SUSPEND, record.pid.slot, record.generation, 0);
  }

  #resume(record: ProcessRecord, call: PendingCall | undefined, result: unknown): void {
    // Killed or stopped meanwhile: whoever waited was told then.
    if ((record.flags & DEAD) !== 0) return;
    record.flags &= ~WAITING;
    record.attention &= ~HALTED;
    try {
      if (call === undefined) this.take(record, result);
      else this.answer(record, call, result);
    } catch (error) {
      this.#runtime.lifecycle.crash(record, error);
    }
    if ((record.flags & (DEAD | WAITING)) !== 0) return;
    this.#runtime.driver.outbox.write(OP_RESUME, record.pid.slot, record.generation, 0);
  }
}

function noReply(record: ProcessRecord): TergoError<'no-reply'> {
  const text = `${record.behaviour}.handleCall returned noreply, but took no callerOf(request) and forwarded nothing`;
  return new TergoError('no-reply', text);
}
