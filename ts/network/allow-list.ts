import { checkOptions } from '../error/check.ts';
import { incorrect, TergoError } from '../error/tergo-error.ts';
import { isNodeName } from '../node/node-name.ts';
import type { AllowOptions } from './allow-options.ts';

interface Allowed<T> {
  readonly value: T;
  /** `undefined`: everybody. */
  readonly nodes: ReadonlySet<string> | undefined;
}

/** What other nodes may ask for by name: nothing, unless it was put in. */
export class AllowList<T> {
  /** What the entries are, for errors. */
  readonly #what: string;
  readonly #allowed = new Map<string, Allowed<T>>();

  constructor(what: string) {
    this.#what = what;
  }

  /** The names, in the order in which they were allowed, and to whom. */
  get entries(): readonly {
    readonly name: string;
    readonly nodes: readonly string[] | undefined;
  }[] {
    return [...this.#allowed].map(([name, { nodes }]) => ({ name, nodes: nodes && [...nodes] }));
  }

  /** Allows it, in place of what was allowed under that name. Throws `incorrect`. */
  allow(name: string, value: T, options: AllowOptions): void {
    checkOptions('options', options, ['nodes']);
    const { nodes } = options;
    if (nodes !== undefined) checkNodes(nodes);
    this.#allowed.set(name, { value, nodes: nodes && new Set(nodes) });
  }

  /** False when it was not allowed. */
  forbid(name: string): boolean {
    return this.#allowed.delete(name);
  }

  /** What a node has asked for. Throws `name-unknown`, and `not-allowed` when it is for others. */
  take(name: string, node: string): T {
    const allowed = this.#allowed.get(name);
    if (allowed === undefined)
      throw new TergoError('name-unknown', `there is no ${this.#what} '${name}' for other nodes`);
    if (allowed.nodes?.has(node) !== false) return allowed.value;
    throw new TergoError('not-allowed', `the ${this.#what} '${name}' is not for ${node}`);
  }
}

function checkNodes(nodes: readonly string[]): void {
  if (!Array.isArray(nodes)) throw incorrect('options.nodes', 'a list of node names', nodes);
  for (const [index, node] of nodes.entries()) {
    if (!isNodeName(node))
      throw incorrect(`options.nodes[${index}]`, "'name@host', both halves non-empty", node);
  }
}
