/** One element, 8 bytes, for so many bytes of a blob. */
const BYTES_PER_ELEMENT = 32;
/** Larger arrays are no part of what a quick collection copies. */
const MAX_ELEMENTS = 15_000;

/**
 * Brings V8's quick collections forward. The memory of array buffers that come from outside counts for its full collections only, one each
 * 64 MB, though most of them are garbage as soon as their message is handled. What is put beside them fills the young generation, whose
 * collection frees them, too: a flood of blocks is a fifth faster so, and takes less memory.
 */
export class YoungBallast {
  /** Kept until the next one comes: an array that nobody sees is never made. */
  last: readonly unknown[] = [];

  /** An array buffer of so many bytes came from outside. */
  put(bytes: number): void {
    // oxlint-disable-next-line unicorn/no-new-array -- it has nothing but its length
    this.last = new Array(Math.min(MAX_ELEMENTS, Math.ceil(bytes / BYTES_PER_ELEMENT)));
  }
}
