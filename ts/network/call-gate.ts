import { TergoError } from '../error/tergo-error.ts';

/** So many calls are under way at once. */
const MOST_CALLS = 64;
/** So many more wait for their turn. */
const MOST_WAITING = 1024;
/** So many may never settle, whatever else goes well. */
const MOST_UNSETTLED = 1024;

/** Bounds how many calls of somebody else's code are under way: what is more waits, in order, and is refused when too much waits. */
export class CallGate {
  /** How many are under way that somebody waits for. */
  #open = 0;
  /** Those that nobody waits for any more, and that have not settled all the same; since a call went well. */
  readonly #hanging = new Set<AbortSignal>();
  /** All that have not settled. */
  #unsettled = 0;
  readonly #waiting = new Set<() => void>();

  /** Makes the call when it is its turn; never, when nobody waits any more by then. Rejects with `no-connection` when too many wait. */
  async run<T>(signal: AbortSignal, call: () => T | Promise<T>): Promise<T> {
    if (this.#hasRoom && this.#waiting.size === 0) this.#open += 1;
    else await this.#turn(signal);
    this.#unsettled += 1;
    let isAwaited = true;
    const giveUp = (): void => {
      isAwaited = false;
      this.#open -= 1;
      this.#hanging.add(signal);
      this.#letIn();
    };
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      signal.throwIfAborted();
      const answer = await call();
      // It answers again: what it owes from before will hardly come.
      if (isAwaited) this.#hanging.clear();
      return answer;
    } finally {
      signal.removeEventListener('abort', giveUp);
      if (isAwaited) this.#open -= 1;
      else this.#hanging.delete(signal);
      this.#unsettled -= 1;
      this.#letIn();
    }
  }

  /** While all that may be under way hangs, one call at a time finds out whether it still does. */
  get #hasRoom(): boolean {
    if (this.#open === 0) return true;
    return this.#open + this.#hanging.size < MOST_CALLS && this.#unsettled < MOST_UNSETTLED;
  }

  #turn(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= MOST_WAITING) {
      const text = `${MOST_CALLS} calls are under way and ${MOST_WAITING} wait for their turn; ask again later`;
      throw new TergoError('no-connection', text);
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    signal.addEventListener('abort', () => this.#waiting.delete(resolve), { once: true });
    return promise;
  }

  #letIn(): void {
    for (const enter of this.#waiting) {
      if (!this.#hasRoom) return;
      this.#waiting.delete(enter);
      this.#open += 1;
      enter();
    }
  }
}
