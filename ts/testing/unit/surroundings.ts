import { checkBoolean, checkOptions } from '../../error/check.ts';
import { incorrect, TergoError } from '../../error/tergo-error.ts';
import { failure } from '../../node/messaging.ts';
import { Node } from '../../node/node.ts';
import type { Runtime } from '../../node/runtime.ts';
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
  readonly #unlisten: () => void;

  constructor(node: Node, clock: VirtualClock, isReplacing: boolean) {
    this.node = node;
    this.clock = clock;
    this.runtime = Node.runtimeOf(node);
    this.watch.exempts = (by) => this.#isOurs(by);
    if (isReplacing) this.watch.substitute = (...asked) => this.#substitute(...asked);
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

  /** What the processes under test spawn is replaced. */
  #substitute(
    parent: ProcessRecord,
    behaviour: unknown,
    options: AnySpawnOptions | undefined,
  ): Substitute | undefined {
    const isProcess = typeof behaviour === 'function' && behaviour.prototype instanceof Process;
    if (this.#isOurs(parent.pid) || !isProcess) return undefined;
    return { behaviour: StandInProcess, options: { ...options, args: [this.#desk(), false] } };
  }
}
