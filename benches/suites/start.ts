import { fresh } from '../fresh-process.ts';
import { median, type Run, type Suite } from '../suite.ts';

const tries = 10;
const program = `
  const { startNode } = await import('tergo');
  const begin = performance.now();
  const node = await startNode('bench@localhost');
  console.log(performance.now() - begin);
  await node.stop();
`;

async function run(): Promise<Run> {
  const times: number[] = [];
  for (let i = 0; i < tries; i++) times.push(Number((await fresh(program)).stdout));
  const ms = median(times);
  return { ops: tries, seconds: (ms * tries) / 1000, extra: { ms: Math.round(ms * 10) / 10 } };
}

/** The first `startNode` of a fresh process. */
export const suite: Suite = { unit: 'node starts', warmUps: 0, runs: 1, run };
