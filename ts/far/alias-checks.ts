import { DEFAULT_TIMEOUT_MS } from '../call/call-options.ts';
import type { PendingCall } from '../call/pending-call.ts';
import { failure } from '../node/messaging.ts';
import type { Runtime } from '../node/runtime.ts';
import { LocalAlias } from '../process/alias.ts';
import type { Far } from './far.ts';
import type { Patience } from './questions.ts';

/** After this the timeout of the call alone counts. */
const ALIAS: Patience = {
  ms: DEFAULT_TIMEOUT_MS,
  text: `it was not told within ${DEFAULT_TIMEOUT_MS} ms whether the alias stands`,
};

/** Whether the alias of an important call stands is told before its process takes the call, which may be late. */
export class AliasChecks {
  readonly #runtime: Runtime;
  readonly #far: Far;

  constructor(runtime: Runtime, far: Far) {
    this.#runtime = runtime;
    this.#far = far;
    far.questions.onPeer('alias', isAlias, (_station, alias: LocalAlias) => alias.alive);
  }

  /** Rejects a call that has been sent when its alias does not stand. */
  async check(call: PendingCall, alias: LocalAlias): Promise<void> {
    const { farNumber, station } = call;
    // A loss of the node rejects the call as well.
    const { questions } = this.#far;
    const asking = { station, process: alias.owner };
    const stands = await questions.askWithin(ALIAS, asking, 'alias', alias).catch(() => true);
    if (stands === false && call.farNumber === farNumber)
      this.#runtime.calls.reject(call, failure('alias-unknown', alias));
  }
}

function isAlias([alias]: readonly unknown[]): boolean {
  return alias instanceof LocalAlias;
}
