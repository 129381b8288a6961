import { TergoError } from '../error/tergo-error.ts';
import { MAX_THREADS, SLOT_MASK } from '../native/layout.ts';
import { isNodeName } from '../node/node-name.ts';
import { LocalPid } from '../process/pid.ts';
import type { AliasWords } from './far-aliases.ts';
import type { PidWords } from './far-pids.ts';

const MAX_WORD = 2 ** 32 - 1;
const MAX_ALIAS_LENGTH = 255;

/** A pid as it was written; without a node it is one of the node that wrote it. */
interface WrittenPid {
  readonly words: PidWords;
  readonly node: string | undefined;
  readonly creation: number;
}

/** Throws `malformed` for what no node has written. */
export function pidIn(plain: unknown): WrittenPid {
  if (!Array.isArray(plain)) throw malformed('a pid is no list');
  const [thread, slot, generation, id, node, creation = 0] = plain as readonly unknown[];
  const isPlace =
    isUpTo(thread, MAX_THREADS - 1) && isUpTo(slot, SLOT_MASK) && isUpTo(generation, MAX_WORD);
  if (!isPlace || !isUpTo(id, Number.MAX_SAFE_INTEGER)) throw malformed('a pid has no place');
  if (!isUpTo(creation, Number.MAX_SAFE_INTEGER)) throw malformed('a pid has no creation');
  const words = { thread, slot, generation, id };
  if (node === undefined) return { words, node, creation };
  if (typeof node !== 'string' || !isNodeName(node)) throw malformed('a pid has no node');
  return { words, node, creation };
}

/** What is written of an alias. */
export function aliasWords({ text, owner, thread, index, generation }: AliasWords): unknown {
  return [text, owner, thread, index, generation];
}

/** Throws `malformed` for what no node has written. */
export function aliasIn(plain: unknown): AliasWords {
  if (!Array.isArray(plain)) throw malformed('an alias is no list');
  const [text, owner, thread, index, generation] = plain as readonly unknown[];
  const isText = typeof text === 'string' && text.length <= MAX_ALIAS_LENGTH;
  if (!isText || !(owner instanceof LocalPid)) throw malformed('an alias has no owner');
  const isPlace =
    isUpTo(thread, MAX_THREADS - 1) && isUpTo(index, MAX_WORD) && isUpTo(generation, MAX_WORD);
  if (!isPlace) throw malformed('an alias has no place');
  return { text, owner, thread, index, generation };
}

function isUpTo(value: unknown, max: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= max;
}

function malformed(what: string): TergoError {
  return new TergoError('malformed', what);
}
