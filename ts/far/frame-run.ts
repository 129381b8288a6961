import { AGAIN_BACK_MAX, AGAIN_BACK_SHIFT, AGAIN_WORDS, FRAME_AGAIN } from '../native/layout.ts';
import type { LocalPid } from '../process/pid.ts';

/** Bytes before the value of a frame whose head was written before. */
export const AGAIN_BYTES: number = 4 * AGAIN_WORDS;
const BACK_BYTES = 8 * AGAIN_BACK_MAX;
/** Distances count in eights of bytes, and begin at a bit of their own. */
const DISTANCE_SHIFT = AGAIN_BACK_SHIFT - 3;
const DISTANCE_MASK = AGAIN_BACK_MAX << AGAIN_BACK_SHIFT;

/**
 * Plain messages from one process to another in a chunk: only the first of them has a whole head. A small message takes half the
 * memory so or less, and memory is what goes from core to core.
 */
export class FrameRun {
  #to: LocalPid | undefined = undefined;
  #from: LocalPid | undefined = undefined;
  /** Where the first one stands, bytes. */
  #at = 0;

  /** A frame with a whole head was written there. */
  begin(to: LocalPid, from: LocalPid, at: number): void {
    this.#to = to;
    this.#from = from;
    this.#at = at;
  }

  /** Whether a frame that is written there needs no head of its own. */
  takes(to: LocalPid, from: LocalPid, at: number): boolean {
    return to === this.#to && from === this.#from && at - this.#at <= BACK_BYTES;
  }

  /** The first word of one that is written there, but for the format. */
  headAt(at: number): number {
    return FRAME_AGAIN | ((at - this.#at) << DISTANCE_SHIFT);
  }
}

/** The word of a chunk at which the head stands of the frame that begins at another word. */
export function headOf(words: Uint32Array, at: number): number {
  const head = words[at]!;
  if ((head & 0xf) !== FRAME_AGAIN) return at;
  return at - ((head & DISTANCE_MASK) >>> (AGAIN_BACK_SHIFT - 1));
}
