/** A thread that is not up. */
interface Absence {
  readonly waiting: { resolve(): void; reject(error: Error): void }[];
  /** Why it will not come back. */
  lost: Error | undefined;
}

/** Which threads of the node have ended, and are back or not, as one thread knows it. */
export class Absences {
  readonly #absent = new Map<number, Absence>();
  /** By thread: why it ended last. */
  readonly #ends: (Error | undefined)[] = [];
  /** By thread: how often it was started anew. */
  readonly #restarts: (number | undefined)[] = [];
  /** Why none comes back any more. */
  #noMore: Error | undefined;

  isUp(thread: number): boolean {
    return !this.#absent.has(thread);
  }

  /** Why a thread will not come back, if it is not up and will not. */
  lossOf(thread: number): Error | undefined {
    return this.#absent.get(thread)?.lost;
  }

  /** Why a thread of that number ended last, if one has. */
  endOf(thread: number): Error | undefined {
    return this.#ends[thread];
  }

  restartsOf(thread: number): number {
    return this.#restarts[thread] ?? 0;
  }

  /** Resolves when a thread is back, nothing when it is up; rejects when it is left down, with the reason. */
  whenUp(thread: number): Promise<void> | undefined {
    const absence = this.#absent.get(thread);
    if (absence === undefined) return undefined;
    if (absence.lost !== undefined) return Promise.reject(absence.lost);
    return new Promise((resolve, reject) => void absence.waiting.push({ resolve, reject }));
  }

  ended(thread: number, reason: Error, restarts: number): void {
    this.#restarts[thread] = restarts;
    this.#ends[thread] = reason;
    if (!this.#absent.has(thread)) this.#absent.set(thread, { waiting: [], lost: this.#noMore });
  }

  cameUp(thread: number, restarts: number): void {
    this.#restarts[thread] = restarts;
    const waiting = this.#absent.get(thread)?.waiting ?? [];
    this.#absent.delete(thread);
    for (const { resolve } of waiting) resolve();
  }

  /** One that has ended will not come back. */
  lost(thread: number, reason: Error): void {
    const absence = this.#absent.get(thread);
    if (absence === undefined) return;
    absence.lost = reason;
    for (const { reject } of absence.waiting.splice(0)) reject(reason);
  }

  /** Nobody is to wait for one any more. */
  allLost(reason: Error): void {
    this.#noMore = reason;
    for (const thread of this.#absent.keys()) this.lost(thread, reason);
  }
}
