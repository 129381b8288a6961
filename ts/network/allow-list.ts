import { checkOptions } from '../error/check.ts';
import { incorrect, TergoError } from '../error/tergo-error.ts';
import { checkAnyNode } from '../node/node-name.ts';
import type { AllowOptions } from './allow-options.ts';

interface Allowed<T> {
  readonly value: T;
  /** `undefined`: everybody. */
  readonly nodes: ReadonlySet<string> | undefined;
}

/** How an `AllowList` is told of to those who are refused. */
export interface AllowWords {
  /** The node that has it. */
  readonly own: string;
  /** What the entries are. */
  readonly what: string;
  /** By which method of the network they are allowed. */
  readonly method: string;
}

/** What other nodes may ask for by name: nothing, unless it was put in. */
export class AllowList<T> {
  /** What the entries are, and how they are allowed, for errors. */
  readonly #words: AllowWords;
  readonly #allowed = new Map<string, Allowed<T>>();

  constructor(words: AllowWords) {
    this.#words = words;
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
    if (allowed?.nodes?.has(node) === false) throw this.#refusal('not-allowed', name, node);
    if (allowed === undefined) throw this.#refusal('name-unknown', name, node);
    return allowed.value;
  }

  /** It is read on another node: so it says where all this is. */
  #refusal(code: 'name-unknown' | 'not-allowed', name: string, node: string): TergoError {
    const { own, what, method } = this.#words;
    const [whom, remedy] =
      code === 'name-unknown'
        ? ['to nobody', `call node.network.${method} there first`]
        : [`not to ${node}`, `name that in the nodes of ${method} there`];
    return new TergoError(code, `${own} allows ${what} '${name}' ${whom}; ${remedy}`);
  }
}

function checkNodes(nodes: readonly string[]): void {
  if (!Array.isArray(nodes)) throw incorrect('options.nodes', 'a list of node names', nodes);
  for (const [index, node] of nodes.entries()) {
    checkAnyNode(`options.nodes[${index}]`, node);
  }
}
