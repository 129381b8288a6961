import { inspect } from 'node:util';
import type { EnvKey } from '../env/env-key.ts';
import { Environment } from '../env/environment.ts';
import { checkBoolean, checkName } from '../error/check.ts';
import type { Log } from '../log/log.ts';
import type { Node } from '../node/node.ts';
import type { Alias } from './alias.ts';
import { type Compression, compressionOf, compressionOver } from './compression.ts';
import type { AnyPid, Pid } from './pid.ts';
import { type Priority, priorityOf, queueOf } from './priority.ts';
import { context, takeRecord } from './process-context.ts';
import type { ProcessInfo } from './process-info.ts';
import { type ProcessRecord, SPLIT, TRAP_EXIT } from './process-record.ts';
import type { ProcessState } from './process-state.ts';
import type { AnyProcess } from './process.ts';

/** Who a process is, and its own settings: the first layer of the process API. */
export abstract class ProcessIdentity<P> {
  /** @internal */
  readonly [context]: ProcessRecord;

  /** Not for users: `spawn` constructs. Throws `not-allowed` for a plain `new`. */
  constructor() {
    const record = takeRecord(new.target.name);
    // For the rest of the constructor, which may log.
    record.instance = this as unknown as AnyProcess;
    this[context] = record;
  }

  /** Its pid. */
  get pid(): Pid<P> {
    return this[context].pid as Pid<unknown> as Pid<P>;
  }

  /** Who spawned it; the node's own pid if it was spawned from outside of any process. */
  get parent(): AnyPid {
    return this[context].parent;
  }

  /** The leader of its group: inherited from the parent unless the spawn named one. */
  get leader(): AnyPid {
    return this[context].leader;
  }

  /** Its registered name. */
  get name(): string | undefined {
    return this[context].name;
  }

  /** The name of the application that it belongs to: that of its parent, unless it is a member itself. */
  get application(): string | undefined {
    return this[context].application?.name;
  }

  /** The node it lives on. */
  get node(): Node {
    return this[context].runtime.node;
  }

  /** Its log; records carry its pid, name and class. */
  get log(): Log {
    return this[context].runtime.logOf(this[context]);
  }

  /** What it is doing, as others would see it. */
  get state(): ProcessState {
    return this[context].runtime.inspector.state(this[context]);
  }

  /** How long ago it was spawned, ms. */
  get uptimeMs(): number {
    return this[context].runtime.inspector.uptime(this[context]);
  }

  /** Everything about it; see `node.processInfo`. */
  info(): ProcessInfo {
    return this[context].runtime.inspector.info(this[context]);
  }

  /** Aborted, with the exit reason, when the process ends: for the asynchronous work that a callback starts. */
  get signal(): AbortSignal {
    const { more, reason } = this[context];
    more.ended ??= new AbortController();
    if (reason !== undefined) more.ended.abort(reason);
    return more.ended.signal;
  }

  /**
   * Whether exits of linked targets and exit signals come to `handleExit` instead of ending the
   * process; false at first. An exit from the parent ends it all the same. Source: Ergo `SetTrapExit`.
   */
  get trapExit(): boolean {
    return (this[context].flags & TRAP_EXIT) !== 0;
  }

  set trapExit(isTrapping: boolean) {
    this.#setFlag('trapExit', TRAP_EXIT, isTrapping);
  }

  /**
   * Whether what was sent to its name or an alias comes to callbacks of their own
   * (`handleMessageName`, `handleMessageAlias`, `handleCallName`, `handleCallAlias`); false at first.
   */
  get splitHandle(): boolean {
    return (this[context].flags & SPLIT) !== 0;
  }

  set splitHandle(isSplit: boolean) {
    this.#setFlag('splitHandle', SPLIT, isSplit);
  }

  /** The priority of what it sends; `normal` at first. Throws `incorrect` for anything else. */
  get priority(): Priority {
    const { extra } = this[context];
    return extra === undefined ? 'normal' : priorityOf(extra.queue);
  }

  set priority(priority: Priority) {
    this[context].more.queue = queueOf(priority);
  }

  /**
   * How what it sends to other nodes is compressed; at first as `network.compression` of its node says, which is off by
   * default. What is set is laid over what was: `this.compression = { enabled: true }`. Throws `incorrect`, naming the key.
   */
  get compression(): Compression {
    return compressionOf(this[context]);
  }

  set compression(settings: Partial<Compression>) {
    this[context].more.compression = compressionOver(this.compression, settings);
  }

  /**
   * Whether what it sends to one process of another node arrives in the order in which it was sent, as on one node;
   * true at first. Without order it may use all links of a connection. Source: Ergo `SetKeepNetworkOrder`.
   */
  get keepNetworkOrder(): boolean {
    return this[context].extra?.keepsNetworkOrder ?? true;
  }

  set keepNetworkOrder(isKept: boolean) {
    checkBoolean('keepNetworkOrder', isKept);
    this[context].more.keepsNetworkOrder = isKept;
  }

  /**
   * Whether every message that it sends to another node is to be confirmed there, and its calls are `important`; false at
   * first. A message that is not placed is told by the log; who wants to wait for it uses `sendImportant`. Where the other
   * node cannot confirm, sends give and calls reject with `unsupported`. Source: Ergo `SetImportantDelivery`.
   */
  get important(): boolean {
    return this[context].extra?.isImportant ?? false;
  }

  set important(isImportant: boolean) {
    checkBoolean('important', isImportant);
    this[context].more.isImportant = isImportant;
  }

  /** Its aliases, oldest first. */
  get aliases(): readonly Alias<P>[] {
    return (
      this[context].extra?.aliases ?? []
    ).slice() as readonly Alias<unknown>[] as readonly Alias<P>[];
  }

  /** The names of the events it has registered, oldest first. */
  get events(): readonly string[] {
    return (this[context].extra?.events ?? []).map(({ name }) => name);
  }

  /**
   * An environment value: its own, else its parent's, else its leader's, else its application's, else
   * the node's, else `fallback`. Case does not matter.
   */
  env<T>(key: EnvKey<T>): T | undefined;
  env<T>(key: EnvKey<T>, fallback: NoInfer<T>): T;
  env(key: string, fallback?: unknown): unknown {
    checkName('key', key);
    const value = this[context].runtime.envOf(this[context], key);
    return value === undefined ? fallback : value;
  }

  /** Every environment value that it sees, by upper-cased key. */
  envList(): ReadonlyMap<string, unknown> {
    return this[context].runtime.envList(this[context]);
  }

  /** Sets a value of its own; `undefined` removes it, so that the parent's shows again. */
  setEnv<T>(key: EnvKey<T>, value: NoInfer<T> | undefined): void {
    checkName('key', key);
    const { more } = this[context];
    more.env ??= new Environment();
    more.env.set(key, value);
  }

  /** How it prints in `console.log`: its class and pid. @internal */
  [inspect.custom](): string {
    return `${this[context].behaviour} ${this[context].pid}`;
  }

  #setFlag(name: string, flag: number, isSet: boolean): void {
    checkBoolean(name, isSet);
    const record = this[context];
    record.flags = isSet ? record.flags | flag : record.flags & ~flag;
  }
}
