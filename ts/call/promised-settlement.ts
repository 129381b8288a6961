import type { Settlement } from './pending-call.ts';

/** Settles a promise. V8 compiles this into who makes it, as it does not with `Promise.withResolvers`. */
export class PromisedSettlement implements Settlement {
  readonly promise: Promise<unknown>;
  resolve!: (value: unknown) => void;
  reject!: (error: unknown) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

/** The caller has ended: nobody is left to handle a rejection, which must not end the OS process. */
export function disown(settlement: Settlement | undefined): void {
  settlement?.promise?.catch(() => undefined);
}
