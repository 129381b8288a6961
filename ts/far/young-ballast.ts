import { getHeapSpaceStatistics } from 'node:v8';

/** V8 collects as a whole after 64 MB from outside: a quick collection comes long before that. */
const BYTES_PER_COLLECTION = 24 * 2 ** 20;
/** How large the young generation is may change with each of its collections. */
const BYTES_PER_LOOK = 8 * 2 ** 20;
const ELEMENT_BYTES = 8;
/** Larger arrays are no part of what a quick collection copies. */
const MAX_ELEMENTS = 15_000;

/**
 * Brings V8's quick collections forward. The memory of array buffers that come from outside counts for its full collections only, one each
 * 64 MB, though most of them are garbage as soon as their message is handled. What is put beside them fills the young generation, whose
 * collection frees them, too: a flood of blocks is up to a third faster so, and takes less memory.
 */
export class YoungBallast {
  /** Kept until the next one comes: an array that nobody sees is never made. */
  last: readonly unknown[] = [];
  #untilLook = 0;
  #elementsPerByte = 0;

  /** An array buffer of so many bytes came from outside. */
  put(bytes: number): void {
    this.#untilLook -= bytes;
    if (this.#untilLook < 0) this.#look();
    // One collection frees all that came before, however much it was.
    const counted = Math.min(bytes, BYTES_PER_COLLECTION);
    for (let left = Math.ceil(counted * this.#elementsPerByte); left > 0; left -= MAX_ELEMENTS) {
      // oxlint-disable-next-line unicorn/no-new-array -- it has nothing but its length
      this.last = new Array(Math.min(MAX_ELEMENTS, left));
    }
  }

  #look(): void {
    this.#untilLook = BYTES_PER_LOOK;
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    // A V8 that calls it otherwise collects as it sees fit.
    if (young === undefined) return;
    const { space_used_size: used, space_available_size: free } = young;
    this.#elementsPerByte = (used + free) / ELEMENT_BYTES / BYTES_PER_COLLECTION;
  }
}
