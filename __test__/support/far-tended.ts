import { Actor, noreply, processName, type ExitReason, type Next, type ProcessName } from 'tergo';

/** Who tells the story of children on other threads. */
export const teller: ProcessName<{ message: string; request: { type: 'flush' } }> =
  processName('teller');

/** A child that tells its story from another thread. */
export class FarTended extends Actor<{ message: unknown }> {
  #label = '';

  /** `failure` is the text of what it throws then. */
  override init(label: string, failure?: string): void {
    if (failure !== undefined) throw new Error(failure);
    this.#label = label;
    this.send(teller, `up ${label}`);
  }

  override handleMessage(): Next {
    return noreply;
  }

  override handleExit(): Next {
    return noreply;
  }

  override terminate(reason: ExitReason): void {
    this.send(teller, `down ${this.#label} ${reason instanceof Error ? reason.message : reason}`);
  }
}
