import {
  RESULT_A,
  RESULT_B,
  RESULT_C,
  RESULT_D,
  RESULT_E,
  RESULT_F,
  RESULT_G,
  RESULT_H,
  SLOT_MASK,
} from '../native/layout.ts';
import type { Runtime } from '../node/runtime.ts';
import type { LocalPid } from '../process/pid.ts';
import { Control } from './control.ts';
import type { Far } from './far.ts';
import type { FarPid } from './far-pid.ts';
import { wide } from '../native/wide.ts';

/** A name or an event of another thread. */
export interface FarName {
  /** Who has it. */
  readonly pid: FarPid;
  readonly thread: number;
  /** Its address there; `RESERVED`: that thread has not heard yet that the process has the name. */
  readonly index: number;
  readonly generation: number;
  /** Tells this registration of the name apart from all others. */
  readonly serial: number;
  /** Of an event: what there is to know of who may publish; 0: anybody may. */
  readonly guard: number;
}

/** In place of the address of a name that no thread has taken yet. */
const RESERVED = 0xffff_ffff;

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
    far.controls.on(Control.register, ({ value }) => {
      const [pid, name] = value as [LocalPid, string];
      runtime.names.take(pid, name);
    });
    far.controls.on(Control.unregister, ({ number, value }) => {
      const [index, name] = value as [number, string];
      const entry = runtime.names.find(name);
      if (entry?.index === index && entry.generation === number) runtime.names.unregister(entry);
    });
  }

  /** A name was reserved for a process of another thread. */
  given(pid: FarPid, name: string): void {
    this.#far.controls.send(pid.thread, Control.register, 0, [pid, name]);
  }

  /** Takes a name away, whoever has it: it is free at once, and its thread hears of it. Gives whose it was. */
  withdraw(name: string): LocalPid | undefined {
    const { native, driver } = this.#runtime;
    this.#far.refuseNested();
    driver.outbox.flush();
    if (!native.withdrawName(name)) return undefined;
    const { pid, thread, index, generation } = this.#read();
    if (thread !== this.#far.thread && index !== RESERVED)
      this.#far.controls.send(thread, Control.unregister, generation, [index, name]);
    return pid;
  }

  /** Whether a name is reserved for a process. */
  isReservedFor(name: string, pid: LocalPid): boolean {
    if (!this.#runtime.native.findName(name)) return false;
    const found = this.#read();
    return found.index === RESERVED && found.pid === pid;
  }

  /** Who of another thread has this name. One that is reserved for a process of this thread is taken by it. */
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
    if (found.thread === this.#far.thread) {
      // Found without us, or about to be.
      if (found.index === RESERVED) this.#runtime.names.take(found.pid, name);
      return undefined;
    }
    const other = found as FarName;
    if (other.index === RESERVED) return other;
    const [oldest] = known.keys();
    if (known.size === KEPT) known.delete(oldest!);
    known.set(name, other);
    return other;
  }

  #stands({ thread, index, generation }: FarName): boolean {
    return this.#far.presence.hasAddress(thread, index, generation);
  }

  /** What was found; of this thread, or of the node itself, the pid is none of another one. */
  #read(): Omit<FarName, 'pid'> & { readonly pid: LocalPid } {
    const { ring } = this.#runtime.driver;
    const thread = ring[RESULT_A]! >>> 24;
    const id = wide(ring[RESULT_F]!, ring[RESULT_E]!);
    const [slot, own] = [ring[RESULT_A]! & SLOT_MASK, ring[RESULT_B]!];
    const pid = this.#far.pids.at({ thread, slot, generation: own, id });
    const address = { index: ring[RESULT_C]!, generation: ring[RESULT_D]! };
    return { pid, thread, ...address, serial: ring[RESULT_G]!, guard: ring[RESULT_H]! };
  }
}
