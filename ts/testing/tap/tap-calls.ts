import type { PendingCall } from '../../call/pending-call.ts';
import { ErrorReply, isOutcome, noreply, Stop, WrappedReply } from '../../actor/outcome.ts';
import type { AnyCaller } from '../../call/caller.ts';
import { reasonOf } from '../../error/exit-reason.ts';
import type { SendResult } from '../../error/send-result.ts';
import { TergoError } from '../../error/tergo-error.ts';
import { failure, isRefusal } from '../../node/messaging.ts';
import { isMute, type ProcessRecord } from '../../process/process-record.ts';
import type { AnyTarget } from '../../process/target.ts';
import { type Entry, IN_PROGRESS, type Tap } from './tap.ts';

/** The record of a call that is not settled, and what its reply does to it. */
interface Open {
  readonly entry: Entry<'call'> | Entry<'inspect'>;
  readonly answered: (value: unknown) => void;
}

/** Calls, requests, inspections, and how they are answered. */
export function tapCalls(tap: Tap): void {
  const { calls } = tap.runtime;
  const open = new Map<PendingCall, Open>();

  tap.lay(calls, 'call', (call) => (caller, to, request, options) => {
    const about = { to: to as AnyTarget, request, timeoutMs: options?.timeoutMs, reply: undefined };
    const entry = tap.open('call', caller.pid, { ...about, ...IN_PROGRESS });
    const answered = (value: unknown): void => void (entry.reply = value);
    return asked(tap, open, caller, { entry, answered }, () =>
      call.call(calls, caller, to, request, options),
    );
  });
  tap.lay(calls, 'inspect', (inspect) => (caller, to, items) => {
    const about = { target: to as AnyTarget, items, answer: undefined };
    const entry = tap.open('inspect', caller.pid, { ...about, ...IN_PROGRESS });
    const answered = (value: unknown): void =>
      void (entry.answer = value as Record<string, string>);
    return asked(tap, open, caller, { entry, answered }, () =>
      inspect.call(calls, caller, to, items),
    );
  });
  tap.lay(calls, 'resolve', (resolve) => (call, value) => {
    const pending = open.get(call);
    open.delete(call);
    if (pending !== undefined) {
      pending.answered(value);
      tap.done(pending.entry);
    }
    resolve.call(calls, call, value);
  });
  tap.lay(calls, 'reject', (reject) => (call, error) => {
    const pending = open.get(call);
    open.delete(call);
    if (pending !== undefined) tap.failed(pending.entry, error);
    reject.call(calls, call, error);
  });
  tapRequests(tap);
  tapReplies(tap);
  tapImportantReplies(tap);
}

/** Begins a call; how it ends is seen where calls are settled, for somebody must handle the promise's rejection. */
function asked(
  tap: Tap,
  open: Map<PendingCall, Open>,
  caller: ProcessRecord,
  pending: Open,
  begin: () => Promise<unknown>,
): Promise<unknown> {
  const { entry } = pending;
  const fault = tap.faultOf(entry);
  if (fault instanceof Error) {
    tap.failed(entry, fault);
    return Promise.reject(fault);
  }
  const before = caller.calls;
  const promise = begin();
  const call = caller.calls;
  if (call !== undefined && call !== before) {
    open.set(call, pending);
    return promise;
  }
  // Refused at once. Nobody waits for what an ended caller asks: its promise is handled already.
  const refused = promise.catch((error: unknown) => {
    tap.failed(entry, error);
    throw error;
  });
  if (isMute(caller)) refused.catch(() => undefined);
  return refused;
}

function tapRequests(tap: Tap): void {
  const { calls } = tap.runtime;
  tap.lay(calls, 'request', (ask) => (caller, to, request, options) => {
    const { timeoutMs, label } = options;
    const about = { to: to as AnyTarget, request, timeoutMs, label, ref: undefined };
    const entry = tap.open('request', caller.pid, { ...about, ...IN_PROGRESS });
    return tap.attempt(entry, () => {
      entry.ref = ask.call(calls, caller, to, request, options);
      return entry.ref;
    });
  });
  tap.lay(calls, 'cancel', (cancel) => (caller, ref) => {
    const result = cancel.call(calls, caller, ref);
    tap.open('cancel-request', caller.pid, { ref, result });
    return result;
  });
}

function tapReplies(tap: Tap): void {
  const { outcomes, answers } = tap.runtime;
  tap.lay(outcomes, 'answer', (answer) => (record, call, result) => {
    const returned = tap.inspections.has(call) ? undefined : answerIn(result);
    if (returned !== undefined) {
      const result: SendResult = call.isSettled ? 'response-ignored' : 'ok';
      const about = { to: call.from, request: call.request, via: 'return', result } as const;
      const entry = tap.open('reply', record.pid, { ...about, ...returned });
      if (returned.value instanceof Promise) follow(tap, entry, returned.value);
    }
    answer.call(outcomes, record, call, result);
  });
  tap.lay(answers, 'respond', (respond) => (record, caller, value) => {
    const entry = responseEntry(tap, record, caller);
    entry.value = value;
    if (value instanceof Promise) follow(tap, entry, value);
    return tap.result(entry, () => respond.call(answers, record, caller, value));
  });
  tap.lay(answers, 'respondError', (respondError) => (record, caller, error) => {
    const entry = responseEntry(tap, record, caller);
    entry.error = error;
    return tap.result(entry, () => respondError.call(answers, record, caller, error));
  });
}

/** Answers that are confirmed: the record tells what became of them. */
function tapImportantReplies(tap: Tap): void {
  const { answers } = tap.runtime;
  tap.lay(answers, 'respondImportant', (respond) => (record, caller, value) => {
    const entry = responseEntry(tap, record, caller);
    entry.value = value;
    if (value instanceof Promise) follow(tap, entry, value);
    return confirmed(tap, entry, () => respond.call(answers, record, caller, value));
  });
  tap.lay(answers, 'respondErrorImportant', (respondError) => (record, caller, error) => {
    const entry = responseEntry(tap, record, caller);
    entry.error = error;
    return confirmed(tap, entry, () => respondError.call(answers, record, caller, error));
  });
}

async function confirmed(tap: Tap, entry: Entry<'reply'>, run: () => Promise<void>): Promise<void> {
  const fault = tap.faultOf(entry);
  try {
    if (fault instanceof Error) throw fault;
    if (fault !== undefined && fault !== 'ok') throw failure(fault, entry.to);
    await run();
    entry.result = 'ok';
  } catch (error) {
    if (error instanceof TergoError && isRefusal(error.code)) entry.result = error.code;
    throw error;
  } finally {
    tap.touch();
  }
}

/** An answer that is a promise: the record then shows what it has come to. */
function follow(tap: Tap, entry: Entry<'reply'>, promise: Promise<unknown>): void {
  const settled = (value: unknown, error: Error | undefined): void => {
    Object.assign(entry, { value, error });
    tap.touch();
  };
  promise.then(
    (value) => settled(value, undefined),
    (error: unknown) => settled(undefined, reasonOf(error)),
  );
}

function responseEntry(tap: Tap, record: ProcessRecord, caller: AnyCaller): Entry<'reply'> {
  const held = [...(record.extra?.held ?? [])].find(({ ref }) => ref === caller.ref);
  const answer = { value: undefined, error: undefined, result: undefined };
  const about = { to: caller.pid, request: held?.request, via: 'send-response' } as const;
  return tap.open('reply', record.pid, { ...about, ...answer });
}

/** The answer that a callback has returned; `undefined` if it returned none, or something that holds one. */
function answerIn(result: unknown): { value: unknown; error: Error | undefined } | undefined {
  if (result === noreply || result instanceof Promise) return undefined;
  if (typeof result !== 'object' || result === null || !isOutcome(result))
    return { value: result, error: undefined };
  if (result instanceof Stop) return undefined;
  if (result instanceof ErrorReply) return { value: undefined, error: result.error };
  return result instanceof WrappedReply ? { value: result.value, error: undefined } : undefined;
}
