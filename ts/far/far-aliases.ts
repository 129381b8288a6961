import type { Runtime } from '../node/runtime.ts';
import { LocalAlias } from '../process/alias.ts';
import type { LocalPid } from '../process/pid.ts';
import { type AliasPlace, FarAlias } from './far-alias.ts';
import { FarPid } from './far-pid.ts';
import type { Presence } from './presence.ts';
import { RemoteAlias } from './remote-alias.ts';
import { RemotePid } from './remote-pid.ts';

/** What is written of an alias. */
export interface AliasWords extends AliasPlace {
  readonly text: string;
  readonly owner: LocalPid;
}

/** The aliases of other threads and nodes that this thread knows, and its own that others have heard of: one object for each. */
export class FarAliases {
  readonly #runtime: Runtime;
  readonly #thread: number;
  readonly #presence: Presence;
  readonly #known = new Map<string, WeakRef<LocalAlias>>();
  readonly #collected = new FinalizationRegistry<string>((key) => {
    if (this.#known.get(key)?.deref() === undefined) this.#known.delete(key);
  });

  constructor(runtime: Runtime, thread: number, presence: Presence) {
    this.#runtime = runtime;
    this.#thread = thread;
    this.#presence = presence;
  }

  wordsOf(alias: LocalAlias): AliasWords {
    const { alias: text, owner, index, generation } = alias;
    const isFar = alias instanceof FarAlias;
    if (!isFar && alias.isOf(this.#runtime.home)) this.#remember(alias);
    const thread = isFar ? alias.thread : this.#thread;
    return { text, owner, thread, index, generation };
  }

  at(words: AliasWords): LocalAlias {
    const known = this.#known.get(keyOf(words.text, words.owner))?.deref();
    if (known !== undefined) return known;
    const alias = this.#make(words);
    this.#remember(alias);
    return alias;
  }

  #make({ text, owner, thread, index, generation }: AliasWords): LocalAlias {
    const { home } = this.#runtime;
    const place = { thread, index, generation };
    if (owner instanceof RemotePid) return new RemoteAlias(text, owner, place);
    if (owner instanceof FarPid) return new FarAlias(home, text, owner, place, this.#presence);
    const { aliases = [] } = this.#runtime.recordOf(owner)?.extra ?? {};
    const standing = aliases.find(({ alias }) => alias === text);
    if (standing !== undefined) return standing;
    const alias = new LocalAlias(home, text, owner, index, generation);
    // One of this thread that its process has not got stands no longer.
    alias.alive = false;
    return alias;
  }

  #remember(alias: LocalAlias): void {
    const key = keyOf(alias.alias, alias.owner);
    if (this.#known.get(key)?.deref() === alias) return;
    this.#known.set(key, new WeakRef(alias));
    this.#collected.register(alias, key);
  }
}

/** Texts repeat in another incarnation of the node. */
function keyOf(text: string, { creation }: LocalPid): string {
  return `${creation} ${text}`;
}
