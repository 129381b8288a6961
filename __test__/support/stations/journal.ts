import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';

/** Who, what, and what belongs to it. Who is below 0 for the test itself. */
export type Entry = readonly [who: number, what: string, ...rest: readonly unknown[]];

const KEY = 'journal of the stations';
const BYTES = 2 ** 25;
/** In front: how many bytes are written, and the last number given. */
const HEAD = 64;
const ENTRY_HEAD = 8;

/** What happened on all threads of the OS process, in one order. It stands in shared memory: threads end, and what they wrote does not. */
const shared = openShared();
const words = new Int32Array(shared);
const bytes = new Uint8Array(shared);

/** Writes an entry; must be what JSON can say. */
export function write(...entry: Entry): void {
  const text = Buffer.from(JSON.stringify(entry));
  const room = ENTRY_HEAD + ((text.length + 7) & ~7);
  const at = Atomics.add(words, 0, room) + HEAD;
  if (at + room > BYTES) throw new RangeError('the journal is full');
  bytes.set(text, at + ENTRY_HEAD);
  Atomics.store(words, at >> 2, room);
  Atomics.store(words, (at >> 2) + 1, text.length);
}

/** A number that nobody else gets on any thread. */
export function nextNumber(): number {
  return Atomics.add(words, 1, 1) + 1;
}

/** Reads what comes in, each entry once. Give it up with `restart`. */
export class Reader {
  readonly entries: Entry[] = [];
  #at = 0;

  /** All entries so far; one that is being written ends them. */
  read(): readonly Entry[] {
    const end = Atomics.load(words, 0);
    while (this.#at < end) {
      const at = this.#at + HEAD;
      const room = Atomics.load(words, at >> 2);
      const length = Atomics.load(words, (at >> 2) + 1);
      if (room === 0 || length === 0) break;
      const text = Buffer.from(bytes.slice(at + ENTRY_HEAD, at + ENTRY_HEAD + length));
      this.entries.push(JSON.parse(text.toString()) as Entry);
      this.#at += room;
    }
    return this.entries;
  }
}

/** Begins the journal anew; nobody may be writing. */
export function restart(): Reader {
  bytes.fill(0, HEAD, Math.min(BYTES, HEAD + words[0]!));
  words[0] = 0;
  return new Reader();
}

function openShared(): SharedArrayBuffer {
  const known = getEnvironmentData(KEY);
  if (known instanceof SharedArrayBuffer) return known;
  if (!isMainThread) throw new Error('the journal was not opened by the main thread');
  const made = new SharedArrayBuffer(BYTES);
  setEnvironmentData(KEY, made);
  return made;
}
