import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Comparison, Figures } from './comparison.ts';
import { medianOf } from './comparison.ts';
import type { System } from './systems.ts';

/** Where and with what figures were taken. */
export interface Origin {
  readonly date: string;
  readonly commit: string;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly versions: Readonly<Record<string, string>>;
}

const results = fileURLToPath(new URL('../results/', import.meta.url));

export function describeMachine(systems: readonly System[]): Origin {
  const cpus = os.cpus();
  return {
    date: new Date().toISOString(),
    commit: commit(),
    machine: {
      cpu: cpus[0]?.model.trim() ?? 'unknown',
      ...kindOfCpu(),
      cores: cpus.length,
      memory_gib: Math.round(os.totalmem() / 2 ** 30),
      platform: `${process.platform}-${process.arch}`,
    },
    versions: Object.assign({}, ...systems.map(({ versions }) => versions)) as Record<
      string,
      string
    >,
  };
}

/** Models of several generations may have one name. */
function kindOfCpu(): Readonly<Record<string, string>> {
  const file = '/proc/cpuinfo';
  if (!fs.existsSync(file)) return {};
  const text = fs.readFileSync(file, 'utf8');
  const entries = ['cpu family', 'model', 'stepping'].map((key) => {
    const value = new RegExp(`^${key}\\s*: (.*)$`, 'm').exec(text)?.[1];
    return [key.replace(' ', '_'), value ?? 'unknown'];
  });
  return Object.fromEntries(entries) as Record<string, string>;
}

/** Writes `benches/results/DATE-COMMIT.json` (further ones of that day and commit have a number behind) with the medians and every single run; returns its name. */
export function writeResults(
  origin: Origin,
  rounds: number,
  chosen: readonly Comparison[],
  figures: readonly Figures[],
): string {
  const medians = chosen.map(({ suite }) => ({ suite, ...mediansOf(figures, suite) }));
  const base = `${origin.date.slice(0, 10)}-${origin.commit}`;
  const text = `${JSON.stringify({ ...origin, rounds, medians, figures }, null, 2)}\n`;
  fs.mkdirSync(results, { recursive: true });
  return `benches/results/${writeNew(results, base, text)}`;
}

/** Writes `BASE.json`, or the first of `BASE-2.json`, `BASE-3.json` … that there is not; returns its name. */
export function writeNew(folder: string, base: string, text: string): string {
  for (let number = 1; ; number++) {
    const name = number === 1 ? `${base}.json` : `${base}-${number}.json`;
    try {
      fs.writeFileSync(path.join(folder, name), text, { flag: 'wx' });
      return name;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function mediansOf(figures: readonly Figures[], suite: string): Record<string, unknown> {
  const ofSuite = figures.filter((one) => one.suite === suite);
  const systems = [...new Set(ofSuite.map(({ system }) => system))];
  return Object.fromEntries(
    systems.map((system) => [
      system,
      Object.fromEntries(
        keysOf(ofSuite, system).map((key) => [key, medianOf(figures, system, suite, key)]),
      ),
    ]),
  );
}

/** The figures that a system has in a suite, beside how much it did in what time. */
function keysOf(ofSuite: readonly Figures[], system: string): string[] {
  const own = ofSuite.filter((one) => one.system === system);
  const keys = own.flatMap((one) => Object.keys(one).filter((key) => typeof one[key] === 'number'));
  return [...new Set(keys)].filter((key) => key !== 'ops' && key !== 'seconds');
}

/** The commit measured; marked when the tree held more than that. */
function commit(): string {
  const hash = git('rev-parse', '--short', 'HEAD');
  if (hash === '') return 'uncommitted';
  const changes = git('status', '--porcelain', '--', ':/ts', ':/crates', ':/benches/suites');
  return changes === '' ? hash : `${hash}-dirty`;
}

function git(...args: string[]): string {
  const { status, stdout } = spawnSync('git', args, { cwd: results, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : '';
}
