import { LocalAlias } from '../process/alias.ts';
import type { Home } from '../process/home.ts';
import type { FarPid } from './far-pid.ts';
import type { Presence } from './presence.ts';

/** Where an alias stands that is not of this thread. */
export interface AliasPlace {
  readonly thread: number;
  readonly index: number;
  readonly generation: number;
}

/** An alias of a process on another thread. */
export class FarAlias extends LocalAlias {
  readonly thread: number;
  /** Whose it is. */
  readonly process: FarPid;
  readonly #presence: Presence;

  constructor(home: Home, text: string, owner: FarPid, place: AliasPlace, presence: Presence) {
    super(home, text, owner, place.index, place.generation);
    this.thread = place.thread;
    this.process = owner;
    this.#presence = presence;
  }

  /** Whether it was neither deleted nor has its owner ended, as far as its thread has told. */
  override get alive(): boolean {
    return this.#presence.hasAddress(this.thread, this.index, this.generation);
  }

  override set alive(_isAlive: boolean) {
    // Its own thread says.
  }
}
