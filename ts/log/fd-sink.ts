import { writeSync } from 'node:fs';

// Taken before a test framework can put fake timers in their place.
const { setTimeout } = globalThis;

/** How long a full descriptor is left alone: at first, and at most, ms. */
const MIN_PAUSE_MS = 1;
const MAX_PAUSE_MS = 50;
/** How long `flush` waits for a reader that takes nothing, ms. */
const PATIENCE_MS = 1000;

/** Descriptors whose readers take nothing at present. */
const stuck = new Set<number>();

/**
 * Tells on the console, when there is no logger to tell. Not while standard error is full: Node.js would wait
 * for its reader, without end if need be.
 */
export function complain(text: string, error: unknown): void {
  if (!stuck.has(2)) console.error(text, error);
}

/**
 * Writes text to standard output or standard error at once; what a slow reader does not take waits. That keeps no
 * OS process alive: the node waits for its loggers when it stops, and `flush` writes what is left at the exit.
 */
export class FdSink {
  readonly #fd: 1 | 2;
  #isOpen = false;
  /** Nobody reads any more. */
  #isGone = false;
  #rest: Buffer = Buffer.alloc(0);
  #written: PromiseWithResolvers<void> | undefined;
  #pauseMs = MIN_PAUSE_MS;

  constructor(fd: 1 | 2) {
    this.#fd = fd;
  }

  /** Writes; gives a promise for when all is written if something of it has to wait. Throws what the system says. */
  write(text: string): void | Promise<void> {
    this.#open();
    if (this.#isGone) return;
    const isWaiting = this.#rest.length > 0;
    this.#rest = isWaiting ? Buffer.concat([this.#rest, Buffer.from(text)]) : Buffer.from(text);
    if (!isWaiting && this.#push()) return;
    this.#written ??= this.#wait();
    return this.#written.promise;
  }

  /** Writes what waits and `text`, for as long as the reader takes something. */
  flush(text: string): void {
    this.#open();
    this.#rest = Buffer.concat([this.#rest, Buffer.from(text)]);
    const clock = new Int32Array(new SharedArrayBuffer(4));
    for (let idleMs = 0; idleMs < PATIENCE_MS && !this.#isGone;) {
      const before = this.#rest.length;
      if (this.#push()) return;
      idleMs = this.#rest.length < before ? 0 : idleMs + MIN_PAUSE_MS;
      Atomics.wait(clock, 0, 0, MIN_PAUSE_MS);
    }
    // Nobody need wait for it again.
    this.#isGone = true;
  }

  /** Node.js makes pipes and sockets non-blocking when its own stream is first used; a write to one that is full then fails. */
  #open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    void (this.#fd === 1 ? process.stdout : process.stderr);
  }

  #wait(): PromiseWithResolvers<void> {
    this.#pauseMs = MIN_PAUSE_MS;
    setTimeout(this.#goOn, this.#pauseMs).unref();
    return Promise.withResolvers();
  }

  readonly #goOn = (): void => {
    const before = this.#rest.length;
    let failure: unknown;
    try {
      if (!this.#push()) {
        this.#pauseMs =
          this.#rest.length < before ? MIN_PAUSE_MS : Math.min(MAX_PAUSE_MS, 2 * this.#pauseMs);
        setTimeout(this.#goOn, this.#pauseMs).unref();
        return;
      }
    } catch (error) {
      failure = error;
    }
    const written = this.#written;
    this.#written = undefined;
    if (failure === undefined) written?.resolve();
    else written?.reject(failure);
  };

  /** Writes what it can of the rest; true when none is left. */
  #push(): boolean {
    try {
      while (this.#rest.length > 0)
        this.#rest = this.#rest.subarray(writeSync(this.#fd, this.#rest));
      stuck.delete(this.#fd);
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN') {
        stuck.add(this.#fd);
        return false;
      }
      stuck.delete(this.#fd);
      this.#rest = Buffer.alloc(0);
      if (code !== 'EPIPE') throw error;
      this.#isGone = true;
      return true;
    }
  }
}
