import { inspect } from 'node:util';
import type { Accepts } from '../protocol/protocol.ts';
import type { Home } from './home.ts';
import type { LocalPid } from './pid.ts';

/**
 * A further, revocable address of a process, made by `createAlias`. Source: Ergo `gen.Alias`, OTP 24 aliases.
 */
export interface Alias<P = unknown> extends Accepts<P> {
  /** The name of the node it lives on. */
  readonly node: string;
  /** Its text form, unique within the life of the node. */
  readonly alias: string;
}

/** @internal */
export class LocalAlias implements Alias<unknown> {
  readonly #home: Home;
  readonly alias: string;
  readonly owner: LocalPid;
  /** No process's: shows at the first look that this is no pid. */
  readonly slot = 0;
  /** The address in the core. */
  readonly index: number;
  readonly generation: number;
  #isAlive = true;

  constructor(home: Home, text: string, owner: LocalPid, index: number, generation: number) {
    this.#home = home;
    this.alias = text;
    this.owner = owner;
    this.index = index;
    this.generation = generation;
  }

  /** False once it was deleted or its owner ended. */
  get alive(): boolean {
    return this.#isAlive;
  }

  set alive(isAlive: boolean) {
    this.#isAlive = isAlive;
  }

  get node(): string {
    return this.#home.node;
  }

  /** Whether this alias belongs to the given incarnation. */
  isOf(home: Home): boolean {
    return this.#home === home;
  }

  toString(): string {
    return this.alias;
  }

  toJSON(): { node: string; alias: string } {
    return { node: this.node, alias: this.alias };
  }

  [inspect.custom](): string {
    return this.alias;
  }
}
