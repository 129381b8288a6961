/** What other threads must know to have workers, and somebody who ends them. */
export const workerModules: readonly URL[] = ['worker.ts', 'drill.ts'].map(
  (file) => new URL(file, import.meta.url),
);
