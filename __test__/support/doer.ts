import {
  Actor,
  type Answer,
  type AnyPid,
  type ExitReason,
  type Pid,
  type Priority,
  type SendOptions,
  type TergoError,
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

  /** Calls, with a signal that it aborts itself: at once, or after so many milliseconds. */
  async callAborted(
    to: Pid<unknown>,
    request: unknown,
    reason: unknown,
    ms?: number,
  ): Promise<unknown> {
    const controller = new AbortController();
    const { signal } = controller;
    const asked = this.call(to, request as never, { signal });
    if (ms === undefined) controller.abort(reason);
    else setTimeout(() => controller.abort(reason), ms);
    return await asked;
  }

  /** The same request several times at once; what came of them in that order, by their timeouts. */
  async callAll(
    to: Pid<unknown>,
    request: { readonly type: string },
    timeouts: readonly number[],
  ): Promise<readonly (readonly [timeoutMs: number, outcome: unknown])[]> {
    const outcomes: [number, unknown][] = [];
    const ask = async (timeoutMs: number): Promise<void> => {
      const outcome = await this.call(to, request as never, { timeoutMs }).catch(
        ({ code }: TergoError) => code,
      );
      outcomes.push([timeoutMs, outcome]);
    };
    await Promise.all(timeouts.map(ask));
    return outcomes;
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
