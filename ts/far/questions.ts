import { reasonOf } from '../error/exit-reason.ts';
import { type Arrived, Control } from './controls.ts';
import type { Far } from './far.ts';

interface Asked {
  readonly thread: number;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Questions of one thread to another that a promise waits for. */
export class Questions {
  readonly #far: Far;
  readonly #asked = new Map<number, Asked>();
  readonly #answers = new Map<string, (...args: readonly never[]) => unknown>();
  #lastNumber: number;

  constructor(far: Far) {
    this.#far = far;
    this.#lastNumber = far.firstNumber;
    far.controls.on(Control.ask, (arrived) => void this.#answer(arrived));
    far.controls.on(Control.answer, (arrived) => this.#answered(arrived));
  }

  /** What this thread answers to `name`; may be a promise. */
  on(name: string, answer: (...args: readonly never[]) => unknown): void {
    this.#answers.set(name, answer);
  }

  /** Rejects with what the other thread threw, and with the reason of its end. */
  ask(thread: number, name: string, ...args: readonly unknown[]): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const number = ++this.#lastNumber;
    this.#far.controls.send(thread, Control.ask, number, [name, ...args]);
    this.#asked.set(number, { thread, resolve, reject });
    return promise;
  }

  threadEnded(thread: number, reason: Error): void {
    for (const [number, asked] of [...this.#asked]) {
      if (asked.thread !== thread) continue;
      this.#asked.delete(number);
      asked.reject(reason);
    }
  }

  async #answer({ thread, number, value }: Arrived): Promise<void> {
    const [name, ...args] = value as [string, ...never[]];
    try {
      const answer = await this.#answers.get(name)!(...args);
      this.#far.controls.send(thread, Control.answer, number, [true, answer]);
    } catch (error) {
      const portable = this.#far.portable(reasonOf(error));
      this.#far.controls.send(thread, Control.answer, number, [false, portable]);
    }
  }

  #answered({ number, value }: Arrived): void {
    const asked = this.#asked.get(number);
    if (asked === undefined) return;
    this.#asked.delete(number);
    const [isAnswer, answer] = value as [boolean, unknown];
    this.#far.runtime.driver.letPromisesRun();
    if (isAnswer) asked.resolve(answer);
    else asked.reject(answer as Error);
  }
}
