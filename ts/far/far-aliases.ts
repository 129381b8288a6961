import type { Runtime } from '../node/runtime.ts';
import { LocalAlias } from '../process/alias.ts';
import type { LocalPid } from '../process/pid.ts';
import { type AliasPlace, FarAlias } from './far-alias.ts';
import { FarPid } from './far-pid.ts';
import type { Presence } from './presence.ts';

/** What is written of an alias. */
export interface AliasWords extends AliasPlace {
  readonly text: string;
  readonly owner: LocalPid;
}

/** The aliases of other threads that this thread knows, and its own that others have heard of: one object for each. */
export class FarAliases {
  readonly #runtime: Runtime;
  readonly #thread: number;
  readonly #presence: Presence;
  readonly #known = new Map<string, WeakRef<LocalAlias>>();
  readonly #collected = new FinalizationRegistry<string>((text) => {
    if (this.#known.get(text)?.deref() === undefined) this.#known.delete(text);
  });

  constructor(runtime: Runtime, thread: number, presence: Presence) {
    this.#runtime = runtime;
    this.#thread = thread;
    this.#presence = presence;
  }

  wordsOf(alias: LocalAlias): AliasWords {
    const { alias: text, owner, index, generation } = alias;
    if (!(alias instanceof FarAlias)) this.#remember(alias);
    const thread = alias instanceof FarAlias ? alias.thread : this.#thread;
    return { text, owner, thread, index, generation };
  }

  at({ text, owner, thread, index, generation }: AliasWords): LocalAlias {
    const known = this.#known.get(text)?.deref();
    if (known !== undefined) return known;
    const { home } = this.#runtime;
    const place = { thread, index, generation };
    const alias =
      owner instanceof FarPid
        ? new FarAlias(home, text, owner, place, this.#presence)
        : new LocalAlias(home, text, owner, index, generation);
    // One of this thread that nobody here holds any more stands no longer.
    if (!(owner instanceof FarPid)) alias.alive = false;
    this.#remember(alias);
    return alias;
  }

  #remember(alias: LocalAlias): void {
    if (this.#known.get(alias.alias)?.deref() === alias) return;
    this.#known.set(alias.alias, new WeakRef(alias));
    this.#collected.register(alias, alias.alias);
  }
}
