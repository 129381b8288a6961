import type { EnvEntry } from '../env/env-key.ts';
import { checkEnv } from '../env/environment.ts';
import { checkChoice, checkDelay, checkInteger, checkOptions } from '../error/check.ts';
import { incorrect } from '../error/tergo-error.ts';
import type { LogLevel } from '../log/log-level.ts';
import { failure } from '../node/messaging.ts';
import type { Runtime } from '../node/runtime.ts';
import type { StopReport } from '../node/stop-report.ts';
import type { AnyPid } from '../process/pid.ts';
import type { Optional, WithArgs } from '../process/process-options.ts';
import type { Joining } from './membership.ts';
import type { ApplicationClass } from './application.ts';
import type { ApplicationInfo, ProcessTree } from './application-info.ts';
import type { ApplicationTable } from './application-table.ts';
import { checkTags } from './application-name.ts';
import { APPLICATION_MODES, type ApplicationMode, MAX_WEIGHT } from './application-spec.ts';

/** How one run of an application differs from its spec. */
export interface StartOptions {
  /** That of the spec by default. */
  readonly mode?: ApplicationMode;
  /** Laid over the environment of the spec, for this run only. */
  readonly env?: readonly EnvEntry[];
}

/** How an application is stopped. */
export interface StopOptions {
  /** How long that may take, ms; the `stopTimeoutMs` of the spec by default. 0 kills its processes at once. */
  readonly timeoutMs?: number;
}

/**
 * The applications of a node. Every method throws, or rejects with, `node-terminated` when the node has
 * stopped, `application-unknown` for a name that is not loaded, `incorrect` for a wrong argument. Source:
 * Ergo `gen.Node`, `ApplicationLoad` and so on.
 *
 * @example
 * const name = await node.applications.load(Images);
 * await node.applications.start(name, { env: [env(quality, 80)] });
 */
export class Applications {
  readonly #runtime: Runtime;

  /** @internal */
  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /**
   * Makes an instance and takes its spec; nothing is started. Resolves with its name. Rejects with what `load`
   * throws, `incorrect` (naming the key), `taken`, `application-depends` (its dependencies form a cycle).
   */
  async load<Args extends readonly unknown[]>(
    application: ApplicationClass<Args>,
    ...options: Optional<WithArgs<NoInfer<Args>>>
  ): Promise<string> {
    const table = this.#table;
    const given: { readonly args?: readonly unknown[] } | undefined = options[0];
    checkOptions('options', given, ['args']);
    const { args = [] } = given ?? {};
    if (!Array.isArray(args)) throw incorrect('options.args', 'a list', args);
    return (await table.load(application, args)).name;
  }

  /** Forgets an application. Throws `application-running` or `application-stopping` unless it is only loaded, `not-allowed` for the system application. */
  unload(name: string): void {
    const table = this.#table;
    table.unload(table.getOwn(name));
  }

  /**
   * Starts an application and, before it, those that it depends on. Resolves when all members are up and
   * `start` is over. Rejects with `application-running`, `application-stopping`, `application-depends` (one of
   * them is not loaded) or `application-failed` (its cause is what a member, `init` or `start` failed with);
   * then everything that this call had started is over.
   */
  async start(name: string, options: StartOptions = {}): Promise<void> {
    const table = this.#table;
    const record = table.getOwn(name);
    checkStart(options);
    await table.start(record, { mode: options.mode, env: options.env ?? [] });
  }

  /**
   * Ends an application: `stop`, its members last first, whatever else belongs to it, `terminate`. Resolves when
   * all that is over, with what had to be killed; at once, if it does not run. A start that still waits for what it
   * depends on is given up: it rejects, and is undone. What is begun by a member of the
   * application must not await it in a callback: it would wait for itself until the time is over. Others that
   * depend on it are not asked.
   */
  async stop(name: string, options: StopOptions = {}): Promise<StopReport> {
    const record = this.#table.getOwn(name);
    checkStop(options);
    return this.#table.stop(record, options.timeoutMs);
  }

  /** Stops and starts it again, with the options of this start. Rejects like `start`. */
  async restart(name: string, options: StartOptions & StopOptions = {}): Promise<void> {
    checkOptions('options', options, [...START_KEYS, ...STOP_KEYS]);
    const { timeoutMs, ...start } = options;
    checkStart(start);
    await this.stop(name, timeoutMs === undefined ? {} : { timeoutMs });
    await this.start(name, start);
  }

  /** Everything about an application. */
  info(name: string): ApplicationInfo {
    return this.#table.get(name).info();
  }

  /** The same of all, in the order in which they were loaded, the system application first. */
  list(): readonly ApplicationInfo[] {
    return this.#table.all().map((record) => record.info());
  }

  /** The pids of all its processes by their ids: those of each thread oldest first. */
  processes(name: string): readonly AnyPid[] {
    return this.#members(name).map(({ pid }) => pid);
  }

  /** Its processes as a tree: each one below the one that spawned it, if that still lives; of other threads with the name of their spawn. */
  tree(name: string): readonly ProcessTree[] {
    const records = this.#members(name);
    const pids = new Set<AnyPid>(records.map(({ pid }) => pid));
    const below = Map.groupBy(records, ({ parent }) => (pids.has(parent) ? parent : undefined));
    return treesOf(undefined, below);
  }

  /** Changes how much of the work is for this node; a whole number below 2^32. With 0 nobody finds it here who resolves it by name. */
  setWeight(name: string, weight: number): void {
    const record = this.#table.getOwn(name);
    checkInteger('weight', weight, 0, MAX_WEIGHT);
    record.weight = weight;
    this.#runtime.network?.registration.changed();
  }

  /** Changes its tags; what they may be says `ApplicationSpec`. */
  setTags(name: string, tags: readonly string[]): void {
    const record = this.#table.getOwn(name);
    record.tags = checkTags('tags', tags);
    this.#runtime.network?.registration.changed();
  }

  /** Changes from which level its processes are logged that have none of their own, at once. */
  setLogLevel(name: string, level: LogLevel): void {
    this.#table.getOwn(name).log.level = level;
  }

  get #table(): ApplicationTable {
    if (this.#runtime.isStopped) throw failure('node-terminated', this.#runtime.home.node);
    return this.#runtime.applications;
  }

  #members(name: string): readonly Joining[] {
    const { run } = this.#table.get(name);
    if (run === undefined) return [];
    const own = this.#runtime.processes().filter(({ application }) => application === run);
    return [...own, ...run.far.values()].toSorted((a, b) => a.pid.id - b.pid.id);
  }
}

/** @internal */
export const START_KEYS = ['mode', 'env'];
const STOP_KEYS = ['timeoutMs'];

/** Throws `incorrect` unless these are options of a start. @internal */
export function checkStart(options: StartOptions): void {
  checkOptions('options', options, START_KEYS);
  if (options.mode !== undefined) checkChoice('options.mode', options.mode, APPLICATION_MODES);
  if (options.env !== undefined) checkEnv('options.env', options.env);
}

function checkStop(options: StopOptions): void {
  checkOptions('options', options, STOP_KEYS);
  if (options.timeoutMs !== undefined) checkDelay('options.timeoutMs', options.timeoutMs, 0);
}

function treesOf(
  parent: AnyPid | undefined,
  below: ReadonlyMap<AnyPid | undefined, readonly Joining[]>,
): readonly ProcessTree[] {
  return (below.get(parent) ?? []).map(({ pid, name, behaviour }) => ({
    ...{ pid, name, behaviour },
    children: treesOf(pid, below),
  }));
}
