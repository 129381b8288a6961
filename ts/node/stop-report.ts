import type { AnyPid } from '../process/pid.ts';

/** What a stop found. */
export interface StopReport {
  /** Processes that had not ended within the timeout and were killed. */
  readonly killed: readonly AnyPid[];
}
