import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { InputError } from './list-files.ts';

/** The most threads that a node has. */
const MAX_THREADS = 64;
/** More OS processes than that are no demo any more. */
const MAX_NODES = 16;
const TOOLS = ['typescript', 'prettier', 'vitest', 'vite', 'typedoc'];
const LOG_FORMATS = ['text', 'coloured', 'json', 'off'] as const;

export type LogFormat = (typeof LOG_FORMATS)[number];

export interface Arguments {
  readonly folders: readonly string[];
  /** OS processes, each with a node. */
  readonly nodes: number;
  /** Of each node. */
  readonly threads: number;
  readonly log: LogFormat;
}

/** What the command line says. Throws `InputError` when it makes no sense. */
export function readArguments(): Arguments {
  const { values, positionals } = parsed();
  if (positionals.length > 1)
    throw new InputError(`one folder at most, but there are ${positionals.length}`);
  const nodes = numberOf('--nodes', values.nodes ?? '1', MAX_NODES);
  // Together they have all cores.
  const cores = Math.min(Math.max(1, Math.floor(availableParallelism() / nodes)), MAX_THREADS);
  return {
    folders: foldersOf(positionals),
    nodes,
    threads: numberOf('--threads', values.threads ?? `${cores}`, MAX_THREADS),
    log: logFormat(values.log ?? (process.stderr.isTTY ? 'coloured' : 'text')),
  };
}

function parsed() {
  const text = { type: 'string' } as const;
  const options = { log: text, nodes: text, threads: text };
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

function numberOf(option: string, text: string, max: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > max)
    throw new InputError(`${option} must be a number from 1 to ${max}, but is ${text}`);
  return number;
}

function logFormat(text: string): LogFormat {
  const format = LOG_FORMATS.find((one) => one === text);
  if (format === undefined)
    throw new InputError(`--log must be text, coloured, json or off, but is ${text}`);
  return format;
}
