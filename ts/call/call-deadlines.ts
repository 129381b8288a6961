import type { Runtime } from '../node/runtime.ts';
import type { PendingCall } from './pending-call.ts';

/** The calls with one and the same timeout, in the order in which they time out. */
export interface CallQueue {
  first: PendingCall | undefined;
  last: PendingCall | undefined;
  /** Fires when the first one times out, or timed out before it was settled. */
  timer: number;
  firesAt: number;
}

/**
 * Calls that wait, by when they time out. A timer costs more than a call, and nearly all calls have one of a few
 * timeouts: each of those has one timer, for the call that waits longest.
 */
export class CallDeadlines {
  readonly #runtime: Runtime;
  readonly #expire: (call: PendingCall) => void;
  readonly #queues = new Map<number, CallQueue>();
  /** Whether a queue may be empty. */
  #mayRest = false;

  constructor(runtime: Runtime, expire: (call: PendingCall) => void) {
    this.#runtime = runtime;
    this.#expire = expire;
  }

  /** It times out at its deadline from now on. */
  add(call: PendingCall): void {
    const queue = this.#queueOf(call.timeoutMs);
    let before = queue.last;
    while (before !== undefined && before.deadline > call.deadline) before = before.earlier;
    const after = before === undefined ? queue.first : before.later;
    call.earlier = before;
    call.later = after;
    if (before === undefined) queue.first = call;
    else before.later = call;
    if (after === undefined) queue.last = call;
    else after.earlier = call;
    call.timing = queue;
    if (call.deadline < queue.firesAt) this.#watch(queue, call.timeoutMs, call.deadline);
  }

  /** It has settled, and stood there. */
  remove(call: PendingCall, queue: CallQueue): void {
    const { earlier, later } = call;
    if (earlier === undefined) queue.first = later;
    else earlier.later = later;
    if (later === undefined) queue.last = earlier;
    else later.earlier = earlier;
    call.timing = undefined;
    call.earlier = undefined;
    call.later = undefined;
    if (queue.first === undefined) this.#mayRest = true;
  }

  /** The node rests: no timer stays for calls that have settled. Before that the next call is likely to need it. */
  rest(): void {
    if (!this.#mayRest) return;
    this.#mayRest = false;
    for (const [timeoutMs, { first, timer }] of this.#queues) {
      if (first !== undefined) continue;
      if (timer >= 0) this.#runtime.timers.cancel(timer);
      this.#queues.delete(timeoutMs);
    }
  }

  #queueOf(timeoutMs: number): CallQueue {
    const known = this.#queues.get(timeoutMs);
    if (known !== undefined) return known;
    const queue = { first: undefined, last: undefined, timer: -1, firesAt: Infinity };
    this.#queues.set(timeoutMs, queue);
    return queue;
  }

  #watch(queue: CallQueue, timeoutMs: number, deadline: number): void {
    if (queue.timer >= 0) this.#runtime.timers.cancel(queue.timer);
    queue.firesAt = deadline;
    const delay = Math.max(0, deadline - this.#runtime.driver.readNow());
    queue.timer = this.#runtime.timers.start(delay, () => this.#fired(queue, timeoutMs));
  }

  #fired(queue: CallQueue, timeoutMs: number): void {
    queue.timer = -1;
    queue.firesAt = Infinity;
    const now = this.#runtime.driver.readNow();
    while (queue.first !== undefined && queue.first.deadline <= now) this.#expire(queue.first);
    if (queue.first !== undefined) this.#watch(queue, timeoutMs, queue.first.deadline);
  }
}
