import { execFile, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Figures } from './comparison.ts';

/** Something that can be measured. */
export interface System {
  readonly name: string;
  /** What of it ran, for the results. */
  readonly versions: Readonly<Record<string, string>>;
  readonly run: (suite: string) => Promise<Figures>;
}
export interface Missing {
  readonly missing: string;
}

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '..', '..');
const out = path.join(root, 'target', 'peers');
const ergoVersion = '3.1.0';
/** How long a suite may take, ms. The longest runs for ten minutes; a peer may hang in one that is too much for it. */
const OURS_WITHIN_MS = 30 * 60_000;
const PEERS_WITHIN_MS = 6 * 60_000;

export function tergo(): System {
  const manifest = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  const script = path.join(root, 'benches', 'run.ts');
  return {
    name: 'tergo',
    versions: {
      tergo: manifest.version,
      node: process.version,
      rust: output('rustc', ['--version']) ?? 'unknown',
    },
    run: (suite) =>
      measured(process.execPath, ['--expose-gc', script, suite, '--json'], OURS_WITHIN_MS),
  };
}

/**
 * Builds the Ergo driver in `target/peers`. Ergo comes from the Go module proxy, or from the folder or
 * the tar.gz of its sources that the environment variable ERGO_SOURCE names.
 */
export function buildErgo(): System | Missing {
  const go = output('go', ['version']);
  if (go === undefined) return { missing: 'Ergo (Go is not installed: https://go.dev/dl)' };
  const folder = path.join(out, 'ergo');
  fs.rmSync(folder, { recursive: true, force: true });
  fs.cpSync(path.join(here, 'ergo'), folder, { recursive: true });
  const source = process.env['ERGO_SOURCE'];
  if (source !== undefined) useSource(folder, path.resolve(source));
  const binary = path.join(out, process.platform === 'win32' ? 'ergobench.exe' : 'ergobench');
  const build = spawnSync('go', ['build', '-mod=mod', '-o', binary, '.'], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (build.status !== 0) {
    return {
      missing: `Ergo (it could not be built; ERGO_SOURCE may name its sources):\n${build.stderr}`,
    };
  }
  return {
    name: 'ergo',
    versions: { ergo: ergoVersion, go: go.replace(/^go version go/, '') },
    run: (suite) => measured(binary, [suite]),
  };
}

export function findErlang(): System | Missing {
  const release = output('erl', [
    '-noshell',
    '-eval',
    'io:put_chars(erlang:system_info(otp_release)), halt().',
  ]);
  if (release === undefined)
    return { missing: 'Erlang (erl is not installed; Debian: erlang-base)' };
  fs.mkdirSync(out, { recursive: true });
  const compiled = spawnSync('erlc', ['-o', out, path.join(here, 'erlang', 'erlang_bench.erl')], {
    encoding: 'utf8',
  });
  if (compiled.status !== 0)
    return { missing: `Erlang (erlc failed):\n${compiled.stdout}${compiled.stderr}` };
  const distribution = ['-sname', `bench${process.pid}@localhost`, '-setcookie', 'bench'];
  const flags = ['-noshell', '-pa', out, '+P', '4000000', '-eval'];
  return {
    name: 'erlang',
    versions: { 'erlang/otp': release },
    run: (suite) => {
      const name = suite.startsWith('network-') ? distribution : [];
      return measured('erl', [...name, ...flags, `erlang_bench:main(["${suite}"])`]);
    },
  };
}

function useSource(folder: string, source: string): void {
  let sources = source;
  if (!fs.statSync(source).isDirectory()) {
    sources = path.join(folder, 'ergo-source');
    fs.mkdirSync(sources);
    must('tar', ['xzf', source, '-C', sources], folder);
  }
  must('go', ['mod', 'edit', `-replace=ergo.services/ergo=${sources}`], folder);
}

function must(file: string, args: readonly string[], cwd: string): void {
  const { status, stderr } = spawnSync(file, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')} failed: ${stderr}`);
}

/** The last line that a program prints is its figures. */
async function measured(
  file: string,
  args: readonly string[],
  withinMs = PEERS_WITHIN_MS,
): Promise<Figures> {
  const { stdout } = await promisify(execFile)(file, args, { cwd: root, timeout: withinMs });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Figures;
}

function output(file: string, args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(file, args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
