import type { ExitReason } from '../error/exit-reason.ts';
import type { LogLevel } from '../log/log-level.ts';
import type { AnyPid } from '../process/pid.ts';
import type { ApplicationMode } from './application-spec.ts';

/** What an application is doing. */
export type ApplicationState = 'loaded' | 'starting' | 'running' | 'stopping';

/** All of them. @internal */
export const APPLICATION_STATES: readonly ApplicationState[] = [
  'loaded',
  'starting',
  'running',
  'stopping',
];

/** A member of an application. */
export interface MemberInfo {
  readonly name: string;
  /** The name of its class. */
  readonly behaviour: string;
  /** `undefined` when it does not run. */
  readonly pid: AnyPid | undefined;
}

/** Everything about an application. Source: Ergo `gen.ApplicationInfo`. */
export interface ApplicationInfo {
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly state: ApplicationState;
  /** Of the run; that of the spec while it does not run. */
  readonly mode: ApplicationMode;
  readonly depends: readonly string[];
  readonly weight: number;
  readonly tags: readonly string[];
  readonly logLevel: LogLevel;
  /** Its environment, by upper-cased key; empty unless the node's `security.exposeEnvInfo` is on. */
  readonly env: ReadonlyMap<string, unknown>;
  /** In the order of starts. */
  readonly group: readonly MemberInfo[];
  /** How many processes belong to it: members and all that they have spawned. */
  readonly processes: number;
  /** Since it began to start, ms; 0 when it does not run. */
  readonly uptimeMs: number;
  /** Why the last run ended; `undefined` if there was none. */
  readonly lastReason: ExitReason | undefined;
}

/** A process of an application with what it has spawned. */
export interface ProcessTree {
  readonly pid: AnyPid;
  readonly name: string | undefined;
  readonly behaviour: string;
  /** Oldest first. */
  readonly children: readonly ProcessTree[];
}
