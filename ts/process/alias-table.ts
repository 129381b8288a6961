import { incorrect, TergoError } from '../error/tergo-error.ts';
import { RESULT_A, RESULT_B, VERDICT_OK } from '../native/layout.ts';
import { failure } from '../node/messaging.ts';
import type { Runtime } from '../node/runtime.ts';
import { LocalAlias } from './alias.ts';
import type { ProcessRecord } from './process-record.ts';

/** Makes and revokes the aliases of a node. */
export class AliasTable {
  readonly #runtime: Runtime;
  #serial = 0;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Throws `process-terminated` when the process has ended. */
  create(record: ProcessRecord): LocalAlias {
    const { native, driver, home, counters } = this.#runtime;
    driver.outbox.flush();
    const verdict = native.createAlias(record.pid.slot, record.generation);
    if (verdict !== VERDICT_OK)
      throw new TergoError('process-terminated', `${record.pid} has ended`);
    const { ring } = driver;
    this.#serial += 1;
    const text = `Alias#<${home.short}.${this.#runtime.serialOf(this.#serial)}>`;
    const alias = new LocalAlias(home, text, record.pid, ring[RESULT_A]!, ring[RESULT_B]!);
    record.more.aliases.push(alias);
    counters.aliases += 1;
    return alias;
  }

  /** Throws `alias-unknown`, `alias-owner`. */
  delete(record: ProcessRecord, alias: unknown): void {
    if (!(alias instanceof LocalAlias)) throw incorrect('alias', 'what createAlias gave', alias);
    const { home } = this.#runtime;
    const isUnknown = !alias.alive || !alias.isOf(home);
    if (isUnknown && alias.owner.node === home.node) throw failure('alias-unknown', alias);
    if (alias.owner !== record.pid)
      throw new TergoError('alias-owner', `${alias} belongs to ${alias.owner}`);
    alias.alive = false;
    const { more } = record;
    more.aliases = more.aliases.filter((other) => other !== alias);
    this.#runtime.counters.aliases -= 1;
    const reason = new TergoError('unregistered', `${alias} was deleted`);
    this.#runtime.relations.release(alias, reason);
  }
}
