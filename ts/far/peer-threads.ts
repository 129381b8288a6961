import { MAX_THREADS } from '../native/layout.ts';
import type { Runtime } from '../node/runtime.ts';
import { Control } from './control.ts';
import type { Arrived } from './controls.ts';
import type { Far } from './far.ts';
import { lossOfThread } from './loss.ts';
import type { RemotePid } from './remote-pid.ts';
import { HOME_THREAD, seatOf, type Station, stationOf } from './station.ts';

/** What nodes tell each other of the ends of their threads. */
export class PeerThreads {
  readonly #runtime: Runtime;
  readonly #far: Far;
  /** By station that has ended: the highest id that a process of it can have had. */
  readonly #lastIds = new Map<Station, number>();

  constructor(runtime: Runtime, far: Far) {
    this.#runtime = runtime;
    this.#far = far;
    far.controls.on(Control.threadEnded, (arrived) => this.#ended(arrived));
  }

  /** A thread of this node has ended: tells all threads of those that are connected. */
  tell(thread: number, reason: Error): void {
    const { controls, peers } = this.#far;
    const lastId = this.#runtime.native.lastId();
    for (const home of peers.connected)
      controls.tellAll(home.stationOf(HOME_THREAD), Control.threadEnded, thread, [reason, lastId]);
  }

  #ended({ station, number, value }: Arrived): void {
    if (number === HOME_THREAD || number >= MAX_THREADS)
      return void this.#far.violated(station, `its thread ${number} cannot end`);
    const [reason, lastId] = value as [Error, number];
    const ended = stationOf(seatOf(station), number);
    this.#lastIds.set(ended, lastId);
    this.#far.lose(lossOfThread(ended, reason, lastId));
  }

  /** Whether the thread of a process has ended: what it has sent may come later, over another link. */
  hasLost(pid: RemotePid): boolean {
    // The node itself, for which each of its threads speaks, does not end with one of them.
    if (this.#lastIds.size === 0 || pid.farSlot === 0) return false;
    const lastId = this.#lastIds.get(pid.station);
    return lastId !== undefined && pid.id <= lastId;
  }

  /** Whoever has the seat later has other threads. */
  forget(seat: number): void {
    for (const station of this.#lastIds.keys())
      if (seatOf(station) === seat) this.#lastIds.delete(station);
  }
}
