import { getEventListeners } from 'node:events';
import {
  Actor,
  type Answer,
  type AnyPid,
  type ExitReason,
  type Pid,
  type Priority,
  type ProcessInfo,
  type SendOptions,
  type Timer,
} from 'tergo';

/** One of the methods of a process, by name: an order for one that cannot be given functions. */
export interface Order {
  readonly type: 'do';
  readonly op: string;
  readonly args: readonly unknown[];
}

/** A process that is told what to do; what cannot travel to another thread it keeps for who tells it. */
export abstract class Doer<Protocol extends object> extends Actor<Protocol> {
  readonly #timers: Timer[] = [];
  readonly #controller = new AbortController();
  #outcomes: Promise<readonly PromiseSettledResult<unknown>[]> = Promise.resolve([]);

  /** `sendAfter`, of which it keeps the timer; gives the number for `cancelTimer`. */
  delay(to: Pid<unknown>, message: unknown, ms: number, options?: SendOptions): number {
    return this.#timers.push(this.sendAfter(to, message, ms, options)) - 1;
  }

  /** The same for `sendEvery`. */
  repeat(to: Pid<unknown>, message: unknown, ms: number): number {
    return this.#timers.push(this.sendEvery(to, message, ms)) - 1;
  }

  /** The same for `sendExitAfter`. */
  delayExit(to: AnyPid, reason: ExitReason, ms: number): number {
    return this.#timers.push(this.sendExitAfter(to, reason, ms)) - 1;
  }

  cancelTimer(number: number): boolean {
    return this.#timers[number]!.cancel();
  }

  setPriority(priority: Priority): void {
    this.priority = priority;
  }

  fetchInfo(pid: AnyPid): Promise<ProcessInfo> {
    return this.node.fetchProcessInfo(pid);
  }

  killOther(pid: AnyPid): void {
    this.node.kill(pid);
  }

  /** Calls, with a signal that it aborts itself right before or after that. */
  async callAborted(
    to: Pid<unknown>,
    request: object,
    reason: unknown,
    when: 'before' | 'after',
  ): Promise<unknown> {
    if (when === 'before') this.#controller.abort(reason);
    const asked = this.call(to, request as never, { signal: this.#controller.signal });
    this.#controller.abort(reason);
    return await asked;
  }

  /** So many calls with one signal; `outcomes` has what comes of them. */
  begin(to: Pid<unknown>, request: object, count = 1): void {
    const { signal } = this.#controller;
    const asked = Array.from({ length: count }, (): Promise<unknown> =>
      this.call(to, request as never, { signal }),
    );
    this.#outcomes = Promise.allSettled(asked);
  }

  abort(reason?: unknown): void {
    this.#controller.abort(reason);
  }

  /** How many listen to that signal. */
  listeners(): number {
    return getEventListeners(this.#controller.signal, 'abort').length;
  }

  outcomes(): Promise<readonly PromiseSettledResult<unknown>[]> {
    return this.#outcomes;
  }

  /** Whatever becomes of an order is its answer. */
  protected async obey({ op, args }: Order): Promise<Answer> {
    const self = this as unknown as Record<string, (...all: unknown[]) => unknown>;
    try {
      return ['done', await self[op]!(...args)] as never;
    } catch (error) {
      return ['failed', error] as never;
    }
  }
}
