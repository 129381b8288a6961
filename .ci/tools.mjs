// What the scripts of this folder share. Runs on any Node.js from 20 on.
import { spawnSync } from 'node:child_process';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** An absolute path in the repository. */
export const at = (...parts) => path.join(root, ...parts);

/** The environment with cargo on its PATH (also where rustup puts it by default), or undefined. */
export function cargoEnvironment() {
  const home = process.env.CARGO_HOME ?? path.join(homedir(), '.cargo');
  const PATH = [process.env.PATH, path.join(home, 'bin')].join(path.delimiter);
  const env = { ...process.env, PATH };
  return spawnSync('cargo', ['--version'], { env }).status === 0 ? env : undefined;
}
