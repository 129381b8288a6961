import type { SendResult } from '../../error/send-result.ts';
import type { LocalPid } from '../../process/pid.ts';
import { type Priority, priorityOf } from '../../process/priority.ts';
import { ProcessRecord } from '../../process/process-record.ts';
import type { AnyTarget } from '../../process/target.ts';
import { KIND_REQUEST, QUEUE_MAIN } from '../../native/layout.ts';
import type { Timer } from '../../timer/timer.ts';
import type { Entry, Tap } from './tap.ts';

/** Sends, exit signals, delayed sends, forwards. */
export function tapMessages(tap: Tap): void {
  const errand = new Errand();
  tapSends(tap, errand);
  tapForwards(tap, errand);
  tapHandingOn(tap);
  tapTimers(tap);
}

/** The operation that is being done: what it does by other operations is no record of its own. */
class Errand {
  isRecorded = false;
  /** What every target is found to be, while a forward is to fail. */
  refusal: Exclude<SendResult, 'ok'> | undefined = undefined;

  run<T>(action: () => T): T {
    this.isRecorded = true;
    try {
      return action();
    } finally {
      this.isRecorded = false;
      this.refusal = undefined;
    }
  }
}

function tapSends(tap: Tap, errand: Errand): void {
  const { messaging } = tap.runtime;
  const open = (
    { pid }: ProcessRecord,
    to: unknown,
    fields: Pick<Entry<'send'>, 'message' | 'priority' | 'via'>,
  ): Entry<'send'> => tap.open('send', pid, { to: to as AnyTarget, ...fields, result: undefined });

  tap.lay(messaging, 'send', (send) => (sender, to, message, options) => {
    const priority = options?.priority ?? priorityOfSender(sender);
    const run = (): SendResult => send.call(messaging, sender, to, message, options);
    const entry = open(sender, to, { message, priority, via: 'send' });
    return tap.result(entry, () => errand.run(run));
  });
  // What is delivered otherwise than by a send that has just been recorded comes from a timer.
  tap.lay(messaging, 'deliver', (deliver) => (sender, target, queue, message, to) => {
    const run = (): SendResult => deliver.call(messaging, sender, target, queue, message, to);
    if (errand.isRecorded || !(sender instanceof ProcessRecord)) return run();
    const entry = open(sender, to, { message, priority: priorityOf(queue), via: 'timer' });
    return tap.result(entry, () => errand.run(run));
  });
  tap.lay(messaging, 'exit', (exit) => (sender, to, reason) => {
    const about = { to: to as LocalPid, reason, result: undefined };
    const entry = tap.open('send-exit', sender.pid, about);
    return tap.result(entry, () => exit.call(messaging, sender, to, reason));
  });
}

function tapForwards(tap: Tap, errand: Errand): void {
  const { answers, messaging } = tap.runtime;
  tap.lay(messaging, 'resolve', (resolve) => (to) => errand.refusal ?? resolve.call(messaging, to));
  tap.lay(answers, 'forward', (forward) => (record, to, message) => {
    const isCall = record.current !== undefined && record.current.request === message;
    const entry = tap.open('forward', record.pid, { to: to as AnyTarget, message, isCall });
    const fault = tap.faultOf(entry);
    errand.run(() => {
      if (typeof fault === 'string' && fault !== 'ok') errand.refusal = fault;
      forward.call(answers, record, to, message);
    });
  });
}

/** What a pool or a router hands on. */
function tapHandingOn(tap: Tap): void {
  const { forwarding, core } = tap.runtime;
  let by = core.pid;
  tap.lay(forwarding, 'take', (take) => (record, kind, payload) => {
    by = record.pid;
    return take.call(forwarding, record, kind, payload);
  });
  tap.lay(forwarding, 'forward', (forward) => (target, kind, payload) => {
    const message = forwarding.bodyOf(kind, payload);
    const isTaken = forward.call(forwarding, target, kind, payload);
    const isCall = kind === KIND_REQUEST;
    if (isTaken) tap.open('forward', by, { to: target.pid, message, isCall });
    return isTaken;
  });
}

function tapTimers(tap: Tap): void {
  const { delayed } = tap.runtime;
  tap.lay(delayed, 'send', (send) => (sender, to, message, delay) => {
    const entry = timerEntry(tap, sender, to, message, delay.ms);
    return started(tap, entry, () => send.call(delayed, sender, to, message, delay));
  });
  tap.lay(delayed, 'sendEvery', (sendEvery) => (sender, to, message, delay) => {
    const entry = timerEntry(tap, sender, to, message, delay.ms);
    entry.isRepeated = true;
    return started(tap, entry, () => sendEvery.call(delayed, sender, to, message, delay));
  });
  tap.lay(delayed, 'sendExit', (sendExit) => (sender, to, reason, afterMs) => {
    const entry = timerEntry(tap, sender, to, reason, afterMs);
    entry.isExit = true;
    return started(tap, entry, () => sendExit.call(delayed, sender, to, reason, afterMs));
  });
}

function timerEntry(
  tap: Tap,
  sender: ProcessRecord,
  to: unknown,
  message: unknown,
  afterMs: number,
): Entry<'timer'> {
  const flags = { isRepeated: false, isExit: false, isCancelled: false };
  const outcome = { state: 'pending', error: undefined } as const;
  return tap.open('timer', sender.pid, {
    to: to as AnyTarget,
    message,
    afterMs,
    ...flags,
    ...outcome,
  });
}

/** Starts it; the handle that is given tells the record when it is cancelled. */
function started(tap: Tap, entry: Entry<'timer'>, start: () => Timer): Timer {
  const timer = tap.attempt(entry, start);
  const cancel = (): boolean => {
    const wasRunning = timer.cancel();
    entry.isCancelled ||= wasRunning;
    tap.touch();
    return wasRunning;
  };
  return { cancel, [Symbol.dispose]: () => void cancel() };
}

/** The priority of what a process sends without saying. */
export function priorityOfSender(sender: ProcessRecord): Priority {
  return priorityOf(sender.extra?.queue ?? QUEUE_MAIN);
}
