import type { LocalMembership } from '../application/membership.ts';
import type { PendingCall } from '../call/pending-call.ts';
import type { Environment } from '../env/environment.ts';
import type { ExitReason } from '../error/exit-reason.ts';
import type { EventRecord } from '../event/event-record.ts';
import type { Log } from '../log/log.ts';
import type { LogLevel } from '../log/log-level.ts';
import { QUEUE_MAIN } from '../native/layout.ts';
import type { LoggerService } from '../log/logger-service.ts';
import type { NameRecord } from '../node/name-table.ts';
import type { Runtime } from '../node/runtime.ts';
import type { LocalAlias } from './alias.ts';
import type { Compression } from './compression.ts';
import type { AnyPid, LocalPid } from './pid.ts';
import type { AnyProcess } from './process.ts';
import type { AnySpawnOptions } from './process-options.ts';

/** `init` is not over. */
export const INIT = 1;
/** A callback of it is on the stack. */
export const RUNNING = 2;
/** A callback's promise is pending. */
export const WAITING = 4;
/** Killed inside a callback that has not returned. */
export const ZOMBIE = 8;
/** Ended; only the `terminate` callback may still run. */
export const DEAD = 16;
/** The `terminate` callback runs: it may still send. */
export const TERMINATING = 32;
/** Exits come to `handleExit`. */
export const TRAP_EXIT = 64;
/** Messages by name or alias come to callbacks of their own. */
export const SPLIT = 128;
/** Its mailbox has a limit. */
export const BOUNDED = 256;
/** It has a `handleMessage` that the dispatcher may call without a detour. */
export const PLAIN = 512;
/** It has a `handleCall` that may be called without a detour. */
export const PLAIN_CALLS = 16_384;
/** Every exit comes to `receive`, the parent's too: it sees to its own end. */
export const TAKES_EXITS = 1024;

/** What comes to its main queue goes on to others as it is: a pool, a router. */
export const HANDS_ON = 2048;
/** Other threads have heard of its pid. */
export const EXPORTED = 4096;
/** A supervisor or pool on another thread sees to its end. */
export const SUPERVISED = 8192;
/** What other nodes send to it goes through validators. */
export const VALIDATED = 32_768;

/** A message of higher priority came for a process whose slice is being read. */
export const OVERTAKEN = 1;
/** The process can take no further entry of its slice: it ended, or waits for a promise. */
export const HALTED = 2;

/** What most processes have none of: kept apart, so that an idle process stays small. */
export class ProcessExtra {
  name: NameRecord | undefined = undefined;
  aliases: LocalAlias[] = [];
  events: EventRecord[] = [];
  /** Own values over those inherited from the parent. */
  env: Environment | undefined = undefined;
  /** Of a child of another thread or node: what it inherited, for when it has no value of its own any more. */
  parentEnv: Environment | undefined = undefined;
  log: Log | undefined = undefined;
  logLevel: LogLevel | undefined = undefined;
  /** As which logger it serves; its own log is off then. */
  logger: LoggerService | undefined = undefined;
  /** Records in its log queue. */
  logQueued = 0;
  /** The queue of what it sends. */
  queue: number = QUEUE_MAIN;
  /** Messages that each queue may hold; 0: no limit. */
  limit = 0;
  /** Where its four counts stand, see docs/design/crossing.md, Gauges. */
  gauge = -1;
  fallback: AnySpawnOptions['fallback'] = undefined;
  /** `undefined`: as the node has it. */
  compression: Compression | undefined = undefined;
  /** Whether what it sends to one process of another node arrives in order. */
  keepsNetworkOrder = true;
  /** Whether all that it sends is important. */
  isImportant = false;
  /** Calls whose `Caller` was taken and that are not answered yet. */
  held: Set<PendingCall> | undefined = undefined;
  /** Aborted when the process ends. */
  ended: AbortController | undefined = undefined;
  /** Who sent the message whose callback's promise is pending. */
  from: LocalPid | undefined = undefined;
  /** Whether a callback that blocked the thread was told already. */
  blockReported = false;
}

/** One process as the TypeScript side knows it; `instance` is the user's object. */
export class ProcessRecord {
  readonly runtime: Runtime;
  readonly pid: LocalPid;
  readonly parent: LocalPid;
  readonly leader: LocalPid;
  /** When it was spawned, ms since the node's start. */
  readonly startedAt: number;
  /** The run of an application that it belongs to. */
  readonly application: LocalMembership | undefined;
  instance!: AnyProcess;
  flags: number = INIT;
  /** Why the dispatcher must look up from its slice; 0: nothing. */
  attention = 0;
  /** Messages it has sent. */
  sent = 0;
  /** The call that the running callback is to answer. */
  current: PendingCall | undefined = undefined;
  /** Head of the list of its own unsettled calls. */
  calls: PendingCall | undefined = undefined;
  extra: ProcessExtra | undefined = undefined;
  /** Why it ended, once it has. */
  reason: ExitReason | undefined = undefined;

  constructor(runtime: Runtime, pid: LocalPid, origin: Origin) {
    this.runtime = runtime;
    this.pid = pid;
    this.parent = origin.parent;
    this.leader = origin.leader;
    this.startedAt = origin.startedAt;
    this.application = origin.application;
  }

  /** Tells the processes apart that live in its slot, one after the other. */
  get generation(): number {
    return this.pid.generation;
  }

  /** The part that most processes have none of, made on first use. */
  get more(): ProcessExtra {
    return (this.extra ??= new ProcessExtra());
  }

  /** The registered name. */
  get name(): string | undefined {
    return this.extra?.name?.name;
  }

  /** The name of its class. */
  get behaviour(): string {
    return this.instance.constructor.name;
  }

  /** Whether it can be reached: spawned and neither killed nor ended. */
  get isAlive(): boolean {
    return (this.flags & (DEAD | ZOMBIE)) === 0;
  }

  /** Whether exits from there are obeyed, trapped or not: of its parent, or of the node in place of a parent on another node. */
  obeys(from: AnyPid): boolean {
    const { parent, pid, runtime } = this;
    return from === parent || (from === runtime.core.pid && parent.node !== pid.node);
  }
}

/** Where a process comes from. */
export interface Origin {
  readonly parent: LocalPid;
  readonly leader: LocalPid;
  readonly startedAt: number;
  readonly application: LocalMembership | undefined;
}

/** Whether this process may not send any more: it was killed, or it ended and its `terminate` callback is over. */
export function isMute(record: Pick<ProcessRecord, 'flags'>): boolean {
  const bits = record.flags & (DEAD | TERMINATING | ZOMBIE);
  return bits !== 0 && bits !== (DEAD | TERMINATING);
}
