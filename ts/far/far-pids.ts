import type { Runtime } from '../node/runtime.ts';
import type { LocalPid } from '../process/pid.ts';
import { EXPORTED } from '../process/process-record.ts';
import { FarPid } from './far-pid.ts';
import { type Presence, SlotPresence } from './presence.ts';
import { RemotePid } from './remote-pid.ts';

/** Where a process of this node lives or lived: what is written of a pid. */
export interface PidWords {
  readonly thread: number;
  readonly slot: number;
  readonly generation: number;
  readonly id: number;
}

/** In place of what a thread shows that has never shown anything. */
const NOTHING = new SlotPresence(new Uint32Array(4), 0, 0);

/** The pids that this thread knows, of all threads: one object for each, so that equal ones are identical. */
export class FarPids {
  readonly #runtime: Runtime;
  readonly #thread: number;
  readonly #presence: Presence;
  /** The last one known of each slot, by thread. */
  readonly #bySlot: (FarPid | undefined)[][] = [];
  /** Those of slots that others have now, and processes of this thread that have ended after others had heard of them. */
  readonly #former = new Map<number, WeakRef<LocalPid>>();
  readonly #collected = new FinalizationRegistry<number>((id) => {
    if (this.#former.get(id)?.deref() === undefined) this.#former.delete(id);
  });

  constructor(runtime: Runtime, thread: number, presence: Presence) {
    this.#runtime = runtime;
    this.#thread = thread;
    this.#presence = presence;
  }

  /** The words of a pid. The node is the same on all threads. */
  wordsOf(pid: LocalPid): PidWords {
    if (pid instanceof FarPid) {
      const { thread, farSlot: slot, generation, id } = pid;
      return { thread, slot, generation, id };
    }
    this.keep(pid);
    const { slot, generation, id } = pid;
    return { thread: this.#thread, slot, generation, id };
  }

  /** Others may hear of this one: it must be the same object when they speak of it, even after its end. */
  keep(pid: LocalPid): void {
    if (pid instanceof RemotePid) return;
    const record = this.#runtime.recordOf(pid);
    if (record === undefined) this.#remember(pid);
    else record.flags |= EXPORTED;
  }

  /** A process of this thread has ended that others have heard of: they may still speak of it. */
  ended(pid: LocalPid): void {
    this.#remember(pid);
  }

  at(words: PidWords): LocalPid {
    const { thread, slot, generation } = words;
    // Slot 0 is the node itself, on every thread.
    if (slot === 0) return this.#runtime.core.pid;
    if (thread === this.#thread) return this.#own(words);
    const known = this.#bySlot[thread]?.[slot];
    if (known !== undefined && known.generation === generation) return known;
    return this.#other(words, known);
  }

  /** Every living process of another thread. */
  *living(thread: number): Generator<LocalPid> {
    for (const { slot, identity } of this.#presence.living(thread))
      yield this.at({ thread, slot, generation: identity.generation, id: identity.id });
  }

  #own({ slot, generation, id }: PidWords): LocalPid {
    const record = this.#runtime.records[slot];
    if (record?.generation === generation) return record.pid;
    const former = this.#former.get(id)?.deref();
    if (former !== undefined) return former;
    const pid = this.#runtime.pidOf(id, slot, generation);
    this.#remember(pid);
    return pid;
  }

  #other(words: PidWords, known: FarPid | undefined): LocalPid {
    const former = this.#former.get(words.id)?.deref();
    if (former !== undefined) return former;
    const { thread, slot, generation, id } = words;
    const presence = this.#presence.slot(thread, slot);
    const place = { thread, slot, generation, presence: presence ?? NOTHING };
    const pid = new FarPid(this.#runtime.home, id, place);
    // A slot that there is not: another node may say anything.
    if (presence === undefined) this.#remember(pid);
    else if (known !== undefined && known.generation > generation) this.#remember(pid);
    else {
      if (known !== undefined) this.#remember(known);
      (this.#bySlot[thread] ??= [])[slot] = pid;
    }
    return pid;
  }

  #remember(pid: LocalPid): void {
    if (this.#former.get(pid.id)?.deref() === pid) return;
    this.#former.set(pid.id, new WeakRef(pid));
    this.#collected.register(pid, pid.id);
  }
}
