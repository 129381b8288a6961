/**
 * A started timer. `using timer = …` cancels it at the end of the block.
 */
export interface Timer extends Disposable {
  /** Stops it. True if it had still been to fire; false once it has fired or was cancelled. */
  cancel(): boolean;
}
