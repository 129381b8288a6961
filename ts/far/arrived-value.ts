import type { CallTable } from '../call/call-table.ts';
import type { PendingCall } from '../call/pending-call.ts';
import { reasonOf } from '../error/exit-reason.ts';
import type { Arrived } from './controls.ts';

/** What a control frame carries; for what cannot be read, what stands for it: somebody waits for that frame. */
export function valueOr(arrived: Arrived, standIn: (error: Error) => unknown): unknown {
  try {
    return arrived.value;
  } catch (error) {
    return standIn(reasonOf(error));
  }
}

/** The same where an error is one of the things that may come. */
export function valueOrError(arrived: Arrived): unknown {
  return valueOr(arrived, (error) => error);
}

/** Settles a call by its answer: an answer that cannot be read rejects it. */
export function answerBy(calls: CallTable, call: PendingCall, arrived: Arrived): void {
  let value: unknown;
  try {
    value = arrived.value;
  } catch (error) {
    return calls.reject(call, reasonOf(error));
  }
  calls.resolve(call, value);
}
