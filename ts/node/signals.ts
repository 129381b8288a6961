import type { Runtime } from './runtime.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Stops the node gracefully on SIGINT and SIGTERM, by force on the second; then lets the signal do to
 * the OS process what it does without us. Source: Ergo `SetCTRLC`.
 */
export function stopOnSignals(runtime: Runtime): void {
  let received = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    received += 1;
    runtime.log.info(received === 1 ? 'stopping' : 'stopping by force', { signal });
    const { shutdown } = runtime;
    const stopped = received === 1 ? shutdown.stop() : shutdown.force();
    // Whoever waited for the stop goes first.
    void stopped.then(() => setImmediate(raise, signal));
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  void runtime.shutdown.stopped.then(() => {
    for (const signal of SIGNALS) process.removeListener(signal, onSignal);
  });
}

/** Whoever else listens, another node for one, has got the signal already and ends the OS process in its time. */
function raise(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}
