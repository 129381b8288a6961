import { checkBoolean, checkOptions } from '../../error/check.ts';
import { incorrect, TergoError } from '../../error/tergo-error.ts';
import { failure } from '../../node/messaging.ts';
import { Node } from '../../node/node.ts';
import type { Runtime } from '../../node/runtime.ts';
import type { Parent } from '../../node/spawner.ts';
import { type AnyPid, LocalPid } from '../../process/pid.ts';
import type { AnySpawnOptions } from '../../process/process-options.ts';
import type { ProcessRecord } from '../../process/process-record.ts';
import { Process } from '../../process/process.ts';
import type { VirtualClock } from '../clock/virtual-clock.ts';
import { Watch } from '../expect/watch.ts';
import { listen } from '../tap/listen.ts';
import type { Substitute } from '../tap/tap.ts';
import { Desk, StandInProcess } from './stand-in.ts';

/** The options of a stand-in without their types. */
interface AnyStandInOptions {
  readonly name?: string;
  readonly trapExit?: boolean;
}

/** What a unit and its probes share. */
export class Surroundings {
  readonly node: Node;
  readonly clock: VirtualClock;
  readonly runtime: Runtime;
  readonly watch: Watch = new Watch();
  readonly #standIns = new Map<AnyPid, Desk>();
  readonly #underTest = new Set<AnyPid>();
  readonly #unlisten: () => void;
  /** The process that is being spawned to be tested, once it has begun. */
  #probed: ProcessRecord | undefined;
  #isProbing = false;

  constructor(node: Node, clock: VirtualClock, isReplacing: boolean) {
    this.node = node;
    this.clock = clock;
    this.runtime = Node.runtimeOf(node);
    // Where time stands still nothing takes long: a slow machine or a debugger must not show in the log.
    this.runtime.lifecycle.blocked = () => undefined;
    this.watch.exempts = ({ kind, by }) => kind !== 'cron-run' && this.#isOurs(by);
    this.watch.began = (record) => this.#began(record);
    if (isReplacing) this.watch.substituteFor = (...asked) => this.#substitute(...asked);
    this.#unlisten = listen(this.runtime, this.watch);
  }

  async standIn(options: AnyStandInOptions): Promise<Desk> {
    checkOptions('options', options, ['name', 'trapExit']);
    const { trapExit = false, ...rest } = options;
    checkBoolean('options.trapExit', trapExit);
    const desk = this.#desk();
    const { spawner, core } = this.runtime;
    const spawn = { ...rest, args: [desk, trapExit] };
    await spawner.spawn(core, StandInProcess, spawn);
    return desk;
  }

  /** Spawns a process to be tested; gives its record, which is there even if its first message ends it. */
  async probe(
    parent: ProcessRecord,
    behaviour: unknown,
    options: AnySpawnOptions,
  ): Promise<ProcessRecord> {
    const { spawner, driver } = this.runtime;
    this.#isProbing = true;
    const spawned = spawner.spawn(parent, behaviour, options);
    const record = this.#probed;
    this.#isProbing = false;
    this.#probed = undefined;
    driver.runNow();
    await spawned;
    await this.clock.settle();
    if (record === undefined) throw new TergoError('internal', 'a spawn left no record');
    return record;
  }

  standInOf(pid: AnyPid | undefined): Desk {
    const desk = pid === undefined ? undefined : this.#standIns.get(pid);
    if (desk !== undefined) return desk;
    throw new TergoError('process-unknown', `${String(pid)} is no stand-in of this unit`);
  }

  /** The living process of a pid. Throws `process-unknown`, `node-terminated`, `incorrect`. */
  recordOf(pid: AnyPid): ProcessRecord {
    if (!(pid instanceof LocalPid)) throw incorrect('pid', 'a pid', pid);
    const record = this.runtime.recordOf(pid);
    if (record !== undefined) return record;
    throw failure(this.runtime.isStopped ? 'node-terminated' : 'process-unknown', pid);
  }

  async end(): Promise<void> {
    await this.node.stopForce();
    this.#unlisten();
  }

  /** Whether the test itself acts by this process: the node or a stand-in. */
  #isOurs(pid: AnyPid): boolean {
    return pid === this.runtime.core.pid || this.#standIns.has(pid);
  }

  #desk(): Desk {
    return new Desk(
      (desk) => void this.#standIns.set(desk.pid, desk),
      () => this.clock.settle(),
    );
  }

  /** The first that begins while a probe is spawned is the probed one; those after it are its children. */
  #began(record: ProcessRecord): void {
    if (!this.#isProbing || this.#probed !== undefined) return;
    this.#probed = record;
    this.#underTest.add(record.pid);
  }

  /** What the probed processes spawn is replaced. */
  #substitute(
    parent: Parent,
    behaviour: unknown,
    options: AnySpawnOptions | undefined,
  ): Substitute | undefined {
    const isProcess = typeof behaviour === 'function' && behaviour.prototype instanceof Process;
    if (!this.#underTest.has(parent.pid) || !isProcess) return undefined;
    return { behaviour: StandInProcess, options: { ...options, args: [this.#desk(), false] } };
  }
}
