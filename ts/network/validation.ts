import type { PendingCall } from '../call/pending-call.ts';
import { incorrect, TergoError } from '../error/tergo-error.ts';
import { NO_VALUE } from '../far/frame-reader.ts';
import { isOfPeer } from '../far/station.ts';
import { AddressedMessage } from '../node/messaging.ts';
import type { LocalPid } from '../process/pid.ts';
import { type ProcessRecord, RUNNING, VALIDATED } from '../process/process-record.ts';
import { importModule } from '../thread/module-import.ts';
import { LocalValidators, type ProcessValidators } from './process-validators.ts';
import { passThrough } from './standard-schema.ts';

/** Of one process no more is told in that time. */
const TOLD_EVERY_MS = 1000;
const OPTION = 'options.network.validators';

/** What was told of a process last. */
interface Told {
  readonly at: number;
  /** So many were dropped since. */
  unsaid: number;
}

/** Lets what other nodes have sent to the processes of this thread pass the user's schemas, before a callback sees it. */
export class Validation {
  /** Those for classes first. */
  readonly #all: readonly LocalValidators[];
  readonly #told = new WeakMap<ProcessRecord, Told>();

  private constructor(all: Iterable<LocalValidators>) {
    this.#all = [...all].toSorted((a, b) => rankOf(a) - rankOf(b));
  }

  /** `undefined` when there are none. Imports modules, telling of each before. Rejects with `incorrect`, naming the one that has none. */
  static async load(
    given: readonly (ProcessValidators | string | URL)[],
    onImport?: (module: string) => void,
  ): Promise<Validation | undefined> {
    const all = new Set<LocalValidators>();
    for (const one of given) {
      if (one instanceof LocalValidators) all.add(one);
      else for (const exported of await validatorsOf(String(one), onImport)) all.add(exported);
    }
    return all.size === 0 ? undefined : new Validation(all);
  }

  /** A process was made, or has a name, or none any more: whether what comes for it is looked at. */
  mark(record: ProcessRecord): void {
    const isValidated = this.#all.some((one) => isFor(one, record));
    if (isValidated === ((record.flags & VALIDATED) !== 0)) return;
    record.flags ^= VALIDATED;
    // The rest of its slice would be read as it was before.
    if ((record.flags & RUNNING) !== 0) record.runtime.dispatcher.overtake(record);
  }

  /** What is to be handed over in place of a message; `NO_VALUE` for one that does not pass. */
  message(record: ProcessRecord, frame: number, value: unknown): unknown {
    const { reader } = record.runtime.far!;
    if (!isOfPeer(reader.stationOf(frame))) return value;
    const isAddressed = value instanceof AddressedMessage;
    const found = this.#check(record, 'message', isAddressed ? value.message : value);
    if (typeof found === 'string') {
      record.runtime.counters.dropped += 1;
      this.#tell(record, (isAddressed ? value.from : undefined) ?? reader.from(frame), found);
      return NO_VALUE;
    }
    return isAddressed ? new AddressedMessage(found.value, value.address, value.from) : found.value;
  }

  /** Puts what is to be handed over into the call; false when it does not pass, and was rejected. */
  request(record: ProcessRecord, frame: number, call: PendingCall): boolean {
    const { far, calls } = record.runtime;
    if (!isOfPeer(far!.reader.stationOf(frame))) return true;
    const found = this.#check(record, 'request', call.request);
    if (typeof found !== 'string') {
      call.request = found.value;
      return true;
    }
    calls.reject(call, new TergoError('incorrect', found));
    return false;
  }

  #check(
    record: ProcessRecord,
    kind: 'message' | 'request',
    value: unknown,
  ): { readonly value: unknown } | string {
    let last = { value };
    for (const one of this.#all) {
      const schema = one[kind];
      if (schema === undefined || !isFor(one, record)) continue;
      const found = passThrough(schema, last.value);
      if (typeof found === 'string')
        return `the ${kind} to ${record.pid} does not pass the validators of ${one.target}: ${found}`;
      last = found;
    }
    return last;
  }

  #tell(record: ProcessRecord, from: LocalPid, reason: string): void {
    const { driver, log } = record.runtime;
    const now = driver.recentNow();
    const told = this.#told.get(record);
    if (told !== undefined && now - told.at < TOLD_EVERY_MS) {
      told.unsaid += 1;
      return;
    }
    this.#told.set(record, { at: now, unsaid: 0 });
    const fields = { from, to: record.pid, name: record.name, reason };
    log.warning('what another node sent was dropped', { ...fields, lost: 1 + (told?.unsaid ?? 0) });
  }
}

function rankOf({ behaviour }: LocalValidators): number {
  return behaviour === undefined ? 1 : 0;
}

function isFor({ behaviour, target }: LocalValidators, record: ProcessRecord): boolean {
  return behaviour === undefined ? record.name === target : record.instance instanceof behaviour;
}

async function validatorsOf(
  module: string,
  onImport: ((module: string) => void) | undefined,
): Promise<LocalValidators[]> {
  onImport?.(module);
  const exported = await importModule(module, OPTION);
  const found = Object.values(exported).filter((one) => one instanceof LocalValidators);
  if (found.length > 0) return found;
  throw incorrect(`${OPTION}: ${module}`, 'a module that exports what validators gives', exported);
}
