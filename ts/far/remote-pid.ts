import type { PendingCall } from '../call/pending-call.ts';
import { LocalPid } from '../process/pid.ts';
import { DEAD } from '../process/process-record.ts';
import type { RemoteHome } from './remote-home.ts';
import type { Station } from './station.ts';

/** Where a process of another node lives. */
export interface RemotePlace {
  readonly thread: number;
  readonly slot: number;
  readonly generation: number;
  readonly id: number;
}

/** A process of another node; one object a process on each thread that holds it. */
export class RemotePid extends LocalPid {
  readonly home: RemoteHome;
  /** Its thread there. */
  readonly thread: number;
  /** Its slot there; `slot` is 0, which shows at the first look that it is none of this thread. */
  readonly farSlot: number;
  /** As the caller of calls that are answered here: head of the list of those unsettled. */
  calls: PendingCall | undefined = undefined;
  /** Messages forwarded in its name are not counted here. */
  sent = 0;
  /** Known on its own node only. */
  readonly reason: undefined = undefined;
  readonly extra: undefined = undefined;

  constructor(home: RemoteHome, { thread, slot, generation, id }: RemotePlace) {
    super(home, id, 0, generation);
    this.home = home;
    this.thread = thread;
    this.farSlot = slot;
  }

  /** Itself: where a call or a message names its end by something that has a pid. */
  get pid(): this {
    return this;
  }

  /** By which it is reached, while there is a connection. */
  get station(): Station {
    return this.home.stationOf(this.thread);
  }

  /** Whether it may live: only that its whole node is gone can be known here. */
  get isAlive(): boolean {
    return !this.home.isGone;
  }

  /** As much as can be seen from here. */
  get flags(): number {
    return this.isAlive ? 0 : DEAD;
  }

  isAt({ thread, slot, generation, id }: RemotePlace): boolean {
    return (
      this.id === id &&
      this.farSlot === slot &&
      this.generation === generation &&
      this.thread === thread
    );
  }
}
