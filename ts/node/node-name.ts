import { TergoError, incorrect } from '../error/tergo-error.ts';

/** The most bytes that a node name may have. Source: Ergo `gen.Atom`. */
const MAX_NAME_BYTES = 255;

/** What a name of a node must be, for errors. */
export const NODE_NAME: string = `'name@host' with one '@', both halves non-empty and without spaces, at most ${MAX_NAME_BYTES} bytes`;

/** Whether `name` is `name@host` with both halves non-empty, exactly one `@`, no white space and no control characters, well-formed, and at most 255 bytes. */
export function isNodeName(name: unknown): name is string {
  return (
    typeof name === 'string' &&
    /^[^@\s\p{Cc}\p{Cs}]+@[^@\s\p{Cc}\p{Cs}]+$/u.test(name) &&
    Buffer.byteLength(name) <= MAX_NAME_BYTES
  );
}

/** Throws `name-too-long` or `incorrect` when a node cannot start by that name. */
export function checkNodeName(name: unknown): asserts name is string {
  if (isNodeName(name)) return;
  if (typeof name === 'string' && Buffer.byteLength(name) > MAX_NAME_BYTES) {
    throw new TergoError('name-too-long', `the node name may have ${MAX_NAME_BYTES} bytes at most`);
  }
  throw incorrect('the node name', NODE_NAME, name);
}

/** Throws `incorrect`, naming the argument, for what can be the name of no node. */
export function checkAnyNode(argument: string, node: unknown): asserts node is string {
  if (!isNodeName(node)) throw incorrect(argument, NODE_NAME, node);
}
