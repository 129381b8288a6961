import { fresh } from '../fresh-process.ts';
import { median, type Run, type Suite } from '../suite.ts';

const tries = 10;

/** Wall time of a fresh Node.js that imports Tergo, less that of one that imports nothing of ours. */
async function run(): Promise<Run> {
  const differences: number[] = [];
  for (let i = 0; i < tries; i++) {
    const empty = await fresh("await import('node:process')");
    const full = await fresh("await import('tergo')");
    differences.push(full.wallMs - empty.wallMs);
  }
  const ms = median(differences);
  return { ops: tries, seconds: (ms * tries) / 1000, extra: { ms: Math.round(ms * 10) / 10 } };
}

/** What `import('tergo')` adds to the start of a program. */
export const suite: Suite = { unit: 'imports', warmUps: 0, runs: 1, run };
