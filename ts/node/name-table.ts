import { checkName } from '../error/check.ts';
import { TergoError } from '../error/tergo-error.ts';
import {
  RESULT_A,
  RESULT_B,
  VERDICT_OK,
  VERDICT_PROCESS_UNKNOWN,
  VERDICT_TARGET_EXIST,
} from '../native/layout.ts';
import type { FarName } from '../far/far-names.ts';
import { FarPid } from '../far/far-pid.ts';
import type { NodeProcess } from '../process/peer.ts';
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

  /** The same on whichever thread. */
  lookUp(name: string): NameRecord | FarName | undefined {
    // To look elsewhere may bring one here that another thread has given.
    return this.find(name) ?? this.#runtime.far?.names.name(name) ?? this.find(name);
  }

  /** Who has a name, on whichever thread. */
  holderOf(name: string): LocalPid | undefined {
    const found = this.lookUp(name);
    return found !== undefined && 'record' in found ? found.record.pid : found?.pid;
  }

  /**
   * Throws `taken` when the name is in use or the process has one already, `incorrect` for a bad name. One of another
   * thread has it at once for everybody but itself and those beside it, who hear of it.
   */
  register(process: NodeProcess, name: string): void {
    checkName('name', name);
    if (process instanceof FarPid) return this.#give(process, name);
    if (process.name !== undefined)
      throw new TergoError('taken', `${process.pid} has the name '${process.name}' already`);
    const { native, driver } = this.#runtime;
    driver.outbox.flush();
    this.#check(native.registerName(process.pid.slot, process.generation, name), process, name);
    this.#enter(process, name);
  }

  /** A process of this thread has been given a name by another thread; nothing happens if that does not stand any more. */
  take(pid: LocalPid, name: string): void {
    const { native, driver, far } = this.#runtime;
    if (far?.names.isReservedFor(name, pid) !== true) return;
    const record = this.#runtime.recordOf(pid);
    // Taken away elsewhere; to hear of that is still on its way.
    this.#leave(this.find(name));
    this.#leave(record?.extra?.name);
    driver.outbox.flush();
    const verdict = native.takeName(pid.slot, pid.generation, name);
    if (verdict === VERDICT_OK && record !== undefined) this.#enter(record, name);
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
    return this.#runtime.far?.names.withdraw(name);
  }

  /** Its process has ended; the core releases the name with it. */
  forget(entry: NameRecord): void {
    this.#names.set(entry.name, undefined);
    this.#free += 1;
    entry.record.more.name = undefined;
    this.#runtime.far?.validation?.mark(entry.record);
    if (this.#free > KEPT_FREE && 2 * this.#free > this.#names.size) this.#sweep();
  }

  #give(pid: FarPid, name: string): void {
    const { native, driver, far } = this.#runtime;
    far!.refuseNested();
    driver.outbox.flush();
    this.#check(native.reserveName(pid.thread, pid.farSlot, pid.generation, name), pid, name);
    far!.names.given(pid, name);
  }

  #check(verdict: number, { pid }: NodeProcess, name: string): void {
    if (verdict === VERDICT_OK) return;
    if (verdict === VERDICT_PROCESS_UNKNOWN)
      throw new TergoError('process-terminated', `${pid} has ended`);
    const text =
      verdict === VERDICT_TARGET_EXIST
        ? `${pid} has a name already; take it away first, by unregisterName`
        : `the name '${name}' belongs to ${this.holderOf(name) ?? 'another process'}`;
    throw new TergoError('taken', text);
  }

  /** The core has given the name: its address stands in the results. */
  #enter(record: ProcessRecord, name: string): void {
    const { ring } = this.#runtime.driver;
    const entry = { name, record, index: ring[RESULT_A]!, generation: ring[RESULT_B]! };
    if (this.#names.has(name)) this.#free -= 1;
    this.#names.set(name, entry);
    record.more.name = entry;
    this.#runtime.far?.validation?.mark(record);
  }

  #leave(entry: NameRecord | undefined): void {
    if (entry !== undefined) this.unregister(entry);
  }

  #sweep(): void {
    for (const [name, entry] of this.#names) if (entry === undefined) this.#names.delete(name);
    this.#free = 0;
  }
}
