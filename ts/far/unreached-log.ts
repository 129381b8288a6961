import type { Runtime } from '../node/runtime.ts';

/** Of so many nodes it is known what was told. */
const MOST_NODES = 1024;

/** Tells of nodes that plain messages did not reach, since nobody else hears of that: once for each reason, until the node is reached. */
export class UnreachedLog {
  readonly #runtime: Runtime;
  /** What was told last, by node. */
  readonly #told = new Map<string, string>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** So many messages are lost. */
  tell(node: string, { message: reason }: Error, lost: number): void {
    if (this.#runtime.isStopped || this.#told.get(node) === reason) return;
    if (this.#told.size >= MOST_NODES) this.#told.clear();
    this.#told.set(node, reason);
    this.#runtime.log.warning('a node was not reached', { node, reason, lost });
  }

  /** The node is reached. */
  forget(node: string): void {
    this.#told.delete(node);
  }
}
