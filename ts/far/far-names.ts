import {
  RESULT_A,
  RESULT_B,
  RESULT_C,
  RESULT_D,
  RESULT_E,
  RESULT_F,
  SLOT_MASK,
} from '../native/layout.ts';
import type { Runtime } from '../node/runtime.ts';
import { Control } from './control.ts';
import type { Far } from './far.ts';
import { FarPid } from './far-pid.ts';

/** A name or an event of another thread. */
export interface FarName {
  /** Who has it. */
  readonly pid: FarPid;
  readonly thread: number;
  /** Its address there. */
  readonly index: number;
  readonly generation: number;
}

/** So many names that were found are kept, and as many events. */
const KEPT = 16_384;

/** Names and events of other threads. The fabric knows all; what was found last is kept as long as it stands. */
export class FarNames {
  readonly #runtime: Runtime;
  readonly #far: Far;
  readonly #names = new Map<string, FarName>();
  readonly #events = new Map<string, FarName>();

  constructor(runtime: Runtime, far: Far) {
    this.#runtime = runtime;
    this.#far = far;
    far.controls.on(Control.unregister, ({ value }) => {
      runtime.names.giveUp(value as string);
    });
  }

  /** Who of another thread has this name. */
  name(name: string): FarName | undefined {
    return this.#find(this.#names, name, () => this.#runtime.native.findName(name));
  }

  /** The event of this name on another thread. */
  event(name: string): FarName | undefined {
    return this.#find(this.#events, name, () => this.#runtime.native.findEvent(name));
  }

  #find(known: Map<string, FarName>, name: string, ask: () => boolean): FarName | undefined {
    const last = known.get(name);
    if (last !== undefined && this.#stands(last)) return last;
    const found = ask() ? this.#read() : undefined;
    known.delete(name);
    if (found === undefined) return undefined;
    const [oldest] = known.keys();
    if (known.size === KEPT) known.delete(oldest!);
    known.set(name, found);
    return found;
  }

  #stands({ thread, index, generation }: FarName): boolean {
    return this.#far.presence.hasAddress(thread, index, generation);
  }

  #read(): FarName | undefined {
    const { ring } = this.#runtime.driver;
    const thread = ring[RESULT_A]! >>> 24;
    const id = ring[RESULT_F]! * 2 ** 32 + ring[RESULT_E]!;
    const [slot, own] = [ring[RESULT_A]! & SLOT_MASK, ring[RESULT_B]!];
    const pid = this.#far.pids.at({ thread, slot, generation: own, id });
    // Of this thread, or of the node itself: found without us.
    if (!(pid instanceof FarPid) && thread === this.#far.thread) return undefined;
    const address = { index: ring[RESULT_C]!, generation: ring[RESULT_D]! };
    return { pid: pid as FarPid, thread, ...address };
  }
}
