import { LocalAlias } from '../process/alias.ts';
import type { RemotePid } from './remote-pid.ts';

/** Where an alias stands on its thread. */
export interface RemoteAliasPlace {
  readonly index: number;
  readonly generation: number;
}

/** An alias of a process of another node. */
export class RemoteAlias extends LocalAlias {
  /** Whose it is. */
  readonly process: RemotePid;

  constructor(text: string, owner: RemotePid, { index, generation }: RemoteAliasPlace) {
    super(owner.home, text, owner, index, generation);
    this.process = owner;
  }

  /** Whether it may stand: only its own node knows. */
  override get alive(): boolean {
    return this.process.isAlive;
  }

  override set alive(_isAlive: boolean) {
    // Its own node says.
  }
}
