import type { EventEmitter } from 'node:events';
import { once } from 'node:events';

/** How long a test waits for something before it fails: a busy machine is no fault of what is tested. */
const deadlineMs = 30_000;

/**
 * Resolves with the first result of `condition` that is not `undefined`, `null` or `false`; looks
 * again in each turn of the event loop. Rejects after `timeoutMs` with what was waited for.
 */
export async function waitFor<T>(
  what: string,
  condition: () => T | Promise<T>,
  timeoutMs: number = deadlineMs,
): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const result = await condition();
    if (result !== undefined && result !== null && result !== false) {
      return result as NonNullable<Exclude<T, false>>;
    }
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await turn();
  }
}

/** Resolves with the arguments of the next `event`; rejects after `timeoutMs`, or on `error`. */
export async function waitForEvent(
  emitter: EventEmitter,
  event: string,
  timeoutMs: number = deadlineMs,
): Promise<unknown[]> {
  return await within(
    `the event '${event}'`,
    (signal) => once(emitter, event, { signal }),
    timeoutMs,
  );
}

/** The result of `action`, or a rejection after `timeoutMs`, when its signal aborts. */
export async function within<T>(
  what: string,
  action: (signal: AbortSignal) => Promise<T>,
  timeoutMs: number = deadlineMs,
): Promise<T> {
  const controller = new AbortController();
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Error(`waited ${timeoutMs} ms for ${what}`));
    controller.abort();
  }, timeoutMs);
  try {
    return await Promise.race([action(controller.signal), expired]);
  } finally {
    clearTimeout(timer);
  }
}

/** One turn of the event loop, timers and I/O included. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
