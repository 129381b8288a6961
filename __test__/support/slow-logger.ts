import type { Logger, LogRecord } from 'tergo';

/** A logger whose promises settle when the test says so. */
export class SlowLogger implements Logger {
  /** What it was given, in order. */
  readonly taken: LogRecord[] = [];
  #pending: PromiseWithResolvers<void> | undefined;

  get messages(): string[] {
    return this.taken.map(({ message }) => message);
  }

  log(record: LogRecord): Promise<void> {
    this.taken.push(record);
    this.#pending = Promise.withResolvers();
    return this.#pending.promise;
  }

  /** Settles the promise that is pending. */
  release(error?: Error): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (error === undefined) pending?.resolve();
    else pending?.reject(error);
  }

  get isPending(): boolean {
    return this.#pending !== undefined;
  }
}
