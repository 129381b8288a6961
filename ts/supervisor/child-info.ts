import type { ExitReason } from '../error/exit-reason.ts';
import type { AnyPid } from '../process/pid.ts';
import type { Restart } from './restart.ts';

/** Where a child stands: `starting` until its `init` is over, `stopping` once it was told to end. */
export type ChildState = 'stopped' | 'starting' | 'running' | 'stopping';

/** What is done with a child that was restarted too often: the supervisor ends, or the child is disabled. */
export type OnExceed = 'terminate' | 'disable';

/** One child, as its supervisor sees it. Source: Ergo `act.SupervisorChild`. */
export interface ChildInfo {
  /** The name of its spec or template. */
  readonly name: string;
  /** `undefined` while it does not run. */
  readonly pid: AnyPid | undefined;
  /** The name of its class. */
  readonly behaviour: string;
  readonly state: ChildState;
  readonly restart: Restart;
  readonly isSignificant: boolean;
  /** It is kept from being started, by `disableChild` or because it was restarted too often. */
  readonly isDisabled: boolean;
  /** How often it was restarted. */
  readonly restarts: number;
}

/** One restart that a supervisor has done. */
export interface RestartInfo {
  /** The name of the child's spec or template. */
  readonly name: string;
  /** Whose end it was. */
  readonly pid: AnyPid | undefined;
  /** Why it ended. */
  readonly reason: ExitReason;
  /** When, ms since 1970. */
  readonly timeMs: number;
}
