import { MAX_THREADS } from '../native/layout.ts';
import type { Runtime } from '../node/runtime.ts';
import { Control } from './control.ts';
import type { Arrived } from './controls.ts';
import type { Far } from './far.ts';
import { lossOfThread } from './loss.ts';
import { seatOf, stationOf } from './station.ts';

/** The thread that ends with its node. */
const HOME = 0;

/** What nodes tell each other of the ends of their threads. */
export class PeerThreads {
  readonly #runtime: Runtime;
  readonly #far: Far;

  constructor(runtime: Runtime, far: Far) {
    this.#runtime = runtime;
    this.#far = far;
    far.controls.on(Control.threadEnded, (arrived) => this.#ended(arrived));
  }

  /** A thread of this node has ended: tells all threads of those that are connected. */
  tell(thread: number, reason: Error): void {
    const { controls, peers } = this.#far;
    const words = [this.#far.portable(reason), this.#runtime.native.lastId()];
    for (const home of peers.connected)
      controls.sendToAll(home.stationOf(HOME), Control.threadEnded, thread, words);
  }

  #ended({ station, number, value }: Arrived): void {
    if (number === HOME || number >= MAX_THREADS)
      return void this.#far.violated(station, `its thread ${number} cannot end`);
    const [reason, lastId] = value as [Error, number];
    this.#far.lose(lossOfThread(stationOf(seatOf(station), number), reason, lastId));
  }
}
