import { BLOCK_WORDS, NAMED_CALL_WORDS } from '../native/layout.ts';
import type { BindingScheduler } from '../native/load.ts';
import type { CallOrigin } from './arrived-request.ts';

const CALLS_A_BLOCK = BLOCK_WORDS / NAMED_CALL_WORDS;

/**
 * Calls that other nodes have made by name, and that were taken here and not answered at once. They do not know on which
 * thread that is: so it stands in memory of the core, which tells them when the thread ends.
 */
export class NamedCalls {
  readonly #native: BindingScheduler;
  readonly #blocks: Uint32Array[] = [];
  readonly #free: number[] = [];
  #used = 0;

  constructor(native: BindingScheduler) {
    this.#native = native;
  }

  /** Gives the place at which it stands. */
  add({ station, number }: CallOrigin): number {
    const place = this.#free.pop() ?? this.#used++;
    const words = this.#blockOf(place);
    const at = wordOf(place);
    words[at] = number;
    words[at + 1] = station;
    return place;
  }

  /** It is over. */
  remove(place: number): void {
    this.#blockOf(place)[wordOf(place) + 1] = 0;
    this.#free.push(place);
  }

  #blockOf(place: number): Uint32Array {
    const block = Math.floor(place / CALLS_A_BLOCK);
    this.#blocks[block] ??= new Uint32Array(this.#native.namedCalls(block)!);
    return this.#blocks[block];
  }
}

function wordOf(place: number): number {
  return (place % CALLS_A_BLOCK) * NAMED_CALL_WORDS;
}
