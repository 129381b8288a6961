import { inspect } from 'node:util';
import { Applications } from '../application/applications.ts';
import type { Behaviour } from '../actor/behaviour.ts';
import type { CallOptions, SendOptions } from '../call/call-options.ts';
import { Cron } from '../cron/cron.ts';
import type { EnvKey } from '../env/env-key.ts';
import { checkDelay, checkName, checkOptions } from '../error/check.ts';
import { FarPid } from '../far/far-pid.ts';
import type { ExitReason } from '../error/exit-reason.ts';
import type { SendResult } from '../error/send-result.ts';
import { incorrect } from '../error/tergo-error.ts';
import type { EventOptions, Publisher } from '../event/event-message.ts';
import type { EventName, EventTarget } from '../event/event-name.ts';
import { EventFeed, type SubscribeOptions, type Subscription } from '../event/subscription.ts';
import type { Log } from '../log/log.ts';
import type { Logger, LoggerInfo, LoggerOptions } from '../log/logger.ts';
import { type AnyPid, LocalPid, type Pid } from '../process/pid.ts';
import type { ProcessInfo, ProcessListOptions, ProcessShortInfo } from '../process/process-info.ts';
import type { ProcessName } from '../process/process-name.ts';
import type { Optional, SpawnOptions } from '../process/process-options.ts';
import type { NodeProcess } from '../process/peer.ts';
import { ProcessRecord } from '../process/process-record.ts';
import type { ProcessState } from '../process/process-state.ts';
import type { AnyTarget, Target } from '../process/target.ts';
import type { MessageOf, ReplyTo, RequestOf, TypeOf } from '../protocol/protocol.ts';
import type { Timer } from '../timer/timer.ts';
import { Network } from '../network/network.ts';
import { failure } from './messaging.ts';
import type { Messenger } from './messenger.ts';
import type { NodeInfo } from './node-info.ts';
import type { Runtime } from './runtime.ts';
import type { StopReport } from './stop-report.ts';

/**
 * One node: a set of processes under one name. Several may live in one OS process. What it sends from
 * outside of any process comes from the node's own pid. Source: Ergo `gen.Node`.
 *
 * @example
 * await using node = await startNode('hello@localhost');
 */
export class Node implements Messenger, AsyncDisposable {
  readonly #runtime: Runtime;
  #applications: Applications | undefined;
  #cron: Cron | undefined;
  #network: Network | undefined;

  /** What stands behind a node. @internal */
  static runtimeOf(node: Node): Runtime {
    return node.#runtime;
  }

  /** @internal */
  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    runtime.node = this;
  }

  /** `name@host`. */
  get name(): string {
    return this.#runtime.home.node;
  }

  /** When this incarnation started, ms since 1970. */
  get creation(): number {
    return this.#runtime.home.creation;
  }

  /** The node as a process: the parent of what it spawns. */
  get pid(): AnyPid {
    return this.#runtime.core.pid;
  }

  /** False once it has stopped. */
  get isAlive(): boolean {
    return !this.#runtime.isStopped;
  }

  /** How long it has run, ms; 0 when it has stopped. */
  get uptimeMs(): number {
    return this.isAlive ? this.#runtime.driver.readNow() : 0;
  }

  /** The node's own log; its level is that of every process without one of its own. */
  get log(): Log {
    return this.#runtime.log;
  }

  /** The applications that are loaded on it. */
  get applications(): Applications {
    this.#checkHome('applications');
    this.#applications ??= new Applications(this.#runtime);
    return this.#applications;
  }

  /** Its jobs: what happens at which time of the day. */
  get cron(): Cron {
    this.#checkHome('cron');
    this.#cron ??= new Cron(this.#runtime);
    return this.#cron;
  }

  /** Other nodes, and what they may ask for. */
  get network(): Network {
    this.#checkHome('network');
    this.#network ??= new Network(this.#runtime);
    return this.#network;
  }

  /** Sends a message; returns what is known at once. */
  send<P>(to: Target<P>, message: MessageOf<P>, options?: SendOptions): SendResult {
    return this.#runtime.messaging.send(this.#runtime.core, to, message, options);
  }

  /** Resolves once the message is in the target's mailbox; rejects with what `send` would have returned. */
  sendImportant<P>(to: Target<P>, message: MessageOf<P>, options?: SendOptions): Promise<void> {
    return this.#runtime.messaging.sendImportant(this.#runtime.core, to, message, options);
  }

  /** Sends once `afterMs` are over. Throws `incorrect` for a bad delay. */
  sendAfter<P>(
    to: Target<P>,
    message: MessageOf<P>,
    afterMs: number,
    options?: SendOptions,
  ): Timer {
    this.#checkAlive();
    return this.#runtime.delayed.send(this.#runtime.core, to, message, { ms: afterMs, options });
  }

  /** An exit signal from the node: its children, trapping or not, end with `reason`. */
  sendExit(to: AnyPid, reason: ExitReason): SendResult {
    return this.#runtime.messaging.exit(this.#runtime.core, to, reason);
  }

  /** Asks and waits for the answer; see `Process.call`. */
  call<P = never, T extends TypeOf<RequestOf<P>> = TypeOf<RequestOf<P>>>(
    to: Target<P>,
    request: RequestOf<P> & { readonly type: T },
    options?: CallOptions,
  ): Promise<NoInfer<ReplyTo<P, T>>> {
    const { calls, core } = this.#runtime;
    return calls.call(core, to, request, options) as Promise<ReplyTo<P, T>>;
  }

  /** Spawns a process whose parent and leader is the node; see `Process.spawn`. Links to the parent have no effect here. */
  spawn<P, Args extends readonly unknown[]>(
    behaviour: Behaviour<P, Args>,
    ...options: Optional<SpawnOptions<NoInfer<P>, NoInfer<Args>>>
  ): Promise<Pid<P>> {
    const { spawner, core } = this.#runtime;
    return spawner.spawn(core, behaviour, options[0]) as Promise<Pid<unknown>> as Promise<Pid<P>>;
  }

  /** A value of the node's environment, else `fallback`. Case does not matter. */
  env<T>(key: EnvKey<T>): T | undefined;
  env<T>(key: EnvKey<T>, fallback: NoInfer<T>): T;
  env(key: string, fallback?: unknown): unknown {
    checkName('key', key);
    const value = this.#runtime.env.at(key);
    return value === undefined ? fallback : value;
  }

  /** The node's environment by upper-cased key. */
  envList(): ReadonlyMap<string, unknown> {
    return this.#runtime.env.list();
  }

  /** Sets a value of the node's environment; `undefined` removes it. */
  setEnv<T>(key: EnvKey<T>, value: NoInfer<T> | undefined): void {
    checkName('key', key);
    this.#runtime.far?.nodeWide.setEnv(key, value);
    this.#runtime.env.set(key, value);
  }

  /**
   * Registers a process of whichever thread under a name; it can have one. From then on nobody else can have the name, and
   * every thread finds the process by it; one of another thread sees its own `name` when that has heard of it, before all
   * that is sent to it from here later. Throws `taken`, `process-unknown`, `process-terminated`, `incorrect`.
   */
  registerName<P>(name: ProcessName<P>, pid: Pid<NoInfer<P>>): void {
    this.#runtime.names.register(this.#find(pid), name);
  }

  /**
   * Takes a name from its process, of whichever thread, whose pid it gives; who is linked to the name or monitors it hears
   * `unregistered`. Others can have the name at once. Throws `name-unknown`.
   */
  unregisterName<P>(name: ProcessName<P>): Pid<P> {
    this.#checkAlive();
    checkName('name', name);
    const pid = this.#runtime.names.giveUp(name);
    if (pid === undefined) throw failure('name-unknown', name);
    return pid as Pid<unknown> as Pid<P>;
  }

  /** The process that has a name. */
  whereis<P>(name: ProcessName<P>): Pid<P> | undefined {
    checkName('name', name);
    return this.#runtime.names.holderOf(name) as Pid<unknown> as Pid<P> | undefined;
  }

  /**
   * Ends a process at once with the reason `kill`, trapping or not. If a callback of it is on the stack,
   * it is a zombie until that returns. Throws `process-unknown`, `incorrect`.
   */
  kill(pid: AnyPid): void {
    const record = this.#find(pid);
    if (record === this.#runtime.core)
      throw failure('not-allowed', 'the node cannot be killed; stop it');
    this.#runtime.lifecycle.kill(record);
  }

  /** Reads an event from outside of a process; the error of an unknown event comes with the first read. Throws `incorrect`. */
  subscribe<T>(event: EventTarget<T>, options?: SubscribeOptions): Subscription<T> {
    this.#checkAlive();
    return new EventFeed(this.#runtime, event, options) as Subscription<unknown> as Subscription<T>;
  }

  /** Registers an event whose producer is the node. Throws `taken`. */
  registerEvent<T>(event: EventName<T>, options: EventOptions = {}): Publisher<T> {
    this.#checkAlive();
    return this.#runtime.events.register(this.#runtime.core, event, options);
  }

  /** Gives up an event of the node. Throws `event-unknown`, `event-owner`. */
  unregisterEvent(event: string): void {
    this.#checkAlive();
    this.#runtime.events.unregister(this.#runtime.core, event);
  }

  /** Publishes to all subscribers; by name only if the event is open. */
  sendEvent<T>(
    publisher: Publisher<T> | EventName<T>,
    message: NoInfer<T>,
    options?: SendOptions,
  ): SendResult {
    return this.#runtime.events.publish(this.#runtime.core, publisher, message, options);
  }

  /** Asks a process to describe itself by `handleInspect`; rejects like `call`. */
  inspect(
    target: AnyTarget,
    ...items: readonly string[]
  ): Promise<Readonly<Record<string, string>>> {
    return this.#runtime.answers.inspect(this.#runtime.core, target, items);
  }

  /** Everything about a process of this thread. Throws `process-unknown`, `node-terminated`, and `not-allowed` for one of another thread: `fetchProcessInfo` asks that. */
  processInfo(pid: AnyPid): ProcessInfo {
    return this.#runtime.inspector.info(this.#findHere(pid, 'processInfo'));
  }

  /**
   * The same about a process of whichever thread. Rejects with `process-unknown`, `node-terminated`, `incorrect`, with
   * `thread-terminated` when the thread ends meanwhile, and with `timeout` when it does not answer within 5 s.
   */
  async fetchProcessInfo(pid: AnyPid): Promise<ProcessInfo> {
    const { far, inspector } = this.#runtime;
    const peer = this.#find(pid);
    return peer instanceof FarPid ? far!.nodeWide.processInfo(peer) : inspector.info(peer);
  }

  /** What a process of this thread is doing; `terminated` if there is none. Throws `not-allowed` for one of another thread that lives (`fetchProcessInfo` has its state) and for those of other nodes. */
  processState(pid: AnyPid): ProcessState {
    if (!(pid instanceof LocalPid)) throw incorrect('pid', 'a pid', pid);
    if (pid instanceof FarPid && pid.isAlive) throw elsewhere(pid, 'processState');
    if (pid.node !== this.name) this.#findHere(pid, 'processState');
    const record = this.#runtime.records[pid.slot];
    return record?.pid === pid ? this.#runtime.inspector.state(record) : 'terminated';
  }

  /** The pids of all processes by their ids: those of each thread oldest first. */
  processList(): readonly AnyPid[] {
    const { far, shutdown } = this.#runtime;
    const others = far?.others.flatMap((thread) => [...far.pids.living(thread)]) ?? [];
    const own = shutdown.living().map(({ pid }) => pid);
    return [...own, ...others].toSorted((a, b) => a.id - b.id);
  }

  /** The cheap information of many processes of this thread, with paging and a filter. Throws `incorrect`. */
  processListShortInfo(options: ProcessListOptions = {}): readonly ProcessShortInfo[] {
    this.#checkAlive();
    return this.#runtime.inspector.list(options);
  }

  /**
   * The same of the processes of all threads. Rejects with `incorrect`, `node-terminated`, with `thread-terminated` when a thread ends
   * meanwhile, and with `timeout`, which names the thread, when one does not answer within 5 s.
   */
  async fetchProcessListShortInfo(
    options: ProcessListOptions = {},
  ): Promise<readonly ProcessShortInfo[]> {
    this.#checkAlive();
    const { far, inspector } = this.#runtime;
    return far === undefined ? inspector.list(options) : far.nodeWide.processes(options);
  }

  /** What the node counts, on all of its threads. Throws `node-terminated`. */
  info(): NodeInfo {
    this.#checkAlive();
    return this.#runtime.nodeInfo();
  }

  /**
   * Adds a logger, or a process, of whichever thread, that gets every record in `handleLog`. A process's own log is off while
   * it serves; it is removed when it ends. A name that begins with a dot hides it: it gets only records of logs whose
   * `logger` it is. Throws `taken`, `incorrect`, `process-unknown`, `not-allowed` (a process that is a logger already).
   */
  addLogger(name: string, logger: Logger | AnyPid, options?: LoggerOptions): void {
    this.#checkAlive();
    this.#checkHome('addLogger');
    if (logger instanceof LocalPid)
      this.#runtime.addLoggerProcess(name, this.#find(logger), options);
    else this.#runtime.hub.add(name, logger as Logger, options);
  }

  /** Removes a logger, the default one by `'default'`; what waits for it is still written. False when there is none of that name. Throws `not-allowed` on a thread other than 0. */
  removeLogger(name: string): boolean {
    this.#checkHome('removeLogger');
    return this.#runtime.hub.remove(name);
  }

  /** The loggers in the order in which they were added, and what they have come to; none once the node has stopped. Throws `not-allowed` on a thread other than 0. */
  loggers(): readonly LoggerInfo[] {
    this.#checkHome('loggers');
    return this.#runtime.hub.list();
  }

  /**
   * Asks every process to end with the reason `shutdown`, as its parent would, waits for them and their
   * `terminate`, kills those that have not ended after `timeoutMs` (the node's `shutdownTimeoutMs` by
   * default) and lets go of everything, so that the OS process can exit. Loggers may then write what waits for them, in
   * what is left of the time, but a second at least. Every call gets the report of the first. Rejects with
   * `incorrect` for a bad timeout.
   */
  async stop(options: { readonly timeoutMs?: number } = {}): Promise<StopReport> {
    checkOptions('options', options, ['timeoutMs']);
    if (options.timeoutMs !== undefined) checkDelay('options.timeoutMs', options.timeoutMs, 0);
    return this.#runtime.shutdown.stop(options.timeoutMs);
  }

  /** Stops without asking: every process is killed at once; loggers get a second at most. Also ends a `stop` that still waits. */
  stopForce(): Promise<StopReport> {
    return this.#runtime.shutdown.force();
  }

  /** Resolves when the node has stopped; rejects with `timeout` when it has not after `timeoutMs`. */
  wait(timeoutMs?: number): Promise<void> {
    return this.#runtime.shutdown.wait(timeoutMs);
  }

  /** `stop()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** How it prints in `console.log`. @internal */
  [inspect.custom](): string {
    return `Node<${this.name}>`;
  }

  /** Applications, jobs and loggers are on the thread that started the node. */
  #checkHome(what: string): void {
    const thread = this.#runtime.far?.thread ?? 0;
    if (thread === 0) return;
    const text = `node.${what} is on thread 0, and this is thread ${thread}; send a message to a process there`;
    throw failure('not-allowed', text);
  }

  #checkAlive(): void {
    if (this.#runtime.isStopped) throw failure('node-terminated', this.name);
  }

  /** A process of this thread: what is asked cannot wait for another one. */
  #findHere(pid: unknown, method: string): ProcessRecord {
    const peer = this.#find(pid);
    if (peer instanceof FarPid) throw elsewhere(peer, method);
    return peer;
  }

  #find(pid: unknown): NodeProcess {
    this.#checkAlive();
    if (!(pid instanceof LocalPid)) throw incorrect('pid', 'a pid', pid);
    const record = this.#runtime.messaging.resolve(pid);
    if (typeof record === 'string') throw failure(record, pid);
    if (record instanceof ProcessRecord || record instanceof FarPid) return record;
    throw failure('not-allowed', `${record.pid} lives on another node, ${record.pid.node}`);
  }
}

function elsewhere(pid: FarPid, method: string): Error {
  const advice = ADVICE[method] ?? 'it must live on the thread of the caller';
  return failure('not-allowed', `${method}: ${pid} lives on thread ${pid.thread}; ${advice}`);
}

const ADVICE: Readonly<Record<string, string>> = {
  processInfo: 'use fetchProcessInfo',
  processState: 'use fetchProcessInfo',
};
