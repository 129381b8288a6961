import type { AnyPid } from '../process/pid.ts';

/** What is known of a route. */
export interface RouteInfo {
  readonly name: string;
  /** Whether the router spawns its process. */
  readonly isOwned: boolean;
  /** The name of the class of an owned one, the process name of a registered one. */
  readonly target: string;
  /** The process at its end that lives now. */
  readonly pid: AnyPid | undefined;
  readonly isDisabled: boolean;
  /** How often its process was respawned. */
  readonly restarts: number;
  /** What went there. */
  readonly forwarded: number;
  /** What should have gone there and could not. */
  readonly failed: number;
}
