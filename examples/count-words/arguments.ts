import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { InputError } from './list-files.ts';

/** The most threads that a node has. */
const MAX_THREADS = 64;
const MAX_NODES = 16;
const TOOLS = ['typescript', 'prettier', 'vitest', 'vite', 'typedoc'];
const LOG_FORMATS = ['text', 'coloured', 'json', 'off'] as const;

export type LogFormat = (typeof LOG_FORMATS)[number];

export interface Arguments {
  readonly folders: readonly string[];
  readonly threads: number;
  /** OS processes with a node each; 1: only this one. */
  readonly nodes: number;
  readonly log: LogFormat;
}

/** What the command line says. Throws `InputError` when it makes no sense. */
export function readArguments(): Arguments {
  const { values, positionals } = parsed();
  if (positionals.length > 1)
    throw new InputError(`one folder at most, but there are ${positionals.length}`);
  return {
    folders: foldersOf(positionals),
    threads: threadsOf(values.threads),
    nodes: nodesOf(values.nodes),
    log: logFormat(values.log ?? (process.stderr.isTTY ? 'coloured' : 'text')),
  };
}

function parsed() {
  const text = { type: 'string' } as const;
  const options = { log: text, threads: text, nodes: text } as const;
  try {
    return parseArgs({ allowPositionals: true, options });
  } catch (error) {
    throw new InputError((error as Error).message);
  }
}

/** By default this repository and, so that there is enough to do, the tools that it is built with. */
function foldersOf([folder]: readonly string[]): readonly string[] {
  // npm runs scripts in the package's folder; INIT_CWD is where the user stands.
  if (folder !== undefined) return [path.resolve(process.env['INIT_CWD'] ?? '.', folder)];
  const repository = path.resolve(fileURLToPath(new URL('../..', import.meta.url)));
  return [repository, ...TOOLS.map((name) => path.join(repository, 'node_modules', name))].filter(
    (one) => existsSync(one),
  );
}

function threadsOf(text: string | undefined): number {
  if (text === undefined) return Math.min(availableParallelism(), MAX_THREADS);
  const threads = Number(text);
  if (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS)
    throw new InputError(`--threads must be a number from 1 to ${MAX_THREADS}, but is ${text}`);
  return threads;
}

function nodesOf(text: string | undefined): number {
  if (text === undefined) return 1;
  const nodes = Number(text);
  if (!Number.isInteger(nodes) || nodes < 2 || nodes > MAX_NODES)
    throw new InputError(`--nodes must be a number from 2 to ${MAX_NODES}, but is ${text}`);
  return nodes;
}

function logFormat(text: string): LogFormat {
  const format = LOG_FORMATS.find((one) => one === text);
  if (format === undefined)
    throw new InputError(`--log must be text, coloured, json or off, but is ${text}`);
  return format;
}
