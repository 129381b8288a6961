import { BLOCK_WORDS, MAX_THREADS } from '../native/layout.ts';
import type { BindingScheduler } from '../native/load.ts';
import type { Driver } from '../scheduler/driver.ts';
import type { Outbox } from '../scheduler/outbox.ts';
import type { Chunk, Chunks } from './chunks.ts';
import { FrameRun } from './frame-run.ts';

export const CHUNK_BYTES: number = 4 * BLOCK_WORDS;
/** A chunk with less room than this is closed: what is larger travels as a blob. */
const ROOM_BYTES = 20 * 1024;
const LAST_START = CHUNK_BYTES - ROOM_BYTES;
/** What `open` answers without a chunk. */
const NONE = 0xffff_ffff;

/** The chunk for one member of the fabric that is being filled. */
export interface OpenChunk extends Chunk {
  readonly seat: number;
  /** The largest message that its reader takes, bytes. */
  readonly limit: number;
  /** Where the next frame begins, bytes. */
  at: number;
  /** Whether it went beyond the quota: then it is only for what must not be lost. */
  readonly isBeyond: boolean;
  /** The plain messages whose head was written last. */
  readonly run: FrameRun;
}

/** The chunks that are being filled, one for each member of the fabric to which something was sent. */
export class OpenChunks {
  readonly #native: BindingScheduler;
  readonly #outbox: Outbox;
  readonly #chunks: Chunks;
  readonly #open: (OpenChunk | undefined)[] = [];
  readonly #limits = new Map<number, number>();

  constructor(native: BindingScheduler, { outbox }: Driver, chunks: Chunks) {
    this.#native = native;
    this.#outbox = outbox;
    this.#chunks = chunks;
  }

  /** The one for that member, with room for a frame; `undefined` when there is no room on the way. */
  of(seat: number, isForced: boolean): OpenChunk | undefined {
    const open = this.#open[seat];
    if (open !== undefined && open.at <= LAST_START && !open.isBeyond) return open;
    return this.#next(seat, isForced, open);
  }

  /** Apart, so that `of` stays short enough to be inlined. */
  #next(seat: number, isForced: boolean, open: OpenChunk | undefined): OpenChunk | undefined {
    const hasRoom = open !== undefined && open.at <= LAST_START;
    // To open hands over what was written before, and that may tell of what the outbox does: of who was spawned.
    if (!this.#outbox.isEmpty) this.#outbox.flush();
    let number = this.#native.open(seat, false);
    const isBeyond = number === NONE;
    if (isBeyond) {
      // What was opened before stays open, and the core's to free: nothing else may be written to.
      if (!isForced || hasRoom) return isForced ? open : undefined;
      number = this.#native.open(seat, true);
      if (number === NONE) return undefined;
    }
    const limit = this.limitOf(seat);
    const run = new FrameRun();
    const opened = { ...this.#chunks.at(number), seat, limit, at: 0, isBeyond, run };
    this.#open[seat] = opened;
    return opened;
  }

  /** The next turn hands over what stands before `at`. */
  advance(open: OpenChunk, at: number): void {
    open.at = at;
    this.#outbox.noteFrame(open.seat, at);
  }

  /** No frame goes to a member that has ended; another one may take its number. */
  forget(seat: number): void {
    this.#open[seat] = undefined;
    if (seat < MAX_THREADS) return;
    this.#limits.delete(seat);
    this.#native.forget(seat);
  }

  /** The largest message that a peer takes, bytes; before the first frame for it. */
  limit(seat: number, bytes: number): void {
    this.#limits.set(seat, bytes);
  }

  /** The same, as it was told. */
  limitOf(seat: number): number {
    return this.#limits.get(seat) ?? Infinity;
  }
}
