import type { LocalMembership } from '../application/membership.ts';
import { ApplicationTable } from '../application/application-table.ts';
import { Answers } from '../call/answers.ts';
import { CallTable } from '../call/call-table.ts';
import { JobTable } from '../cron/job-table.ts';
import { Environment } from '../env/environment.ts';
import { EventTable } from '../event/event-table.ts';
import { checkName } from '../error/check.ts';
import { TergoError } from '../error/tergo-error.ts';
import { ConsoleLogger } from '../log/console-logger.ts';
import type { LoggerOptions } from '../log/logger.ts';
import { LogHub } from '../log/log-hub.ts';
import { Far, type ThreadPlace } from '../far/far.ts';
import { FarPid } from '../far/far-pid.ts';
import { RemotePid } from '../far/remote-pid.ts';
import { MAX_THREADS } from '../native/layout.ts';
import type { Threads } from '../thread/threads.ts';
import { describeNode, type NodeInfo } from './node-info.ts';
import type { Log } from '../log/log.ts';
import type { LogLevel } from '../log/log-level.ts';
import type { LogSource } from '../log/log-record.ts';
import { SourceLog } from '../log/source-log.ts';
import type { BindingScheduler } from '../native/load.ts';
import { AliasTable } from '../process/alias-table.ts';
import { Home } from '../process/home.ts';
import { LocalPid } from '../process/pid.ts';
import type { NodeProcess, Peer } from '../process/peer.ts';
import { supervises } from '../process/process-context.ts';
import { Inspector } from '../process/inspector.ts';
import type { AnySpawnOptions } from '../process/process-options.ts';
import { BOUNDED, isMute, ProcessRecord } from '../process/process-record.ts';
import { RelationTable } from '../relation/relation-table.ts';
import { type Clock, systemClock } from '../scheduler/clock.ts';
import { Deliveries } from '../scheduler/deliveries.ts';
import { Dispatcher } from '../scheduler/dispatcher.ts';
import { Driver } from '../scheduler/driver.ts';
import { Forwarding } from '../scheduler/forwarding.ts';
import { Outcomes } from '../scheduler/outcomes.ts';
import { Delayed } from '../timer/delayed.ts';
import { TimerTable } from '../timer/timer-table.ts';
import { CoreProcess } from './core-process.ts';
import { deepFreeze } from './freeze.ts';
import { GaugeTable } from './gauge-table.ts';
import { Lifecycle } from './lifecycle.ts';
import { failure, Messaging } from './messaging.ts';
import { NameTable } from './name-table.ts';
import { checkAnyNode } from './node-name.ts';
import type { NetworkHost } from '../network/network-host.ts';
import type { Node } from './node.ts';
import type { LogOptions, NodeOptions, SecurityOptions } from './node-options.ts';
import { ProcessLane } from './process-lane.ts';
import { Shutdown } from './shutdown.ts';
import { type Parent, Spawner } from './spawner.ts';

/** How long `stop` waits, ms. Source: Ergo 3.2 `ShutdownTimeout`. */
const SHUTDOWN_TIMEOUT_MS = 180_000;

/** Numbers that one incarnation of a thread may give. */
const SERIALS_EACH = 2 ** 40;

let lastCreation = 0;

/** One thread of a node that has several. */
export interface RuntimePlace extends ThreadPlace {
  /** When the node started, by the clock of this thread. */
  readonly startedAt: number;
  /** The incarnation of the node. */
  readonly creation: number;
}

/** What the TypeScript side counts itself; the rest is counted by the core. */
export interface Counters {
  processes: number;
  spawned: number;
  terminated: number;
  aliases: number;
  dropped: number;
  mailboxFull: number;
  blocked: number;
}

/** One running node: the parts, each of which knows the others through here. */
export class Runtime {
  readonly home: Home;
  readonly native: BindingScheduler;
  readonly clock: Clock;
  readonly security: Required<SecurityOptions>;
  /** Deep-freezes a message; `undefined` unless the node is to. */
  readonly freeze: ((message: unknown) => void) | undefined;
  /** Living processes by slot. */
  readonly records: (ProcessRecord | undefined)[] = [];
  readonly counters: Counters = {
    processes: 0,
    spawned: 0,
    terminated: 0,
    aliases: 0,
    dropped: 0,
    mailboxFull: 0,
    blocked: 0,
  };
  readonly hub: LogHub = new LogHub(this);
  readonly log: Log;
  readonly env: Environment;
  readonly driver: Driver;
  readonly gauges: GaugeTable;
  readonly timers: TimerTable;
  readonly messaging: Messaging;
  readonly calls: CallTable = new CallTable(this);
  readonly answers: Answers = new Answers(this);
  readonly delayed: Delayed = new Delayed(this);
  readonly names: NameTable = new NameTable(this);
  readonly aliases: AliasTable = new AliasTable(this);
  readonly relations: RelationTable = new RelationTable(this);
  readonly events: EventTable = new EventTable(this);
  readonly inspector: Inspector = new Inspector(this);
  readonly applications: ApplicationTable;
  readonly lifecycle: Lifecycle = new Lifecycle(this);
  readonly outcomes: Outcomes = new Outcomes(this);
  readonly cron: JobTable = new JobTable(this);
  readonly shutdown: Shutdown;
  readonly forwarding: Forwarding;
  readonly deliveries: Deliveries;
  readonly dispatcher: Dispatcher;
  readonly spawner: Spawner;
  /** Hears of each process before its `init`; for the testing kit. */
  onSpawn: ((record: ProcessRecord) => void) | undefined = undefined;
  /** The node as a process. */
  readonly core: ProcessRecord;
  /** How many threads the node has. */
  readonly threads: number;
  /** What connects it with the other threads; `undefined` when there are none. */
  readonly far: Far | undefined;
  /** The network, as thread 0 runs it; `undefined` on a node without one. */
  network: NetworkHost | undefined = undefined;
  /** The other threads, as thread 0 runs them. */
  workers: Threads | undefined = undefined;
  /** Numbers that this thread gives begin here. */
  readonly #firstSerial: number;
  /** The public face; set once by it. */
  node!: Node;
  /** Whether the node has stopped for good. */
  isStopped = false;
  #logLevel: LogLevel;

  constructor(
    name: string,
    options: NodeOptions,
    native: BindingScheduler,
    clock: Clock = systemClock,
    place?: RuntimePlace,
  ) {
    this.home = new Home(name, place?.creation ?? nextCreation());
    this.threads = place?.threads ?? 1;
    this.#firstSerial = (place?.incarnation ?? 0) * SERIALS_EACH + (place?.thread ?? 0);
    this.native = native;
    this.clock = clock;
    this.security = {
      exposeEnvInfo: false,
      exposeEnvRemoteSpawn: false,
      exposeEnvRemoteApplicationStart: false,
      ...options.security,
    };
    this.freeze = options.freezeMessages === true ? deepFreeze : undefined;
    this.env = Environment.over(undefined, options.env ?? [])!;
    this.#logLevel = options.log?.level ?? 'info';
    this.log = this.#startLog(options.log ?? {});
    const events = {
      mayNap: () => !this.calls.hasYoung,
      onRest: () => {
        this.calls.armTimeouts();
        this.far?.rest();
      },
      onFailure: (error: unknown, isLast: boolean) => {
        this.log.error('the scheduler failed', { error });
        if (isLast) this.shutdown.abandon();
      },
    };
    const isShared = place !== undefined;
    this.driver = new Driver(native, clock, events, { startedAt: place?.startedAt, isShared });
    this.messaging = new Messaging(this);
    this.gauges = new GaugeTable(native, this.driver, place);
    this.timers = new TimerTable(this.driver);
    this.shutdown = new Shutdown(this, options.shutdownTimeoutMs ?? SHUTDOWN_TIMEOUT_MS);
    this.forwarding = new Forwarding(this);
    this.deliveries = new Deliveries(this);
    this.dispatcher = new Dispatcher(this);
    this.spawner = new Spawner(this, native.entries().grant);
    this.core = this.spawner.core(CoreProcess);
    this.far = place && new Far(this, place);
    this.applications = new ApplicationTable(this);
    this.driver.start(this.dispatcher);
  }

  get logLevel(): LogLevel {
    return this.#logLevel;
  }

  setLogLevel(level: LogLevel): void {
    this.far?.refuseNested();
    this.#logLevel = level;
    this.far?.nodeWide.setLogLevel(level);
  }

  /** It was changed on another thread. */
  takeLogLevel(level: LogLevel): void {
    this.#logLevel = level;
  }

  logSource(): LogSource {
    return { type: 'node', node: this.home.node };
  }

  /** From which level the log of a process is written; a logger's own log is off. */
  logLevelOf({ extra, application }: ProcessRecord): LogLevel {
    if (extra?.logger !== undefined) return 'disabled';
    return extra?.logLevel ?? application?.logLevel ?? this.#logLevel;
  }

  /** The log of a process, made on first use. */
  logOf(record: ProcessRecord): Log {
    if (record.extra?.log !== undefined) return record.extra.log;
    const owner = {
      clock: this.clock,
      get logLevel(): LogLevel {
        return record.runtime.logLevelOf(record);
      },
      setLogLevel: (level: LogLevel) => {
        record.more.logLevel = level;
      },
      logSource: () => {
        const { name, behaviour, pid } = record;
        return { type: 'process', node: this.home.node, pid, name, behaviour } as const;
      },
    };
    const log = new SourceLog(this.hub, owner);
    record.more.log = log;
    return log;
  }

  /**
   * Makes a process a logger, until it is removed or the process ends. Its own log is off meanwhile:
   * its records would come back to it without end. Throws `taken`, `not-allowed`, `incorrect`.
   */
  addLoggerProcess(name: string, process: NodeProcess, options: LoggerOptions = {}): void {
    if (process instanceof FarPid) return this.far!.loggers.add(name, process, options);
    const served = process.extra?.logger;
    if (served !== undefined)
      throw new TergoError('not-allowed', `${process.pid} is the logger '${served.name}' already`);
    this.hub.checkFree(name);
    this.hub.addLane(new ProcessLane(name, process, options));
  }

  /** Spawns on another node what that lends. Rejects, never throws. */
  async remoteSpawn(
    parent: ProcessRecord,
    node: string,
    name: string,
    options: AnySpawnOptions | undefined,
  ): Promise<LocalPid> {
    checkName('name', name);
    if (isMute(parent)) throw this.messaging.refusalOf(parent, 'spawn');
    checkAnyNode('node', node);
    if (node === this.home.node)
      throw new TergoError('not-allowed', `${node} is this very node; use spawn`);
    if (this.far?.peers.dial === undefined) throw failure('no-connection', node);
    return this.far.remoteSpawns.spawn(parent, node, name, options);
  }

  /** What there is to count. */
  nodeInfo(): NodeInfo {
    return describeNode(this);
  }

  /** A process's environment value: its own (with what it inherited), its parent's, its leader's, its application's, the node's. */
  envOf(record: ProcessRecord, key: string): unknown {
    for (const { env } of this.#envOwners(record)) {
      if (env?.has(key) === true) return env.at(key);
    }
    if (record.application?.env.has(key) === true) return record.application.env.at(key);
    return this.env.at(key);
  }

  /** The living process of a pid; its slot may be another's by now. */
  recordOf(pid: LocalPid): ProcessRecord | undefined {
    const record = this.records[pid.slot];
    return record?.pid === pid ? record : undefined;
  }

  /** A process of this node, wherever it lives; `undefined` when it has ended. */
  peerOf(pid: LocalPid): NodeProcess | undefined {
    if (pid instanceof RemotePid) return undefined;
    if (!(pid instanceof FarPid)) return this.recordOf(pid);
    return pid.isAlive ? pid : undefined;
  }

  /** Counts one more message in a queue; false, and nothing counted, when its mailbox is full. Another node counts itself. */
  accepts(peer: Peer, queue: number): boolean {
    if (peer instanceof ProcessRecord)
      return (peer.flags & BOUNDED) === 0 || this.gauges.accept(peer, queue);
    if (!(peer instanceof FarPid)) return true;
    return !peer.presence.isBounded || this.far!.presence.accept(peer, queue);
  }

  /** How many messages wait in a queue of a bounded mailbox. */
  waitingOf(peer: NodeProcess, queue: number): number {
    if (!(peer instanceof FarPid)) return this.gauges.waiting(peer, queue);
    return this.far!.presence.waiting(peer.presence, queue);
  }

  /** Takes back one that was accepted on another thread, and could not be sent there. */
  retract(peer: Peer, queue: number): void {
    if (peer instanceof FarPid && peer.presence.isBounded)
      this.far!.presence.retract(peer.presence, queue);
  }

  /** The pid of a process of this thread that has ended. */
  pidOf(id: number, slot: number, generation: number): LocalPid {
    return new LocalPid(this.home, id, slot, generation);
  }

  /** A number that no other thread of the node gives, nor any that had this one's place: the n-th of this one. */
  serialOf(n: number): number {
    return this.far === undefined ? n : this.#firstSerial + n * MAX_THREADS;
  }

  /** What a child of a process sees of the environment when it lives on another thread; that of the node is there already. */
  inheritedEnv(
    parent: Parent,
    application: LocalMembership | undefined = parent.application,
  ): ReadonlyMap<string, unknown> {
    const list = new Map<string, unknown>();
    application?.env.copyInto(list);
    if (parent instanceof ProcessRecord)
      for (const { env } of this.#envOwners(parent).toReversed()) env?.copyInto(list);
    else parent.extra?.env?.copyInto(list);
    return list;
  }

  /** Whether a process ends its children itself, in its order. */
  isSupervisor({ instance }: ProcessRecord): boolean {
    return instance[supervises] !== undefined;
  }

  envList(record: ProcessRecord): ReadonlyMap<string, unknown> {
    const list = new Map<string, unknown>();
    this.env.copyInto(list);
    record.application?.env.copyInto(list);
    for (const { env } of this.#envOwners(record).toReversed()) env?.copyInto(list);
    return list;
  }

  /** Living processes, in the order of their slots. */
  processes(): ProcessRecord[] {
    return this.records.filter((record) => record !== undefined);
  }

  /** Lets go of everything; the OS process may exit. */
  close(): void {
    this.isStopped = true;
    for (const record of this.processes()) this.calls.rejectAllOf(record);
    this.far?.stopped();
    for (const event of this.core.extra?.events ?? []) this.events.forget(event);
    this.records.length = 0;
    this.driver.close();
  }

  #envOwners(record: ProcessRecord): { env: Environment | undefined }[] {
    const owners = [record, this.recordOf(record.parent), this.recordOf(record.leader)];
    const [own, parent, leader] = owners.map((owner) => ({ env: owner?.extra?.env }));
    return [own!, { env: record.extra?.parentEnv }, parent!, leader!];
  }

  #startLog({ level, disableConsole, loggers = [], ...console }: LogOptions): Log {
    if (disableConsole !== true) {
      this.hub.add('default', new ConsoleLogger(console));
      if (console.output === undefined && level !== 'disabled')
        this.native.tellHangs(this.home.node, this.home.short);
    }
    try {
      for (const { name, logger, ...options } of loggers) this.hub.add(name, logger, options);
    } catch (error) {
      // Those before it may have claimed something.
      void this.hub.close(Promise.resolve());
      throw error;
    }
    return new SourceLog(this.hub, this);
  }
}

/** The start in ms since 1970, and never the same twice in one OS process. */
export function nextCreation(): number {
  lastCreation = Math.max(lastCreation + 1, Date.now());
  return lastCreation;
}
