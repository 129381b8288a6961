import { FLAG_BLOBS, FRAME_FLAGS_SHIFT, FRAME_WORDS, MAX_THREADS } from '../native/layout.ts';
import type { BindingScheduler } from '../native/load.ts';
import { firstWord, type FrameHead, HEAD_BYTES, lastWord, writeList } from './frame-head.ts';
import { CHUNK_BYTES, type OpenChunk } from './open-chunks.ts';

/** The frame that was written last, which may be for others, too. One object for all frames, since each is the last for a moment. */
export class LastFrame {
  readonly #native: BindingScheduler;
  #words: Uint32Array = new Uint32Array(0);
  #seat = -1;
  /** Where it stands, bytes. */
  #start = 0;
  #end = 0;

  constructor(native: BindingScheduler) {
    this.#native = native;
  }

  /** It begins where the chunk's next one was to begin. */
  note({ words, seat, at }: OpenChunk, end: number): void {
    this.#words = words;
    this.#seat = seat;
    this.#start = at;
    this.#end = end;
  }

  /** A copy for somebody else at the end of a chunk; gives the position after it, `undefined` when it must be written anew. */
  copyInto(open: OpenChunk, head: FrameHead): number | undefined {
    const size = this.#end - this.#start;
    const hasRoom = open.at + size <= CHUNK_BYTES && size <= open.limit;
    // The chunk of that frame may be another's by now.
    const isThere = open.seat !== this.#seat || open.words === this.#words;
    // What is for threads may say what only they know, and not for a peer.
    const isReadable = open.seat < MAX_THREADS || this.#seat >= MAX_THREADS;
    const blobs = hasRoom && isThere && isReadable ? this.#shareBlobs(open, head) : undefined;
    if (blobs === undefined) return undefined;
    const at = open.at >> 2;
    open.words.set(this.#words.subarray(this.#start >> 2, this.#end >> 2), at);
    open.words[at + 2] = firstWord(head);
    open.words[at + 3] = head.second;
    open.words[at + 7] = lastWord(open.words[at + 7]!, head);
    if (blobs.length > 0) writeList(open, open.at + HEAD_BYTES, blobs);
    return open.at + size;
  }

  /**
   * The numbers by which the receiver of a copy gets its blobs; `undefined` when it must have some of its own: a connection
   * takes them from where others may write, and there may be no room.
   */
  #shareBlobs(open: OpenChunk, { isForced }: FrameHead): readonly number[] | undefined {
    const words = this.#words;
    const at = this.#start >> 2;
    const flags = (words[at]! >>> FRAME_FLAGS_SHIFT) & 0xf;
    if (flags === 0) return [];
    if ((flags & FLAG_BLOBS) === 0 || this.#seat >= MAX_THREADS || open.seat >= MAX_THREADS)
      return undefined;
    const first = at + FRAME_WORDS + 1;
    const shared: number[] = [];
    for (const blob of words.subarray(first, first + words[first - 1]!)) {
      const number = this.#native.shareBlob(open.seat, blob, isForced);
      if (number !== 0) shared.push(number);
      else {
        for (const other of shared) this.#native.takeBlob(other);
        return undefined;
      }
    }
    return shared;
  }
}
