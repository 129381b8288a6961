import type { PendingCall } from '../call/pending-call.ts';
import type { Home } from '../process/home.ts';
import { DEAD } from '../process/process-record.ts';
import { LocalPid } from '../process/pid.ts';
import type { SlotPresence } from './presence.ts';

/** Where a process lives that is not of this thread. */
export interface FarPlace {
  readonly thread: number;
  readonly slot: number;
  readonly generation: number;
  readonly presence: SlotPresence;
}

/** A process on another thread of this node; one object a process on each thread that knows it. */
export class FarPid extends LocalPid {
  readonly thread: number;
  /** Its slot there; `slot` is 0, which shows at the first look that it is none of this thread. */
  readonly farSlot: number;
  /** The proxy that stands for it here, while somebody here is related to it. */
  proxy: number | undefined = undefined;
  /** As the caller of calls that are answered here: head of the list of those unsettled. */
  calls: PendingCall | undefined = undefined;
  /** Messages forwarded in its name are not counted here. */
  sent = 0;
  /** Known on its own thread only. */
  readonly reason: undefined = undefined;
  readonly extra: undefined = undefined;
  readonly #presence: SlotPresence;

  constructor(home: Home, id: number, { thread, slot, generation, presence }: FarPlace) {
    super(home, id, 0, generation);
    this.thread = thread;
    this.farSlot = slot;
    this.#presence = presence;
  }

  /** Itself: where a call or a message names its end by something that has a pid. */
  get pid(): this {
    return this;
  }

  /** Whether it can be reached: neither killed nor ended, as far as its thread has told. */
  get isAlive(): boolean {
    return this.#presence.generation === this.generation;
  }

  /** As much as can be seen from here: whether it has ended. */
  get flags(): number {
    return this.isAlive ? 0 : DEAD;
  }

  /** What its thread shows of it. */
  get presence(): SlotPresence {
    return this.#presence;
  }
}
