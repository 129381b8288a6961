import type { LogLevel } from '../log/log-level.ts';
import type { Ended } from '../relation/ended.ts';
import type { Alias } from './alias.ts';
import type { Compression } from './compression.ts';
import type { AnyPid } from './pid.ts';
import type { Priority } from './priority.ts';
import type { ProcessState } from './process-state.ts';

/** Messages waiting in each queue of a mailbox. */
export interface MailboxQueues {
  readonly urgent: number;
  readonly system: number;
  readonly main: number;
  readonly log: number;
}

/** What a link or monitor is on. */
export type RelationTargetInfo = Ended extends infer E
  ? E extends Ended
    ? Omit<E, 'reason'>
    : never
  : never;

/** The cheap part of what is known about a process. Source: Ergo `gen.ProcessShortInfo`. */
export interface ProcessShortInfo {
  readonly pid: AnyPid;
  /** The number of the scheduler thread on which it lives; 0 is the thread that started the node. */
  readonly thread: number;
  readonly name: string | undefined;
  /** The name of the application that it belongs to. */
  readonly application: string | undefined;
  /** The name of its class. */
  readonly behaviour: string;
  readonly state: ProcessState;
  readonly parent: AnyPid;
  readonly leader: AnyPid;
  readonly uptimeMs: number;
  /** Messages that it was given so far. */
  readonly messagesIn: number;
  /** Messages that it has sent. */
  readonly messagesOut: number;
  /** Messages waiting. */
  readonly mailbox: number;
  readonly logLevel: LogLevel;
}

/** Everything about a process. Source: Ergo `gen.ProcessInfo`. */
export interface ProcessInfo extends ProcessShortInfo {
  /** The most messages in each queue; 0: no limit. */
  readonly mailboxSize: number;
  readonly queues: MailboxQueues;
  readonly priority: Priority;
  readonly compression: Compression;
  readonly trapExit: boolean;
  readonly fallback: { readonly to: string; readonly tag: string } | undefined;
  readonly aliases: readonly Alias<never>[];
  /** Names of the events it has registered. */
  readonly events: readonly string[];
  readonly links: readonly RelationTargetInfo[];
  readonly monitors: readonly RelationTargetInfo[];
  /** Its own calls that are not settled. */
  readonly pendingCalls: number;
  /** Its environment; empty unless the node's `security.exposeEnvInfo` is on. */
  readonly env: ReadonlyMap<string, unknown>;
}

/** Which processes a list shows. */
export interface ProcessListOptions {
  /** Only processes with this id or a later one; 1001 by default. Negative: from the last id backwards, on one thread from the newest. */
  readonly start?: number;
  /** How many at most; 100 by default. */
  readonly limit?: number;
  /** Only those for which it returns true. */
  readonly filter?: (process: ProcessShortInfo) => boolean;
}
