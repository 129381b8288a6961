import type { LocalMembership } from '../application/membership.ts';
import type { EnvEntry } from '../env/env-key.ts';
import { checkEnv } from '../env/environment.ts';
import {
  checkBoolean,
  checkChoice,
  checkDelay,
  checkInteger,
  checkName,
  checkOptions,
} from '../error/check.ts';
import { incorrect } from '../error/tergo-error.ts';
import { LOG_LEVELS, type LogLevel } from '../log/log-level.ts';
import { type Compression, compressionOver, NO_COMPRESSION } from './compression.ts';
import { type AnyPid, LocalPid } from './pid.ts';
import { membership } from './process-context.ts';
import type { ProcessName } from './process-name.ts';
import { PRIORITIES, type Priority } from './priority.ts';

/** What reaches the fallback process in place of a message that found a full mailbox. */
export interface FallbackMessage {
  readonly type: 'fallback';
  /** Whose mailbox was full. */
  readonly pid: AnyPid;
  /** The tag of that process's `fallback` option. */
  readonly tag: string;
  /** What was to be delivered. */
  readonly message: unknown;
}

/** Where such messages go. @internal */
export interface Fallback {
  readonly to: string;
  readonly tag: string;
}

/** How a process is run. Source: Ergo `gen.ProcessOptions`. */
export interface ProcessOptions {
  /** The most messages in each of its four queues; 0, the default, is no limit. */
  readonly mailboxSize?: number;
  /**
   * Where a `send` goes that finds the mailbox full, if there is room; it goes no further from there.
   * Calls are refused all the same. Only with a `mailboxSize`.
   */
  readonly fallback?: {
    readonly to: ProcessName<{ message: FallbackMessage }>;
    readonly tag: string;
  };
  /** The leader of its group; the parent's leader by default. */
  readonly leader?: AnyPid;
  /** Environment values laid over the parent's. */
  readonly env?: readonly EnvEntry[];
  /** It gets the exit of its parent (a link to the parent); false by default. */
  readonly linkParent?: boolean;
  /** The parent gets its exit (the parent's link to it); false by default. */
  readonly linkChild?: boolean;
  /** The priority of what it sends; `normal` by default. */
  readonly priority?: Priority;
  /** How what it sends to other nodes is compressed; see `Compression`. */
  readonly compression?: Partial<Compression>;
  /** Whether what it sends to one process of another node arrives in order; true by default. */
  readonly keepNetworkOrder?: boolean;
  /** Whether every message that it sends to another node is to be confirmed; false by default. See `Process.important`. */
  readonly important?: boolean;
  /**
   * How long an asynchronous `init` may take, ms; 5000 by default, 0 for no limit. A spawn on another thread rejects with `timeout`
   * 5 s after that, also when the thread hangs in the `init`; a process that comes up later is ended. The time begins when the
   * thread is up: one that is just started anew is waited for.
   */
  readonly initTimeoutMs?: number;
  /** The level from which its log is written; the parent's, at last the node's, by default. */
  readonly logLevel?: LogLevel;
  /**
   * The thread on which it lives; `here` by default. On another one, and by `any`, only behaviours can be spawned that the
   * node option `behaviors` makes known (else the spawn rejects with `not-allowed`, which says how), and `args` and `env` are copied (else
   * `unencodable`). Of a spawn on another node it is a thread of that node, `here` its thread 0. See docs/threads.md.
   */
  readonly thread?: Placement;
}

/**
 * On which thread of the node a process lives, for life: `here`, that of the spawner; `any`, the one with the fewest
 * processes; one by its number, from 0, the thread that started the node; or that of another process. A node with one thread
 * takes all that lead there; without a network it takes `any` for every class, since it imports no `behaviors`.
 */
export type Placement = 'here' | 'any' | number | { readonly near: AnyPid };

/** `args` is required exactly when `init` has a required parameter. */
export type WithArgs<Args extends readonly unknown[]> = never[] extends Args
  ? { readonly args?: readonly [] }
  : [] extends Args
    ? { readonly args?: Args }
    : { readonly args: Args };
/** The options parameter itself is optional when nothing in it is required. */
export type Optional<O> = {} extends O ? [options?: O] : [options: O];
/** Everything that `spawn` takes beside the class. */
export type SpawnOptions<P, Args extends readonly unknown[]> = ProcessOptions &
  WithArgs<Args> & {
    /** Registers the process under this name before `init` runs. */
    readonly name?: ProcessName<P>;
  };

/** The options without their types, as the runtime sees them. @internal */
export type AnySpawnOptions = ProcessOptions & {
  readonly name?: string;
  readonly args?: readonly unknown[];
  readonly [membership]?: LocalMembership;
  readonly [farLink]?: FarLink;
};

/** The key of a spawn option: who on another thread or node spawns the process. @internal */
export const farLink: unique symbol = Symbol('tergo.farLink');

/** How a process is tied to the other thread or node that spawned it. @internal */
export interface FarLink {
  readonly station: number;
  /** The proxy by which its parent is linked to it; 0: none. */
  readonly proxy: number;
  /** Whether its parent ends it in its own order. */
  readonly isSupervised: boolean;
}

/** Every option of `spawn`. @internal */
export const SPAWN_KEYS: readonly string[] = [
  'mailboxSize',
  'fallback',
  'leader',
  'env',
  'linkParent',
  'linkChild',
  'priority',
  'initTimeoutMs',
  'logLevel',
  'compression',
  'keepNetworkOrder',
  'important',
  'thread',
  'name',
  'args',
];

/** Throws `incorrect`, naming the key, unless these are options of `spawn`. @internal */
export function checkSpawnOptions(options: AnySpawnOptions): void {
  checkOptions('options', options, SPAWN_KEYS);
  if (options.mailboxSize !== undefined)
    checkInteger('options.mailboxSize', options.mailboxSize, 0, 2 ** 31);
  if (options.initTimeoutMs !== undefined)
    checkDelay('options.initTimeoutMs', options.initTimeoutMs, 0);
  if (options.linkParent !== undefined) checkBoolean('options.linkParent', options.linkParent);
  if (options.linkChild !== undefined) checkBoolean('options.linkChild', options.linkChild);
  if (options.priority !== undefined) checkChoice('options.priority', options.priority, PRIORITIES);
  if (options.logLevel !== undefined) checkChoice('options.logLevel', options.logLevel, LOG_LEVELS);
  if (options.env !== undefined) checkEnv('options.env', options.env);
  if (options.name !== undefined) checkName('options.name', options.name);
  if (options.args !== undefined && !Array.isArray(options.args))
    throw incorrect('options.args', 'a list', options.args);
  if (options.leader !== undefined && !(options.leader instanceof LocalPid))
    throw incorrect('options.leader', 'a pid', options.leader);
  if (options.thread !== undefined) checkPlacement(options.thread);
  if (options.keepNetworkOrder !== undefined)
    checkBoolean('options.keepNetworkOrder', options.keepNetworkOrder);
  if (options.important !== undefined) checkBoolean('options.important', options.important);
  if (options.compression !== undefined) compressionOver(NO_COMPRESSION, options.compression);
  checkFallback(options);
}

/** A copy for later spawns, which what becomes of the lists does not change. @internal */
export function keptOptions(options: AnySpawnOptions): AnySpawnOptions {
  const { args, env } = options;
  return { ...options, ...(args && { args: [...args] }), ...(env && { env: [...env] }) };
}

/** Throws `incorrect` for what is no placement; whether there is such a thread is the node's to say. */
function checkPlacement(thread: Placement): void {
  if (thread === 'here' || thread === 'any') return;
  if (typeof thread === 'number') return checkInteger('options.thread', thread, 0);
  const isNear = typeof thread === 'object' && thread !== null && thread.near instanceof LocalPid;
  if (!isNear)
    throw incorrect('options.thread', "'here', 'any', a thread's number or { near: pid }", thread);
  checkOptions('options.thread', thread, ['near']);
}

function checkFallback({ fallback, mailboxSize }: AnySpawnOptions): void {
  if (fallback === undefined) return;
  checkOptions('options.fallback', fallback, ['to', 'tag']);
  checkName('options.fallback.to', fallback.to);
  if (typeof fallback.tag !== 'string')
    throw incorrect('options.fallback.tag', 'a string', fallback.tag);
  if (!mailboxSize) {
    throw incorrect('options.mailboxSize', 'over 0 when there is a fallback', mailboxSize);
  }
}
