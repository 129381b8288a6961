import { reasonOf } from '../../error/exit-reason.ts';
import type { PendingCall } from '../../call/pending-call.ts';
import type { SendResult } from '../../error/send-result.ts';
import type { Runtime } from '../../node/runtime.ts';
import type { Parent } from '../../node/spawner.ts';
import type { AnyPid } from '../../process/pid.ts';
import type { AnySpawnOptions } from '../../process/process-options.ts';
import type { ProcessRecord } from '../../process/process-record.ts';
import type { Exit } from '../../relation/ended.ts';
import type { Kind, RecordBase, RecordFields, RecordOf, State } from '../record/records.ts';
import type { Timeline } from '../record/timeline.ts';

/** A record while it is written. */
export type Entry<K extends Kind> = { -readonly [Field in keyof RecordOf<K>]: RecordOf<K>[Field] };

/** How an operation begins that may take its time or fail. */
export const IN_PROGRESS = { state: 'pending', error: undefined } as const;

/** What a spawn makes instead of what it was asked for. */
export interface Substitute {
  readonly behaviour: unknown;
  readonly options: AnySpawnOptions;
}

/** Who hears of everything that the processes of a runtime do. */
export interface Listener {
  readonly timeline: Timeline;
  /** What the operation is to fail with; `undefined`: it is to be done. */
  faultOf(record: RecordBase): SendResult | Error | undefined;
  /** A process has begun; its `init` comes now. */
  began?(record: ProcessRecord): void;
  /** What is spawned in place of what a process asks for. */
  substituteFor?(
    parent: Parent,
    behaviour: unknown,
    options: AnySpawnOptions | undefined,
  ): Substitute | undefined;
}

interface Answered extends RecordBase {
  result: SendResult | undefined;
}

interface Attempted extends RecordBase {
  state: State;
  error: Error | undefined;
}

/**
 * The wrappers laid over the parts of one runtime, and those who listen. What is laid over what:
 * docs/design/testing.md.
 */
export class Tap {
  readonly runtime: Runtime;
  /** Calls that only ask a process to describe itself. */
  readonly inspections: WeakSet<PendingCall> = new WeakSet();
  /** The exits that processes have received. */
  readonly exits: WeakMap<ProcessRecord, WeakSet<Exit>> = new WeakMap();
  readonly #listeners = new Set<Listener>();
  readonly #undo: (() => void)[] = [];

  constructor(runtime: Runtime) {
    this.runtime = runtime;
  }

  add(listener: Listener): void {
    this.#listeners.add(listener);
  }

  /** True when nobody listens any more. */
  remove(listener: Listener): boolean {
    this.#listeners.delete(listener);
    return this.#listeners.size === 0;
  }

  /** Lays a wrapper over one method of one object. */
  lay<Part extends object, Name extends keyof Part>(
    part: Part,
    name: Name,
    wrap: (original: Part[Name]) => Part[Name],
  ): void {
    part[name] = wrap(part[name]);
    this.#undo.push(() => void Reflect.deleteProperty(part, name));
  }

  /** Has something done when the wrappers are taken away. */
  undo(action: () => void): void {
    this.#undo.push(action);
  }

  takeAway(): void {
    for (const action of this.#undo.splice(0)) action();
  }

  /** Begins a record. */
  open<K extends Kind>(kind: K, by: AnyPid, fields: RecordFields[K]): Entry<K> {
    const { home, driver } = this.runtime;
    const base = { kind, by, node: home.node, atMs: driver.readNow() };
    const record: RecordOf<K> = { ...base, ...fields };
    for (const { timeline } of this.#listeners) timeline.add(record);
    return record;
  }

  /** A record has changed. */
  touch(): void {
    for (const { timeline } of this.#listeners) timeline.touch();
  }

  /** Does something that gives a `SendResult`, unless it is to fail. */
  result(entry: Answered, run: () => SendResult): SendResult {
    const fault = this.faultOf(entry);
    const result = typeof fault === 'string' ? fault : run();
    entry.result = result;
    this.touch();
    return result;
  }

  /** Does something that throws when it fails, unless it is to fail. */
  attempt<T>(entry: Attempted, run: () => T): T {
    try {
      const fault = this.faultOf(entry);
      if (fault instanceof Error) throw fault;
      const value = run();
      this.done(entry);
      return value;
    } catch (error) {
      this.failed(entry, error);
      throw error;
    }
  }

  /** Does something that rejects when it fails, unless it is to fail. */
  async promise<T>(entry: Attempted, run: () => Promise<T>, then?: (value: T) => void): Promise<T> {
    try {
      const fault = this.faultOf(entry);
      if (fault instanceof Error) throw fault;
      const value = await run();
      then?.(value);
      this.done(entry);
      return value;
    } catch (error) {
      this.failed(entry, error);
      throw error;
    }
  }

  done(entry: Attempted): void {
    entry.state = 'done';
    this.touch();
  }

  failed(entry: Attempted, error: unknown): void {
    entry.state = 'failed';
    entry.error = reasonOf(error);
    this.touch();
  }

  began(record: ProcessRecord): void {
    for (const listener of this.#listeners) listener.began?.(record);
  }

  substituteFor(
    parent: Parent,
    behaviour: unknown,
    options: AnySpawnOptions | undefined,
  ): Substitute | undefined {
    for (const listener of this.#listeners) {
      const substitute = listener.substituteFor?.(parent, behaviour, options);
      if (substitute !== undefined) return substitute;
    }
    return undefined;
  }

  faultOf(record: RecordBase): SendResult | Error | undefined {
    for (const listener of this.#listeners) {
      const fault = listener.faultOf(record);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
}
