import { checkChoice, checkOptions } from '../../error/check.ts';
import type { LogLevel } from '../../log/log-level.ts';
import type { Node } from '../../node/node.ts';
import type { NodeOptions } from '../../node/node-options.ts';
import { startNode } from '../../node/start-node.ts';
import type { AnyPid } from '../../process/pid.ts';
import type { ProcessName } from '../../process/process-name.ts';
import { virtualClock, type VirtualClock } from '../clock/virtual-clock.ts';
import { Assertions } from '../expect/assertions.ts';
import { View } from '../expect/view.ts';
import type { StandIn } from './stand-in.ts';
import { Surroundings } from './surroundings.ts';

/** The world of a unit test. */
export interface UnitOptions extends Pick<NodeOptions, 'env' | 'freezeMessages'> {
  /** The name of the node; `unit@localhost` by default. */
  readonly name?: string;
  /** The time of day at the start, ms since 1970 or a `Date`; 2026-01-01T00:00:00Z by default. */
  readonly startAt?: number | Date;
  /** From which level logs are recorded; `debug` by default. */
  readonly logLevel?: LogLevel;
  /** Whether what a probed process spawns is replaced by stand-ins, or is real; `stand-in` by default. */
  readonly children?: 'stand-in' | 'real';
}

/** How a stand-in is made. */
export interface StandInOptions<P> {
  /** The name it is registered under. */
  readonly name?: ProcessName<P>;
  /** Whether exits of what it is linked to, and exit signals, leave it alive; false by default. */
  readonly trapExit?: boolean;
}

/**
 * What surrounds the processes under test: a node that prints nothing, a clock that stands still, and
 * stand-ins for other processes. Its assertions are about all processes. `await using` ends it.
 *
 * @example
 * await using unit = await startUnit();
 * const store = await unit.standIn({ name: storeName });
 * const shop = await probe(Shop, { unit });
 */
export class Unit extends Assertions implements AsyncDisposable {
  /** The node; a real one. */
  readonly node: Node;
  /** Its time. */
  readonly clock: VirtualClock;
  /** Who sends and calls where a test does not say who. */
  readonly tester: StandIn;
  readonly #parts: Surroundings;

  /** @internal */
  constructor(view: View, parts: Surroundings, tester: StandIn) {
    super(view);
    this.node = parts.node;
    this.clock = parts.clock;
    this.tester = tester;
    this.#parts = parts;
  }

  /** What stands behind a unit. @internal */
  static partsOf(unit: Unit): Surroundings {
    return unit.#parts;
  }

  /**
   * Spawns a process that stands in for another. Rejects with `taken` (the name), `incorrect`.
   *
   * @example
   * const store = await unit.standIn<StoreProtocol>();
   */
  async standIn<P = unknown>(options: StandInOptions<P> = {}): Promise<StandIn<P>> {
    return (await this.#parts.standIn(options)) as StandIn<unknown> as StandIn<P>;
  }

  /**
   * The stand-in behind a pid, above all that of a child of a probed process. Throws `process-unknown`
   * when there is none.
   *
   * @example
   * const { pid } = shop.shouldOnce('spawn', { behaviour: Worker });
   * await unit.standInOf(pid).end(new Error('boom'));
   */
  standInOf(pid: AnyPid | undefined): StandIn {
    return this.#parts.standInOf(pid);
  }

  /** Moves the time on; see `VirtualClock.advance`. */
  advance(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }

  /** Resolves when everything is done that can be done without time moving on. */
  settle(): Promise<void> {
    return this.clock.settle();
  }

  /** Kills every process and stops the node. What was recorded can still be looked at. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.end();
  }
}

/** Makes the surroundings of a unit test. Rejects with `incorrect`, naming the key. */
export async function startUnit(options: UnitOptions = {}): Promise<Unit> {
  checkUnitOptions(options);
  const { name = 'unit@localhost', startAt, children = 'stand-in' } = options;
  const { env = [], freezeMessages = false, logLevel = 'debug' } = options;
  const clock = virtualClock(startAt === undefined ? {} : { startAt });
  const log = { level: logLevel, disableConsole: true };
  const node = await startNode(name, { clock, env, freezeMessages, log });
  const parts = new Surroundings(node, clock, children === 'stand-in');
  const tester = await parts.standIn({});
  parts.watch.timeline.forget();
  const view = new View({
    watch: parts.watch,
    by: undefined,
    title: 'some process',
    hint: () => '',
  });
  return new Unit(view, parts, tester);
}

function checkUnitOptions(options: UnitOptions): void {
  const known = ['name', 'startAt', 'env', 'freezeMessages', 'logLevel', 'children'];
  checkOptions('options', options, known);
  if (options.children !== undefined)
    checkChoice('options.children', options.children, ['stand-in', 'real']);
}
