/** The time that a node lives by. The default is the machine's; a virtual one can stand in. */
export interface Clock {
  /** Monotonic time, ms, may have a fraction. */
  now(): number;
  /** Calls `wake` once, `delayMs` from now; gives what undoes it. Keeps the OS process alive meanwhile. */
  alarm(delayMs: number, wake: () => void): () => void;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  alarm: (delayMs, wake) => {
    const handle = setTimeout(wake, delayMs);
    return () => clearTimeout(handle);
  },
};
