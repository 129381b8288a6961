import {
  BLOCK_WORDS,
  GAUGE_WORDS,
  PRESENCE_BOUNDED,
  PRESENCE_FALLBACK,
  PRESENCE_GAUGE_SHIFT,
  PRESENCE_HEARS_ROUTERS,
  PRESENCE_WORDS,
} from '../native/layout.ts';
import type { BindingScheduler } from '../native/load.ts';
import { countDown, countUp } from '../process/shared-count.ts';
import { wide } from '../native/wide.ts';
import type { LocalPid } from '../process/pid.ts';
import type { Fallback } from '../process/process-options.ts';
import type { FarPid } from './far-pid.ts';

const SLOTS = BLOCK_WORDS / PRESENCE_WORDS;
const GAUGES = BLOCK_WORDS / GAUGE_WORDS;
/** Where the limit stands in a gauge, after the counts of the four queues. */
const LIMIT_AT = 4;

/** Blocks of one kind by thread and number, mapped when they are first needed. */
class Blocks {
  readonly #map: (thread: number, block: number) => ArrayBuffer | null;
  readonly #mapped: Uint32Array[][] = [];

  constructor(map: (thread: number, block: number) => ArrayBuffer | null) {
    this.#map = map;
  }

  /** `undefined` while its thread has none of that number. */
  at(thread: number, block: number): Uint32Array | undefined {
    const known = this.#mapped[thread]?.[block];
    if (known !== undefined) return known;
    const buffer = this.#map(thread, block);
    if (buffer === null) return undefined;
    const words = new Uint32Array(buffer);
    (this.#mapped[thread] ??= [])[block] = words;
    return words;
  }
}

/** What the threads show of their processes and addresses in shared memory; docs/design/threads.md, Memory. */
export class Presence {
  readonly #slots: Blocks;
  readonly #addresses: Blocks;
  readonly #gauges: Blocks;
  readonly #native: BindingScheduler;

  constructor(native: BindingScheduler) {
    this.#native = native;
    this.#slots = new Blocks((thread, block) => native.presence(thread, block));
    this.#addresses = new Blocks((thread, block) => native.addressPresence(thread, block));
    this.#gauges = new Blocks((thread, block) => native.gaugeBlock(thread, block));
  }

  /** Of a slot that was granted; `undefined` for one that never was. */
  slot(thread: number, slot: number): SlotPresence | undefined {
    const words = this.#slots.at(thread, Math.floor(slot / SLOTS));
    return words && new SlotPresence(words, (slot % SLOTS) * PRESENCE_WORDS, thread);
  }

  /** Whether something stands at an address in that generation. */
  hasAddress(thread: number, index: number, generation: number): boolean {
    const words = this.#addresses.at(thread, Math.floor(index / BLOCK_WORDS));
    return words !== undefined && words[index % BLOCK_WORDS] === generation;
  }

  /** Counts one more message in a queue of a bounded mailbox; false, and nothing counted, when it is full. */
  accept({ presence, generation }: Shown, queue: number): boolean {
    const { gauge, thread } = presence;
    const words = this.#gauges.at(thread, Math.floor(gauge / GAUGES));
    if (words === undefined) return true;
    const at = (gauge % GAUGES) * GAUGE_WORDS;
    if (!countUp(words, at + queue, words[at + LIMIT_AT]!)) return false;
    // It may have ended meanwhile, and another have its gauge: the message is dropped there, and nobody counts that.
    if (presence.generation !== generation) countDown(words, at + queue);
    return true;
  }

  /** Where a process wants messages to go for which there is no room; what its thread has shown needs no answer of that. */
  fallbackOf({ presence, thread, farSlot, generation }: FarPid): Fallback | undefined {
    if (!presence.hasFallback) return undefined;
    const shown = this.#native.fallback(thread, farSlot, generation);
    return shown === null ? undefined : { to: shown[0]!, tag: shown[1]! };
  }

  /** Shows that of a process of this thread. */
  showFallback(thread: number, { slot, generation }: LocalPid, { to, tag }: Fallback): void {
    this.#native.showFallback(slot, generation, to, tag);
    this.slot(thread, slot)?.showFallback();
  }

  /** How many messages wait in a queue of a bounded mailbox. */
  waiting({ gauge, thread }: SlotPresence, queue: number): number {
    const words = this.#gauges.at(thread, Math.floor(gauge / GAUGES));
    return words === undefined ? 0 : words[(gauge % GAUGES) * GAUGE_WORDS + queue]!;
  }

  /** Takes back one that was counted, and could not be sent. */
  retract({ gauge, thread }: SlotPresence, queue: number): void {
    const words = this.#gauges.at(thread, Math.floor(gauge / GAUGES));
    if (words !== undefined) countDown(words, (gauge % GAUGES) * GAUGE_WORDS + queue);
  }

  /** Every process that a thread shows, the node's own left out: slot and presence. */
  *living(thread: number): Generator<{ readonly slot: number; readonly identity: Identity }> {
    for (let block = 0; ; block++) {
      const words = this.#slots.at(thread, block);
      if (words === undefined) return;
      for (let slot = block === 0 ? 1 : 0; slot < SLOTS; slot++) {
        const { identity } = new SlotPresence(words, slot * PRESENCE_WORDS, thread);
        if (identity !== undefined) yield { slot: block * SLOTS + slot, identity };
      }
    }
  }
}

/** Which process it is that lives in a slot. */
export interface Identity {
  readonly generation: number;
  readonly id: number;
}

/** A process, and what is shown of its slot. */
interface Shown {
  readonly presence: SlotPresence;
  readonly generation: number;
}

/** What is shown of one slot. */
export class SlotPresence {
  readonly #words: Uint32Array;
  readonly #at: number;
  readonly thread: number;

  constructor(words: Uint32Array, at: number, thread: number) {
    this.#words = words;
    this.#at = at;
    this.thread = thread;
  }

  /** Of the process that lives there; 0: none does. */
  get generation(): number {
    return this.#words[this.#at]!;
  }

  /** The process that is being spawned there is that generation; only for its own thread. */
  show(generation: number): void {
    this.#words[this.#at] = generation;
  }

  /** Nobody is to reach it any more; only for its own thread. */
  hide(): void {
    this.#words[this.#at] = 0;
  }

  get isBounded(): boolean {
    return (this.#words[this.#at + 1]! & PRESENCE_BOUNDED) !== 0;
  }

  /** Whether there is somewhere else for what finds its mailbox full. */
  get hasFallback(): boolean {
    return (this.#words[this.#at + 1]! & PRESENCE_FALLBACK) !== 0;
  }

  /** Only for its own thread. */
  showFallback(): void {
    this.#words[this.#at + 1]! |= PRESENCE_FALLBACK;
  }

  /** Whether it wants to hear what routers cannot hand on. */
  get hearsRouters(): boolean {
    return (this.#words[this.#at + 1]! & PRESENCE_HEARS_ROUTERS) !== 0;
  }

  /** Only for its own thread. */
  showHearsRouters(): void {
    this.#words[this.#at + 1]! |= PRESENCE_HEARS_ROUTERS;
  }

  get gauge(): number {
    return this.#words[this.#at + 1]! >>> PRESENCE_GAUGE_SHIFT;
  }

  /** Of the process that lives there; `undefined` when none does, or the slot just changes hands. */
  get identity(): Identity | undefined {
    const words = this.#words;
    const at = this.#at;
    const generation = Atomics.load(words, at);
    const id = wide(Atomics.load(words, at + 3), Atomics.load(words, at + 2));
    return generation !== 0 && Atomics.load(words, at) === generation
      ? { generation, id }
      : undefined;
  }
}
