import type { Handle } from './witness.ts';

/**
 * Lets a process wait in a callback, so that its mailbox stands still. Resolves when it does, with what lets it go on
 * and resolves when that callback is over.
 */
export async function hold({ run }: Handle): Promise<() => Promise<void>> {
  const started = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const busy = run(() => {
    started.resolve();
    return ended.promise;
  });
  await started.promise;
  return () => {
    ended.resolve();
    return busy;
  };
}
