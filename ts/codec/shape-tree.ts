import { TergoError } from '../error/tergo-error.ts';
import type { CodecWorld } from './codec-world.ts';
import type { ShapeKey } from './shape-keys.ts';
import { ShapeVariants } from './shape-variants.ts';
import { type ShapeWriter, shapeWriter } from './shape-writers.ts';

/** An object with more keys, or longer ones, has no shape: it is a table of its own kind. */
export const MAX_KEYS = 32;
const MAX_KEY_LENGTH = 64;
/** Objects with the same keys that must have been met before they get a shape: tables with changing keys never do. */
const MEETINGS = 8;
/** An object with such a key has no shape: it would become its prototype, or is asked for by who looks at the prototype. */
const BARRED: ReadonlySet<string> = new Set(['__proto__', 'constructor']);
/** Above so many nodes the tree begins anew: most of it is then about keys that do not come again. */
const MAX_NODES = 16_384;
/** No shape for this one. */
export const NO_SHAPE = 0;

/** Where the keys of an object lead to, one by one. */
export class ShapeNode {
  /** The shape that ends here; 0: none yet. */
  shape: number = NO_SHAPE;
  /** Writes an object of that shape. */
  write: ShapeWriter = unshaped;
  meetings = 0;
  readonly depth: number;
  /** The child that was asked for last: most objects at a place look the same. */
  #lastKey: string | undefined;
  #lastChild: ShapeNode | undefined;
  #children: Map<string, ShapeNode> | undefined;
  readonly #tree: ShapeTree;
  readonly #key: string;
  readonly #parent: ShapeNode | undefined;

  constructor(tree: ShapeTree, parent: ShapeNode | undefined, key: string) {
    this.#tree = tree;
    this.#parent = parent;
    this.#key = key;
    this.depth = parent === undefined ? 0 : parent.depth + 1;
  }

  /** The node after one more key. */
  next(key: string): ShapeNode {
    if (key === this.#lastKey) return this.#lastChild!;
    return this.#find(key);
  }

  /** The keys on the way here. */
  keys(): string[] {
    const keys = this.#parent?.keys() ?? [];
    if (this.#parent !== undefined) keys.push(this.#key);
    return keys;
  }

  #find(key: string): ShapeNode {
    this.#children ??= new Map();
    let child = this.#children.get(key);
    if (child === undefined) {
      child = new ShapeNode(this.#tree, this, key);
      this.#children.set(key, child);
      this.#tree.nodes += 1;
    }
    this.#lastKey = key;
    this.#lastChild = child;
    return child;
  }
}

/** Who numbers shapes and their variants; both give 0 when there are no more numbers. */
export type ShapeNumbers = Pick<CodecWorld, 'shape' | 'variant'>;

/** Finds the shape of an object by its keys in their order. */
export class ShapeTree {
  nodes = 0;
  #root: ShapeNode = new ShapeNode(this, undefined, '');
  readonly #numbers: ShapeNumbers;

  constructor(numbers: ShapeNumbers) {
    this.#numbers = numbers;
  }

  get root(): ShapeNode {
    if (this.nodes > MAX_NODES) {
      this.nodes = 0;
      this.#root = new ShapeNode(this, undefined, '');
    }
    return this.#root;
  }

  /** An object was met that ends at a node without a shape: gives it one, if it has earned it. */
  meet(node: ShapeNode): void {
    node.meetings += 1;
    if (node.meetings < MEETINGS) return;
    node.meetings = -Infinity;
    const keys = node.keys();
    if (keys.some((key) => BARRED.has(key) || key.length > MAX_KEY_LENGTH)) return;
    node.shape = this.#numbers.shape(JSON.stringify(keys));
    if (node.shape !== NO_SHAPE) this.#compile(node, keys);
  }

  #compile(node: ShapeNode, keys: readonly string[]): void {
    const register = (list: readonly ShapeKey[]): number =>
      this.#numbers.variant(JSON.stringify(list));
    const shape = { keys, number: node.shape, variants: new ShapeVariants(keys, register) };
    const compile = (): void => {
      node.write = shapeWriter(shape, (place, value) => {
        if (shape.variants.meet(place, value)) compile();
      });
    };
    compile();
  }
}

function unshaped(): never {
  throw new TergoError('internal', 'an object without a shape cannot be written by one');
}
