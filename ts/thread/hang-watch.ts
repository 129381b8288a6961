import type { Far } from '../far/far.ts';
import type { Runtime } from '../node/runtime.ts';

const { setInterval, clearInterval } = globalThis;
/** How often the other threads are looked at, ms. */
const EVERY_MS = 1000;
/** Stands in `CURRENT` while no callback runs. */
const NOBODY = 0xffff_ffff;

interface Seen {
  readonly progress: number;
  readonly since: number;
  /** How long the hang was when it was last told, ms; 0: it was not. */
  toldMs: number;
}

/** Looks from thread 0 for threads whose callback does not return, and tells: after a second, then whenever the time has doubled. */
export class HangWatch {
  readonly #runtime: Runtime;
  readonly #far: Far;
  readonly #seen: (Seen | undefined)[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(runtime: Runtime, far: Far) {
    this.#runtime = runtime;
    this.#far = far;
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), EVERY_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** A thread has ended; another one may take its number. */
  forget(thread: number): void {
    this.#seen[thread] = undefined;
    this.#far.statistics.forget(thread);
  }

  #look(): void {
    const now = this.#runtime.driver.readNow();
    for (const thread of this.#far.others) {
      const activity = this.#far.statistics.activity(thread);
      if (activity === undefined || !activity.isBusy || activity.slot === NOBODY) {
        this.#seen[thread] = undefined;
        continue;
      }
      const { progress, slot } = activity;
      const seen = this.#seen[thread];
      if (seen?.progress !== progress) this.#seen[thread] = { progress, since: now, toldMs: 0 };
      else this.#tell(thread, slot, seen, now - seen.since);
    }
  }

  #tell(thread: number, slot: number, seen: Seen, ms: number): void {
    if (ms < EVERY_MS / 2 || ms < 2 * seen.toldMs) return;
    seen.toldMs = ms;
    const identity = this.#far.presence.slot(thread, slot)?.identity;
    const { generation = 0, id = 0 } = identity ?? {};
    const pid = identity && this.#far.pids.at({ thread, slot, generation, id });
    const text = 'a scheduler thread hangs in a callback; none of its other processes can run';
    this.#runtime.log.error(text, { thread, pid, atLeastMs: ms });
  }
}
