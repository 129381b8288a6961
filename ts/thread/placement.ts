import type { Far } from '../far/far.ts';
import { FarPid } from '../far/far-pid.ts';
import { STAT_PROCESSES } from '../native/layout.ts';
import type { LocalPid } from '../process/pid.ts';
import type { AnySpawnOptions, Placement as Wish } from '../process/process-options.ts';
import type { ThreadStatistics } from './thread-statistics.ts';

/** Chooses the thread of a process. */
export class Placement {
  readonly #far: Far;
  readonly #statistics: ThreadStatistics;
  /** Where the search begins, so that those that are equally loaded take turns. */
  #next = 0;

  constructor(far: Far, statistics: ThreadStatistics) {
    this.#far = far;
    this.#statistics = statistics;
  }

  /**
   * The thread that a spawn option names for a behaviour; it may have ended and not be back. Throws `not-allowed` for `any`
   * and a behaviour that others do not know: whether that can be done must not depend on which thread is busy.
   */
  threadFor(wish: Wish, behaviour: { readonly name: string }): number {
    if (wish === 'here') return this.#far.thread;
    if (wish === 'any') {
      this.#far.behaviours.checkedNameOf(behaviour);
      return this.#leastLoaded();
    }
    if (typeof wish === 'number') return wish;
    return wish.near instanceof FarPid ? wish.near.thread : this.#far.thread;
  }

  /** The threads that are up or will be again, one after the other: for those who spread processes. */
  nextInTurn(): number {
    const { threads } = this.#far;
    for (let step = 0; step < threads; step++) {
      const thread = this.#next++ % threads;
      if (!this.#isLost(thread)) return thread;
    }
    return this.#far.thread;
  }

  /**
   * The options for the successor of a process. Where the least loaded thread was chosen, and it is just started anew, the
   * successor waits for it: otherwise the other threads would have all its processes for good.
   */
  forSuccessor(options: AnySpawnOptions, former: LocalPid): AnySpawnOptions {
    const { absences, thread: own } = this.#far;
    const thread = former instanceof FarPid ? former.thread : own;
    const isComing = !absences.isUp(thread) && !this.#isLost(thread);
    return options.thread === 'any' && isComing ? { ...options, thread } : options;
  }

  /** Those of this thread are known at once: it shows them only when it has had a turn. */
  #processesOf(thread: number): number {
    const { thread: own, runtime } = this.#far;
    return thread === own
      ? runtime.counters.processes
      : this.#statistics.at(thread, STAT_PROCESSES);
  }

  #isLost(thread: number): boolean {
    return this.#far.absences.lossOf(thread) !== undefined;
  }

  /** By living processes and spawns under way. */
  #leastLoaded(): number {
    const { threads, thread: own, spawns } = this.#far;
    let best = own;
    let least = Infinity;
    this.#next += 1;
    for (let step = 0; step < threads; step++) {
      const thread = (this.#next + step) % threads;
      if (!this.#far.isUp(thread)) continue;
      const load = this.#processesOf(thread) + (spawns.underWay[thread] ?? 0);
      if (load < least) [best, least] = [thread, load];
    }
    return best;
  }
}
