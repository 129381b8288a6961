/** Who holds what must be written before the OS process ends. */
export interface Flushable {
  /** Writes it, synchronously. */
  flush(): void;
}

const waiting = new Set<Flushable>();

/** Calls `flush` at the end of the OS process, after a crash too; gives what undoes it. */
export function flushAtExit(flushable: Flushable): () => void {
  // One listener for all: Node.js warns of many.
  if (waiting.size === 0) process.on('exit', flushAll);
  waiting.add(flushable);
  return () => {
    if (waiting.delete(flushable) && waiting.size === 0) process.removeListener('exit', flushAll);
  };
}

function flushAll(): void {
  for (const flushable of waiting) flushable.flush();
}
