/** Of a chain of causes so many are looked at. */
const DEPTH = 8;

/**
 * Has V8 write the stacks of an error and of its causes as text. Until somebody reads it, a stack holds its frames, and with them the
 * `this` of each: of a process that has crashed, all that it had. Never throws. @internal
 */
export function writeStacks(reason: unknown): void {
  try {
    let error = reason;
    for (let depth = 0; depth < DEPTH && error instanceof Error; depth += 1) {
      void error.stack;
      error = error.cause;
    }
  } catch {
    // What cannot be read stays as it is.
  }
}
