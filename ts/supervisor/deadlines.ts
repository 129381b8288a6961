import type { TimerTable } from '../timer/timer-table.ts';

/** Goes on without a child whose `terminate` is not over. */
type GoOn = () => void;

interface Deadline {
  /** -1: there is none. */
  readonly timer: number;
  goOn: GoOn | undefined;
}

/** The times within which children must have ended. They run on when the supervisor has ended before. */
export class Deadlines<C extends { readonly rule: { readonly shutdownTimeoutMs: number } }> {
  readonly #timers: TimerTable;
  readonly #missed: (child: C, goOn: GoOn | undefined) => void;
  readonly #running = new Map<C, Deadline>();

  /** `missed` is told of a child whose time is over. */
  constructor(timers: TimerTable, missed: (child: C, goOn: GoOn | undefined) => void) {
    this.#timers = timers;
    this.#missed = missed;
  }

  /** The time of a child begins, unless it has begun; whoever is to go on after it stays. `Infinity`: it never ends. */
  start(child: C, goOn?: GoOn): void {
    const running = this.#running.get(child);
    if (running === undefined) this.#running.set(child, { timer: this.#startTimer(child), goOn });
    else running.goOn = goOn ?? running.goOn;
  }

  /** What was waited for has come; goes on, unless that is done already. */
  meet(child: C, goOn: GoOn): void {
    if (this.#running.get(child)?.goOn !== goOn) return;
    this.cancel(child);
    goOn();
  }

  cancel(child: C): void {
    const deadline = this.#running.get(child);
    if (deadline === undefined) return;
    this.#running.delete(child);
    if (deadline.timer >= 0) this.#timers.cancel(deadline.timer);
  }

  #startTimer(child: C): number {
    const { shutdownTimeoutMs } = child.rule;
    if (shutdownTimeoutMs === Infinity) return -1;
    return this.#timers.start(shutdownTimeoutMs, () => {
      const deadline = this.#running.get(child);
      this.#running.delete(child);
      this.#missed(child, deadline?.goOn);
    });
  }
}
