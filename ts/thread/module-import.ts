import { TergoError } from '../error/tergo-error.ts';

// Taken before a test framework can put fake timers in their place.
const { clearTimeout, setTimeout } = globalThis;

/** How long the import of one module may take, ms; as long as a thread may take to come up. */
const IMPORT_MS = 60_000;

/** What gives up each import that is under way. One listener for all: Node.js warns of many. */
const underWay = new Set<() => void>();

/** What a module exports. */
export type Exports = Readonly<Record<string, unknown>>;

/** Whether every thread finds the same there: a path would be looked for somewhere else by each. */
export function isModuleUrl(module: unknown): module is string | URL {
  return module instanceof URL || (typeof module === 'string' && URL.canParse(module));
}

/** Imports a module that an option names. Rejects with `incorrect`, naming it, when it throws, or its import comes to no end. */
export async function importModule(module: string, option: string): Promise<Exports> {
  const { promise: stuck, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(new Error(STUCK));
  // Then nothing is left that could bring it to its end, and the program would just end, without a word.
  if (underWay.size === 0) process.on('beforeExit', giveUpAll);
  underWay.add(giveUp);
  const timer = setTimeout(giveUp, IMPORT_MS).unref();
  try {
    return (await Promise.race([import(module), stuck])) as Exports;
  } catch (cause) {
    const text = `${option}: ${module} cannot be imported: ${String(cause)}`;
    throw new TergoError('incorrect', text, { cause });
  } finally {
    clearTimeout(timer);
    underWay.delete(giveUp);
    if (underWay.size === 0) process.off('beforeExit', giveUpAll);
  }
}

function giveUpAll(): void {
  for (const giveUp of underWay) giveUp();
}

const STUCK =
  'what it awaits at its top level never settles. If that is startNode itself, called there or in a module that it imports, ' +
  'put the behaviours into a module of their own, which starts no node';
