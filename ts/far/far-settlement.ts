import type { CallAnswer, Settlement } from '../call/pending-call.ts';
import type { CallOrigin } from './arrived-request.ts';

/** What answers the calls of others. */
export interface Answering {
  resolve(origin: CallOrigin, value: unknown): void;
  reject(origin: CallOrigin, error: Error): void;
  confirm(origin: CallOrigin, answer: CallAnswer): Promise<void>;
}

/** How a call of another thread or node is settled. */
export class FarSettlement implements Settlement {
  readonly origin: CallOrigin;
  readonly #answering: Answering;

  constructor(answering: Answering, origin: CallOrigin) {
    this.#answering = answering;
    this.origin = origin;
  }

  resolve(value: unknown): void {
    this.#answering.resolve(this.origin, value);
  }

  reject(error: Error): void {
    this.#answering.reject(this.origin, error);
  }

  confirm(answer: CallAnswer): Promise<void> {
    return this.#answering.confirm(this.origin, answer);
  }
}
