import { Actor, noreply, type Next, type Node } from 'tergo';
import { benchNode } from '../bench-node.ts';
import { residentBytes, stopwatch, verify, type Run, type Suite } from '../suite.ts';

const processes = 1_000_000;

class Idle extends Actor<{ message: 'stop' }> {
  override handleMessage(): Next {
    return noreply;
  }
}

/** Seconds that it took; all processes are alive when it resolves. */
async function spawnAndVerify(node: Node): Promise<number> {
  const before = node.info().processes;
  const seconds = stopwatch();
  for (let i = 0; i < processes; i++) await node.spawn(Idle);
  const elapsed = seconds();
  const alive = node.info().processes - before;
  verify(alive === processes, `${alive} of ${processes} processes are alive`);
  return elapsed;
}

/** Resident bytes for each idle process, in a process that held nothing before. */
async function measureCold(): Promise<Record<string, number>> {
  await using node = await benchNode();
  await node.spawn(Idle);
  const before = residentBytes();
  await spawnAndVerify(node);
  const bytes = residentBytes() - before;
  return { rss_bytes_per_process: Math.round((bytes / processes) * 10) / 10 };
}

async function run(): Promise<Run> {
  await using node = await benchNode();
  return { ops: processes, seconds: await spawnAndVerify(node) };
}

/** Starts a million processes, one after another, and keeps them all. */
export const suite: Suite = { unit: 'processes', warmUps: 1, runs: 5, measureCold, run };
