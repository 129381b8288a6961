import type { ExitReason } from '../error/exit-reason.ts';
import type { AnyPid } from '../process/pid.ts';

/** How many restarts are remembered. Source: Ergo's supervisor inspection. */
const REMEMBERED = 50;

/** One restart. */
export interface Restarted {
  readonly name: string;
  /** Whose end it was. */
  readonly pid: AnyPid | undefined;
  readonly reason: ExitReason;
  /** When, in the time that the performer gave. */
  readonly atMs: number;
}

/** The last restarts of a supervisor, and how many there were. */
export class RestartHistory {
  #last: Restarted[] = [];
  /** All that there were. */
  count = 0;

  add(restarted: Restarted): void {
    this.count += 1;
    this.#last.push(restarted);
    // Not one by one: most supervisors are never asked.
    if (this.#last.length >= 4 * REMEMBERED) this.#last = this.last();
  }

  /** The last of them, oldest first. */
  last(): Restarted[] {
    return this.#last.slice(-REMEMBERED);
  }
}
