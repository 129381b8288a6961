import { type Memory, memoryOf } from '../codec/memory.ts';
import type { BindingScheduler } from '../native/load.ts';

/** A block of shared memory that carries frames. */
export interface Chunk extends Memory {
  readonly words: Uint32Array;
}

/** The chunks of all threads by number, mapped when they are first needed, once. */
export class Chunks {
  readonly #native: BindingScheduler;
  readonly #mapped: (Chunk | undefined)[] = [];

  constructor(native: BindingScheduler) {
    this.#native = native;
  }

  at(number: number): Chunk {
    return this.#mapped[number] ?? this.#map(number);
  }

  #map(number: number): Chunk {
    const buffer = this.#native.chunk(number);
    const chunk = { words: new Uint32Array(buffer), ...memoryOf(Buffer.from(buffer)) };
    this.#mapped[number] = chunk;
    return chunk;
  }
}
