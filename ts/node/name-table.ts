import { checkName } from '../error/check.ts';
import { TergoError } from '../error/tergo-error.ts';
import { RESULT_A, RESULT_B, VERDICT_OK, VERDICT_PROCESS_UNKNOWN } from '../native/layout.ts';
import { Control } from '../far/control.ts';
import type { LocalPid } from '../process/pid.ts';
import type { ProcessRecord } from '../process/process-record.ts';
import type { Runtime } from './runtime.ts';

/** A registered name. */
export interface NameRecord {
  readonly name: string;
  readonly record: ProcessRecord;
  /** Its address in the core. */
  readonly index: number;
  readonly generation: number;
}

/** So many free names are kept at least, however few are taken. */
const KEPT_FREE = 1024;

/** The registered names of a node. The core decides who has one; this mirror resolves it. */
export class NameTable {
  readonly #runtime: Runtime;
  /**
   * `undefined`: nobody has it any more. A restarted process takes its name again, and a `Map` that has a
   * key deleted and set time and again gets slow: it keeps the deleted ones in the chain of that key.
   */
  readonly #names = new Map<string, NameRecord | undefined>();
  #free = 0;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  get size(): number {
    return this.#names.size - this.#free;
  }

  find(name: string): NameRecord | undefined {
    return this.#names.get(name);
  }

  /** Who has a name, on whichever thread. */
  holderOf(name: string): LocalPid | undefined {
    return this.find(name)?.record.pid ?? this.#runtime.far?.names.name(name)?.pid;
  }

  /** Throws `taken` when the name is in use or the process has one already, `incorrect` for a bad name. */
  register(record: ProcessRecord, name: string): void {
    checkName('name', name);
    if (record.name !== undefined)
      throw new TergoError('taken', `${record.pid} has the name '${record.name}' already`);
    const { native, driver } = this.#runtime;
    driver.outbox.flush();
    const verdict = native.registerName(record.pid.slot, record.generation, name);
    if (verdict === VERDICT_PROCESS_UNKNOWN)
      throw new TergoError('process-terminated', `${record.pid} has ended`);
    if (verdict !== VERDICT_OK) {
      throw new TergoError(
        'taken',
        `the name '${name}' belongs to ${this.holderOf(name) ?? 'another process'}`,
      );
    }
    const { ring } = driver;
    const entry = { name, record, index: ring[RESULT_A]!, generation: ring[RESULT_B]! };
    if (this.#names.has(name)) this.#free -= 1;
    this.#names.set(name, entry);
    record.more.name = entry;
  }

  /** Gives up the name of a process. Throws `name-unknown` when it has none. */
  unregisterOf(record: ProcessRecord): void {
    const entry = record.extra?.name;
    if (entry === undefined) throw new TergoError('name-unknown', `${record.pid} has no name`);
    this.unregister(entry);
  }

  /** Gives a name up: who is linked to it or monitors it hears `unregistered`. */
  unregister(entry: NameRecord): void {
    this.forget(entry);
    const reason = new TergoError('unregistered', `the name '${entry.name}' was given up`);
    this.#runtime.relations.release(entry, reason);
  }

  /** The same by name, on whichever thread its process lives; gives whose it was. */
  giveUp(name: string): LocalPid | undefined {
    const entry = this.find(name);
    if (entry !== undefined) {
      this.unregister(entry);
      return entry.record.pid;
    }
    const { far } = this.#runtime;
    const found = far?.names.name(name);
    if (found === undefined) return undefined;
    far!.controls.send(found.thread, Control.unregister, 0, name);
    return found.pid;
  }

  /** Its process has ended; the core releases the name with it. */
  forget(entry: NameRecord): void {
    this.#names.set(entry.name, undefined);
    this.#free += 1;
    entry.record.more.name = undefined;
    if (this.#free > KEPT_FREE && 2 * this.#free > this.#names.size) this.#sweep();
  }

  #sweep(): void {
    for (const [name, entry] of this.#names) if (entry === undefined) this.#names.delete(name);
    this.#free = 0;
  }
}
