import { KIND_RESPONSE, QUEUE_MAIN } from '../native/layout.ts';
import type { ProcessRecord } from '../process/process-record.ts';
import { kindAndQueue } from '../scheduler/outbox.ts';
import type { Settlement } from './pending-call.ts';
import type { Response } from './response.ts';

type Outcome =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: Error };

/** Settles a request: its response comes to the mailbox of who has sent it. */
export class RequestSettlement implements Settlement {
  readonly #caller: ProcessRecord;
  readonly #label: string | undefined;
  #ref: string | undefined;
  #early: Outcome | undefined;

  constructor(caller: ProcessRecord, label: string | undefined) {
    this.#caller = caller;
    this.#label = label;
  }

  /** It was sent, and is known by that reference: what it has come to meanwhile is delivered now. */
  sent(ref: string): void {
    this.#ref = ref;
    if (this.#early !== undefined) this.#deliver(this.#early);
  }

  resolve(value: unknown): void {
    this.#deliver({ ok: true, value });
  }

  reject(error: Error): void {
    this.#deliver({ ok: false, error });
  }

  #deliver(outcome: Outcome): void {
    const ref = this.#ref;
    if (ref === undefined) {
      this.#early = outcome;
      return;
    }
    const caller = this.#caller;
    if (!caller.isAlive) return;
    const response: Response = { ref, label: this.#label, ...outcome };
    const bits = kindAndQueue(KIND_RESPONSE, caller.extra?.queue ?? QUEUE_MAIN);
    caller.runtime.driver.outbox.send(caller, bits, response, undefined);
  }
}
