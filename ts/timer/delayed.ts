import type { SendOptions } from '../call/call-options.ts';
import { checkSendOptions } from '../call/call-options.ts';
import { checkDelay } from '../error/check.ts';
import type { ExitReason } from '../error/exit-reason.ts';
import { FarPid } from '../far/far-pid.ts';
import { failure } from '../node/messaging.ts';
import type { Runtime } from '../node/runtime.ts';
import { isMute, type ProcessRecord } from '../process/process-record.ts';
import type { Timer } from './timer.ts';

/** When a delayed message is due, and how it is sent. */
export interface Delay {
  readonly ms: number;
  readonly options: SendOptions | undefined;
}

/** Messages and exits that are sent later. */
export class Delayed {
  readonly #runtime: Runtime;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Fires even if the sender has ended by then; what the send returns is lost, as nobody asks. */
  send(sender: ProcessRecord, to: unknown, message: unknown, { ms, options }: Delay): Timer {
    checkDelay('afterMs', ms, 0);
    this.#check(sender, to, message, options);
    const { timers } = this.#runtime;
    return timers.handle(timers.start(ms, () => this.#send(sender, to, message, options)));
  }

  /** Fires until it is cancelled or the sender has ended. */
  sendEvery(sender: ProcessRecord, to: unknown, message: unknown, { ms, options }: Delay): Timer {
    checkDelay('everyMs', ms, 1);
    this.#check(sender, to, message, options);
    const { timers } = this.#runtime;
    const timer = timers.handle(
      timers.repeat(ms, () => {
        if (isMute(sender)) timer.cancel();
        else this.#send(sender, to, message, options);
      }),
    );
    return timer;
  }

  sendExit(sender: ProcessRecord, to: unknown, reason: ExitReason, afterMs: number): Timer {
    checkDelay('afterMs', afterMs, 0);
    const { timers, messaging } = this.#runtime;
    if (!messaging.mayExit(sender, to, reason)) {
      const text = `${sender.pid} cannot send an exit to itself, its parent, its leader or the node`;
      throw failure('not-allowed', text);
    }
    if (isMute(sender)) throw messaging.refusalOf(sender, 'send');
    const fire = (): void => void messaging.exitFrom(sender.pid, to, reason);
    return timers.handle(timers.start(afterMs, fire));
  }

  /** What is wrong is thrown now, when somebody can still mend it. */
  #check(
    sender: ProcessRecord,
    to: unknown,
    message: unknown,
    options: SendOptions | undefined,
  ): void {
    const { messaging, freeze } = this.#runtime;
    if (isMute(sender)) throw messaging.refusalOf(sender, 'send');
    if (options !== undefined) checkSendOptions(options);
    messaging.queueFor(sender, options);
    const target = messaging.resolve(to);
    if (target instanceof FarPid) this.#runtime.far!.refuseUnencodable(message);
    if (freeze !== undefined) freeze(message);
  }

  #send(
    sender: ProcessRecord,
    to: unknown,
    message: unknown,
    options: SendOptions | undefined,
  ): void {
    const { messaging, log } = this.#runtime;
    const target = messaging.resolve(to);
    if (typeof target === 'string') return;
    try {
      messaging.deliver(sender, target, messaging.queueFor(sender, options), message, to);
    } catch (error) {
      // It was changed since, or the name belongs to a process of another thread now.
      log.error('a delayed message cannot travel; it is lost', { from: sender.pid, to, error });
    }
  }
}
