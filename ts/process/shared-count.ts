/** Counts one more unless there are `limit`: then false, and nothing is counted. Several threads may count at the same moment. */
export function countUp(words: Uint32Array, at: number, limit: number): boolean {
  if (Atomics.add(words, at, 1) < limit) return true;
  countDown(words, at);
  return false;
}

/**
 * Counts one less, but never below none: a process may have ended, and the next one have its count, while another
 * thread still counts for the first. What is wrong by that is right again once the mailbox is empty.
 */
export function countDown(words: Uint32Array, at: number): void {
  for (;;) {
    const count = Atomics.load(words, at);
    if (count === 0 || Atomics.compareExchange(words, at, count, count - 1) === count) return;
  }
}
