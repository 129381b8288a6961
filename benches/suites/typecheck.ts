import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median, stopwatch, type Run, type Suite } from '../suite.ts';
import { writeProject, type ProjectSize } from '../typecheck-project.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const tries = 5;

/** Seconds that a whole `tsc` takes over a project; it throws when the project does not compile. */
async function secondsOf(size: ProjectSize): Promise<number> {
  const folder = mkdtempSync(path.join(tmpdir(), 'tergo-typecheck-'));
  try {
    writeProject(folder, root, size);
    const times: number[] = [];
    for (let i = 0; i < tries; i++) {
      const seconds = stopwatch();
      await promisify(execFile)(process.execPath, [tsc, '-p', folder]);
      times.push(seconds());
    }
    return median(times);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function run(): Promise<Run> {
  const seconds = await secondsOf({ contracts: 20, variants: 10 });
  const one = await secondsOf({ contracts: 1, variants: 200 });
  const extra = { seconds_20_contracts: rounded(seconds), seconds_1_contract: rounded(one) };
  return { ops: 200, seconds, extra };
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}

/** Type-checks 200 messages and requests with their behaviours: 20 contracts of 10, then one of 200. */
export const suite: Suite = { unit: 'messages checked', warmUps: 0, runs: 1, run };
