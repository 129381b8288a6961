import type { CallAnswer, Settlement } from '../call/pending-call.ts';
import type { SendResult } from '../error/send-result.ts';
import type { LocalPid } from '../process/pid.ts';
import type { ProcessRecord } from '../process/process-record.ts';
import type { CallOrigin } from './arrived-request.ts';
import type { Station } from './station.ts';

/** What answers the calls of others. */
export interface Answering {
  /** Gives why it has rejected the call instead, if the value is at fault; throws what is no state of the caller. */
  resolve(call: FarSettlement, value: unknown): SendResult | undefined;
  reject(origin: CallOrigin, error: Error): void;
  confirm(origin: CallOrigin, caller: LocalPid, answer: CallAnswer): Promise<void>;
}

/** How a call of another thread or node is settled: itself says where that came from. */
export class FarSettlement implements Settlement, CallOrigin {
  readonly station: Station;
  readonly number: number;
  readonly caller: LocalPid;
  /** Who has taken it. */
  readonly target: ProcessRecord;
  /** Whether its caller, on another node, does not know which thread has it. */
  isNamed = false;
  /** Undoes what was done so that the caller hears of the end of this thread. */
  onOver: (() => void) | undefined = undefined;
  refusal: SendResult | undefined = undefined;
  readonly #answering: Answering;

  constructor(
    answering: Answering,
    { station, number }: CallOrigin,
    caller: LocalPid,
    target: ProcessRecord,
  ) {
    this.#answering = answering;
    this.caller = caller;
    this.station = station;
    this.number = number;
    this.target = target;
  }

  get origin(): CallOrigin {
    return this;
  }

  resolve(value: unknown): void {
    this.refusal = this.#answering.resolve(this, value);
  }

  reject(error: Error): void {
    this.#answering.reject(this, error);
  }

  confirm(answer: CallAnswer): Promise<void> {
    return this.#answering.confirm(this, this.caller, answer);
  }
}
