import type { Behaviour } from '../../actor/behaviour.ts';
import type { CallOptions, SendOptions } from '../../call/call-options.ts';
import { checkOptions } from '../../error/check.ts';
import type { ExitReason } from '../../error/exit-reason.ts';
import type { SendResult } from '../../error/send-result.ts';
import { incorrect } from '../../error/tergo-error.ts';
import type { AnyPid, Pid } from '../../process/pid.ts';
import { type ProcessRecord, WAITING } from '../../process/process-record.ts';
import {
  type AnySpawnOptions,
  type Optional,
  SPAWN_KEYS,
  type SpawnOptions,
} from '../../process/process-options.ts';
import type { AnyTarget } from '../../process/target.ts';
import type { MessageOf, ReplyTo, RequestOf, TypeOf } from '../../protocol/protocol.ts';
import { Assertions } from '../expect/assertions.ts';
import { View } from '../expect/view.ts';
import { inject, type Notice } from '../tap/injection.ts';
import type { Surroundings } from './surroundings.ts';
import { startUnit, Unit } from './unit.ts';

/** Some stand-in. */
export interface AnyStandIn {
  readonly pid: AnyPid;
}

/** How a process is probed: everything that `spawn` takes, and where. */
export type ProbeOptions<P, Args extends readonly unknown[]> = SpawnOptions<P, Args> & {
  /** Its surroundings; of its own, ended together with the probe, by default. */
  readonly unit?: Unit;
  /** The stand-in that spawns it; the node by default. */
  readonly parent?: AnyStandIn;
};

/** Who a message or signal comes from. */
export interface FromOptions {
  /** A stand-in of the same unit; the unit's tester by default. */
  readonly from?: AnyStandIn;
}

/**
 * A real process under test, and all that it does. What is done to it is done at once: when `send`,
 * `call`, `exit`, `deliver` return, its synchronous callbacks are over and what they did is recorded. The
 * promise that they give resolves when all that follows, promises included, is done as far as it can be
 * without time moving on.
 *
 * @example
 * await using counter = await probe(Counter, { args: [1] });
 * await counter.send({ type: 'add', by: 2 });
 * const three = await counter.call({ type: 'total' });
 */
export class Probe<P> extends Assertions implements AsyncDisposable {
  readonly pid: Pid<P>;
  /** Its surroundings. */
  readonly unit: Unit;
  readonly #record: ProcessRecord;
  readonly #parts: Surroundings;
  readonly #end: () => Promise<void>;

  /** @internal */
  constructor(view: View, unit: Unit, record: ProcessRecord, end: () => Promise<void>) {
    super(view);
    this.unit = unit;
    this.pid = record.pid as Pid<unknown> as Pid<P>;
    this.#record = record;
    this.#parts = Unit.partsOf(unit);
    this.#end = end;
  }

  /** Why it has ended; `undefined` while it lives. */
  get exited(): ExitReason | undefined {
    return this.#record.reason;
  }

  /** What it has sent, oldest first. */
  get sent(): readonly { readonly to: AnyTarget; readonly message: unknown }[] {
    return this.records('send');
  }

  /** Sends it a message. Resolves with what is known at once: `process-unknown` when it has ended. */
  send(message: MessageOf<P>, options: SendOptions & FromOptions = {}): Promise<SendResult> {
    const { from, ...rest } = options;
    const { messaging } = this.#parts.runtime;
    return this.#do(() => messaging.send(this.#sender(from), this.pid, message, rest));
  }

  /** Calls it; rejects like `Process.call`. Where it does not answer at once, time must be moved on. */
  async call<T extends TypeOf<RequestOf<P>>>(
    request: RequestOf<P> & { readonly type: T },
    options: CallOptions & FromOptions = {},
  ): Promise<NoInfer<ReplyTo<P, T>>> {
    const { from, ...rest } = options;
    const { calls, driver } = this.#parts.runtime;
    const reply = calls.call(this.#sender(from), this.pid, request, rest);
    driver.runNow();
    return (await reply) as ReplyTo<P, T>;
  }

  /** Sends it an exit signal: it ends with `reason`, or gets it in `handleExit` if it traps exits. */
  exit(reason: ExitReason, options: FromOptions = {}): Promise<SendResult> {
    checkOptions('options', options, ['from']);
    const { messaging } = this.#parts.runtime;
    return this.#do(() => messaging.exit(this.#sender(options.from), this.pid, reason));
  }

  /**
   * Hands it a notice as if that had happened: an exit (obeyed unless it traps exits), a down, an event, …
   * Nothing comes of it when the process has ended. Rejects with `incorrect` for another kind.
   *
   * @example
   * await shop.deliver({ kind: 'down', down: { kind: 'node', node: 'b@host', reason: 'normal' } });
   */
  async deliver(notice: Notice): Promise<void> {
    checkNotice(notice);
    await this.#do(() => inject(this.#record, notice));
  }

  /** Asks it to describe itself by `handleInspect`. */
  async inspect(...items: readonly string[]): Promise<Readonly<Record<string, string>>> {
    const { answers, driver } = this.#parts.runtime;
    const answer = answers.inspect(this.#sender(undefined), this.pid, items);
    driver.runNow();
    return answer;
  }

  /** Moves the time on; see `VirtualClock.advance`. */
  advance(ms: number): Promise<void> {
    return this.unit.advance(ms);
  }

  /** Resolves when everything is done that can be done without time moving on. */
  settle(): Promise<void> {
    return this.unit.settle();
  }

  /** Ends it, and its surroundings if they are its own. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }

  #sender(from: AnyStandIn | undefined): ProcessRecord {
    return this.#parts.recordOf((from ?? this.unit.tester).pid);
  }

  async #do<T>(action: () => T): Promise<T> {
    const result = action();
    this.#parts.runtime.driver.runNow();
    await this.unit.settle();
    return result;
  }
}

/** Where each kind of notice has what it tells of, and what that is. */
const NOTICES: Readonly<Record<Notice['kind'], readonly [key: string, type: 'object' | 'string']>> =
  {
    exit: ['exit', 'object'],
    down: ['down', 'object'],
    event: ['event', 'object'],
    'event-start': ['event', 'string'],
    'event-stop': ['event', 'string'],
    response: ['response', 'object'],
  };

function checkNotice(notice: Notice): void {
  if (!Object.hasOwn(NOTICES, notice?.kind))
    throw incorrect('notice.kind', Object.keys(NOTICES).join(', '), notice);
  const [key, type] = NOTICES[notice.kind];
  const value: unknown = { ...notice }[key as never];
  if (typeof value !== type || value === null)
    throw incorrect(`notice.${key}`, type === 'object' ? 'an object' : 'a string', value);
}

/**
 * Spawns a process to be tested: the real class on a real node, where time stands still and the processes
 * that it spawns are stand-ins. Resolves when its `init` is over and all that follows from it at once is
 * done. Rejects with what its `init` threw, and like `spawn`.
 *
 * @example
 * await using shop = await probe(Shop, { unit, args: [store.pid] });
 */
export async function probe<P, Args extends readonly unknown[]>(
  behaviour: Behaviour<P, Args>,
  ...options: Optional<ProbeOptions<NoInfer<P>, NoInfer<Args>>>
): Promise<Probe<P>> {
  checkOptions('options', options[0], [...SPAWN_KEYS, 'unit', 'parent']);
  const { unit: given, parent, ...spawn }: AnyProbeOptions = options[0] ?? {};
  if (given !== undefined && !(given instanceof Unit))
    throw incorrect('options.unit', 'what startUnit gave', given);
  const unit = given ?? (await startUnit());
  const end = async (): Promise<void> => unit[Symbol.asyncDispose]();
  try {
    const parts = Unit.partsOf(unit);
    const { core } = parts.runtime;
    const by = parent === undefined ? core : parts.recordOf(parent.pid);
    const record = await parts.probe(by, behaviour, spawn);
    const kill = async (): Promise<void> => parts.runtime.lifecycle.end(record, 'kill');
    return new Probe(viewOf(parts, record), unit, record, given === undefined ? end : kill);
  } catch (error) {
    if (given === undefined) await end();
    throw error;
  }
}

function viewOf({ watch }: Surroundings, record: ProcessRecord): View {
  const title = `${record.behaviour} ${record.pid}`;
  const hint = (): string =>
    (record.flags & WAITING) === 0 ? '' : 'The promise of one of its callbacks is pending.';
  return new View({ watch, by: record.pid, title, hint });
}

type AnyProbeOptions = AnySpawnOptions & { readonly unit?: Unit; readonly parent?: AnyStandIn };
