import { reasonOf, reasonText } from '../error/exit-reason.ts';
import type { LocalMembership } from '../application/membership.ts';
import { incorrect, TergoError } from '../error/tergo-error.ts';
import type { LogLevel } from '../log/log-level.ts';
import { Environment } from '../env/environment.ts';
import { GRANT_AT, GRANTED, ID_HI, ID_LO, OP_READY, OP_SPAWN } from '../native/layout.ts';
import { FarPid } from '../far/far-pid.ts';
import { RemotePid } from '../far/remote-pid.ts';
import { LocalPid } from '../process/pid.ts';
import { compressionOf, compressionOver } from '../process/compression.ts';
import { queueOf } from '../process/priority.ts';
import { construct, initialise, shortCuts, membership } from '../process/process-context.ts';
import type { NodeProcess } from '../process/peer.ts';
import {
  type AnySpawnOptions,
  checkSpawnOptions,
  farLink,
  type Placement,
} from '../process/process-options.ts';
import {
  INIT,
  isMute,
  ProcessRecord,
  RUNNING,
  SUPERVISED,
  ZOMBIE,
} from '../process/process-record.ts';
import { checkBehaviour } from '../process/process.ts';
import type { AnyBehaviour } from '../thread/behaviour-registry.ts';
import { failure } from './messaging.ts';
import type { Runtime } from './runtime.ts';
import { wide } from '../native/wide.ts';

/** How long an asynchronous `init` may take, ms. Source: Ergo `gen.DefaultInitTimeout`. */
export const INIT_TIMEOUT_MS = 5000;
/** The core process has the first id of the first block and is shown as 1; processes start at 1001. */
const CORE_ID = 1;

/** What `#threadFor` says for the thread that spawns. */
const HERE = -1;

/** Who spawns: a process of this thread, or what is known of one of another thread. */
export interface Parent {
  readonly pid: LocalPid;
  readonly leader: LocalPid;
  readonly application: LocalMembership | undefined;
  readonly flags: number;
  readonly extra:
    { readonly env: Environment | undefined; readonly logLevel: LogLevel | undefined } | undefined;
}

/** Makes processes: takes a slot, builds the instance, runs `init`. */
export class Spawner {
  readonly #runtime: Runtime;
  readonly #grant: () => void;
  /** Of the slots that were granted and are not used yet, the next one last. */
  #pids: LocalPid[] = [];
  /** The first id that processes of this thread could have: what was here before has lower ones. */
  oldestId = 0;
  /** What to do when a process ends whose `init` is pending. */
  readonly #initialising = new Map<ProcessRecord, () => void>();

  constructor(runtime: Runtime, grant: () => void) {
    this.#runtime = runtime;
    this.#grant = grant;
  }

  /** The pseudo-process of the node itself, parent of what is spawned from outside. */
  core(behaviour: AnyBehaviour): ProcessRecord {
    const record = this.#record(undefined, undefined);
    this.#open(record, behaviour);
    this.#ready(record);
    return record;
  }

  /**
   * Rejects, never throws. `init` has run when the promise resolves. `opened` gets the process before its
   * `init`: what is sent to it then waits until that is over. One on another thread it gets when it is up.
   */
  spawn(
    parent: Parent,
    behaviour: unknown,
    options?: AnySpawnOptions,
    opened?: (peer: NodeProcess) => void,
  ): Promise<LocalPid> {
    try {
      this.#check(parent, behaviour, options);
      const thread =
        options?.thread === undefined ? HERE : this.#threadFor(options.thread, behaviour);
      if (thread !== HERE) return this.#spawnOn(thread, parent, behaviour, options!, opened);
      const record = this.#record(parent, options);
      opened?.(record);
      const initialised = this.#begin(record, behaviour, options);
      if (initialised instanceof Promise) return this.#awaitInit(record, initialised, options);
      this.#finish(record, options);
      return Promise.resolve(record.pid);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The number of another thread, or `HERE`. Throws `incorrect` when the node has no such thread or process, and `not-allowed`. */
  #threadFor(placement: Placement, behaviour: AnyBehaviour): number {
    const { threads, far, home } = this.#runtime;
    if (typeof placement === 'number' && placement >= threads)
      throw incorrect('options.thread', `below ${threads}, the node's threads`, placement);
    if (typeof placement === 'object' && !(placement.near as LocalPid).isOf(home))
      throw incorrect('options.thread.near', 'a pid of this node', placement.near);
    if (far === undefined) return HERE;
    const thread = far.placement.threadFor(placement, behaviour);
    return thread === far.thread ? HERE : thread;
  }

  #spawnOn(
    thread: number,
    parent: Parent,
    behaviour: AnyBehaviour,
    options: AnySpawnOptions,
    opened: ((peer: NodeProcess) => void) | undefined,
  ): Promise<LocalPid> {
    return this.#runtime.far!.spawns.spawn({ parent, thread, behaviour, options, opened });
  }

  #check(
    parent: Parent,
    behaviour: unknown,
    options: AnySpawnOptions | undefined,
  ): asserts behaviour is AnyBehaviour {
    const { shutdown, names } = this.#runtime;
    if (shutdown.isStopping) throw failure('node-terminated', 'spawn');
    if (isMute(parent)) throw failure('not-allowed', `${parent.pid} has ended and cannot spawn`);
    if (parent.application?.isStopping === true) throw stoppingError(parent.application.name);
    checkBehaviour(behaviour);
    if (options === undefined) return;
    checkSpawnOptions(options);
    const holder = options.name === undefined ? undefined : names.holderOf(options.name);
    if (holder !== undefined)
      throw new TergoError('taken', `the name '${options.name}' belongs to ${holder}`);
  }

  #record(parent: Parent | undefined, options: AnySpawnOptions | undefined): ProcessRecord {
    if (this.#pids.length === 0) this.#refill();
    const granted = this.#pids.pop()!;
    const pid = parent === undefined ? this.#corePid(granted) : granted;
    const origin = {
      parent: parent?.pid ?? pid,
      leader: (options?.leader as LocalPid | undefined) ?? parent?.leader ?? pid,
      startedAt: this.#runtime.driver.recentNow(),
      application: options?.[membership] ?? parent?.application,
    };
    const record = new ProcessRecord(this.#runtime, pid, origin);
    if (options?.[farLink]?.isSupervised === true) record.flags |= SUPERVISED;
    if (parent !== undefined && !(parent instanceof ProcessRecord))
      this.#inheritFrom(record, parent);
    return record;
  }

  #refill(): void {
    this.#grant();
    const { ring } = this.#runtime.driver;
    const granted = ring[GRANTED]!;
    if (granted === 0) throw new TergoError('internal', 'the node has no room for more processes');
    const firstId = wide(ring[ID_HI]!, ring[ID_LO]!);
    if (this.oldestId === 0) this.oldestId = firstId;
    // Long before most are used: what a process sends holds its pid, and the collector must hear of each young one in an old array.
    for (let at = granted - 1; at >= 0; at--) {
      const place = GRANT_AT + 2 * at;
      this.#pids.push(this.#runtime.pidOf(firstId + at, ring[place]!, ring[place + 1]!));
    }
  }

  #corePid({ slot, generation }: LocalPid): LocalPid {
    return this.#runtime.pidOf(CORE_ID, slot, generation);
  }

  /** Everything up to the result of `init`. */
  #begin(
    record: ProcessRecord,
    behaviour: AnyBehaviour,
    options: AnySpawnOptions | undefined,
  ): unknown {
    try {
      this.#open(record, behaviour, options);
      const { instance } = record;
      if (instance.init === undefined) return undefined;
      return this.#callInit(record, options?.args ?? []);
    } catch (error) {
      this.#runtime.lifecycle.end(record, reasonOf(error));
      throw error;
    }
  }

  #callInit(record: ProcessRecord, args: readonly unknown[]): unknown {
    const { dispatcher, far } = this.#runtime;
    far?.showBegun(record.pid);
    const before = dispatcher.enter(record);
    record.flags |= RUNNING;
    try {
      return record.instance[initialise](args);
    } finally {
      record.flags &= ~RUNNING;
      dispatcher.leave(record, before);
    }
  }

  #open(record: ProcessRecord, behaviour: AnyBehaviour, options?: AnySpawnOptions): void {
    const { driver, records, counters } = this.#runtime;
    const { slot } = record.pid;
    driver.outbox.write(OP_SPAWN, slot, record.generation, 0);
    if (slot >= records.length) growTo(records, slot);
    records[slot] = record;
    counters.processes += 1;
    counters.spawned += 1;
    const { pid, parent: spawnedBy, application } = record;
    application?.joined({ pid, parent: spawnedBy, name: options?.name, behaviour: behaviour.name });
    const parent = this.#runtime.recordOf(record.parent);
    if (parent !== undefined) this.#inherit(record, parent);
    if (options !== undefined) this.#apply(record, options);
    record.instance = construct(record, behaviour);
    const { far } = this.#runtime;
    far?.validation?.mark(record);
    if (far !== undefined && 'handleRouteFailed' in record.instance) far.showHearsRouters(pid);
    this.#runtime.onSpawn?.(record);
  }

  /** What a process has from its parent unless its options say otherwise. */
  #inherit(record: ProcessRecord, { extra }: Parent): void {
    if (extra === undefined) return;
    if (extra.env !== undefined) record.more.env = Environment.over(extra.env, undefined);
    if (extra.logLevel !== undefined) record.more.logLevel = extra.logLevel;
  }

  /** The same of a parent elsewhere, which cannot be asked later. */
  #inheritFrom(record: ProcessRecord, parent: Parent): void {
    this.#inherit(record, parent);
    if (parent.extra?.env !== undefined) record.more.parentEnv = parent.extra.env;
  }

  #apply(record: ProcessRecord, options: AnySpawnOptions): void {
    const { names, gauges, relations, core } = this.#runtime;
    const { env, priority, logLevel, mailboxSize, fallback, name } = options;
    if (env !== undefined) record.more.env = Environment.over(record.extra?.env, env);
    if (priority !== undefined) record.more.queue = queueOf(priority);
    if (logLevel !== undefined) record.more.logLevel = logLevel;
    if (mailboxSize) gauges.bound(record, mailboxSize);
    if (fallback !== undefined) {
      record.more.fallback = fallback;
      this.#runtime.far?.showFallback(record.pid, fallback);
    }
    if (options.compression !== undefined)
      record.more.compression = compressionOver(compressionOf(record), options.compression);
    if (options.keepNetworkOrder !== undefined)
      record.more.keepsNetworkOrder = options.keepNetworkOrder;
    if (options.important !== undefined) record.more.isImportant = options.important;
    if (name !== undefined) names.register(record, name);
    const { parent: pid } = record;
    // One that has ended meanwhile ends its child.
    const isElsewhere = pid instanceof RemotePid || pid instanceof FarPid;
    const parent = isElsewhere ? pid : this.#runtime.recordOf(pid);
    if (options.linkParent === true && parent !== undefined && parent !== core)
      relations.linkQuietly(record, parent);
  }

  /** The process ended before its `init` was over: nobody will hear of it otherwise. */
  abandoned(record: ProcessRecord): void {
    const abandon = this.#initialising.get(record);
    this.#initialising.delete(record);
    abandon?.();
  }

  #awaitInit(
    record: ProcessRecord,
    initialised: Promise<unknown>,
    options: AnySpawnOptions | undefined,
  ): Promise<LocalPid> {
    return new Promise((resolve, reject) => {
      const timer = this.#startTimeout(record, options?.initTimeoutMs ?? INIT_TIMEOUT_MS);
      this.#initialising.set(record, () => {
        this.#runtime.timers.cancel(timer);
        reject(initError(record));
      });
      // Killed before its first `await`.
      if ((record.flags & ZOMBIE) !== 0) this.#runtime.lifecycle.end(record, 'kill');
      initialised.then(
        () => {
          if ((record.flags & INIT) === 0) return;
          this.#initialising.delete(record);
          this.#runtime.timers.cancel(timer);
          this.#finish(record, options);
          resolve(record.pid);
        },
        (error: unknown) => {
          if ((record.flags & INIT) === 0) return;
          this.#initialising.delete(record);
          this.#runtime.timers.cancel(timer);
          this.#runtime.lifecycle.end(record, reasonOf(error));
          reject(error);
        },
      );
    });
  }

  #startTimeout(record: ProcessRecord, timeoutMs: number): number {
    if (timeoutMs === 0) return -1;
    return this.#runtime.timers.start(timeoutMs, () => {
      const text = `init of ${record.behaviour} took over ${timeoutMs} ms; raise initTimeoutMs or do less in init`;
      this.#runtime.lifecycle.end(record, new TergoError('timeout', text));
    });
  }

  /** `init` is over: the process may take messages. */
  #finish(record: ProcessRecord, options: AnySpawnOptions | undefined): void {
    if ((record.flags & ZOMBIE) !== 0) {
      this.#runtime.lifecycle.end(record, 'kill');
      throw initError(record);
    }
    const { core, relations } = this.#runtime;
    const parent = this.#runtime.recordOf(record.parent);
    if (options?.linkChild === true && parent !== undefined && parent !== core)
      relations.linkQuietly(parent, record);
    const link = options?.[farLink];
    if (link !== undefined && link.proxy > 0)
      this.#runtime.far!.watches.watchSpawned(link.station, link.proxy, record.pid);
    this.#ready(record);
  }

  #ready(record: ProcessRecord): void {
    // Not before `init` is over, which may have laid something over them.
    record.flags = (record.flags & ~INIT) | record.instance[shortCuts]();
    this.#runtime.driver.outbox.write(OP_READY, record.pid.slot, record.generation, 0);
  }
}

/** Whether a spawn was refused because its node or application stops: no fault of who was to be spawned. */
export function isStopRefusal(error: unknown): boolean {
  return TergoError.is(error, 'node-terminated') || TergoError.is(error, 'application-stopping');
}

/** Why a spawn rejects whose process ended before it was up. */
function initError(record: ProcessRecord): Error {
  const { reason, pid } = record;
  if (TergoError.is(reason, 'timeout')) return reason;
  const text = `${pid} ended before its init was over (${reasonText(reason)})`;
  return new TergoError('process-terminated', text, { cause: reason });
}

function stoppingError(application: string): TergoError {
  const text = `application '${application}' is stopping; its processes spawn nothing more`;
  return new TergoError('application-stopping', text);
}

/** Keeps the table dense, which is what makes it fast. */
function growTo(records: (ProcessRecord | undefined)[], slot: number): void {
  while (records.length <= slot) records.push(undefined);
}
