import { inspect } from 'node:util';
import type { Accepts } from '../protocol/protocol.ts';
import type { Home } from './home.ts';

/**
 * One process of one node; never reused within the life of that node. Equal pids are `===`.
 *
 * The type parameter is what the process accepts. `Pid<unknown>` is a raw peer that takes
 * everything, `AnyPid` some process of which nothing is known.
 */
export interface Pid<P = unknown> extends Accepts<P> {
  /** The name of the node it lives on. */
  readonly node: string;
  /** Its number there: 1 is the node itself, processes start at 1001, and on each thread they only grow. */
  readonly id: number;
  /** The incarnation of that node. */
  readonly creation: number;
}

/** Some process, whatever it accepts: fit for link, monitor and exit; nothing can be sent to it. */
export type AnyPid = Pid<never>;

/**
 * A pid of a node of this OS process: made once on each thread that knows it, so that identity is equality.
 *
 * @internal
 */
export class LocalPid implements Pid<unknown> {
  readonly #home: Home;
  readonly id: number;
  /** Where the scheduler of this thread keeps it; reused after its end, with the next generation. */
  readonly slot: number;
  readonly generation: number;

  constructor(home: Home, id: number, slot: number, generation: number) {
    this.#home = home;
    this.id = id;
    this.slot = slot;
    this.generation = generation;
  }

  get node(): string {
    return this.#home.node;
  }

  get creation(): number {
    return this.#home.creation;
  }

  /** Whether this pid belongs to the given incarnation. */
  isOf(home: Home): boolean {
    return this.#home === home;
  }

  /** `<CRC32(node).high.low>`, as Ergo prints it. */
  toString(): string {
    const low = this.id % 2 ** 32;
    return `<${this.#home.short}.${(this.id - low) / 2 ** 32}.${low}>`;
  }

  toJSON(): { node: string; id: number; creation: number } {
    return { node: this.node, id: this.id, creation: this.creation };
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
