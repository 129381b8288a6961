import { Actor, noreply, type Next } from 'tergo';
import { benchNode } from '../bench-node.ts';
import { residentBytes, verify, type Run, type Suite } from '../suite.ts';

const processes = 1_000_000;
const idleMs = 10_000;

class Idle extends Actor<{ message: 'stop' }> {
  override handleMessage(): Next {
    return noreply;
  }
}

/** CPU time that a node with a million processes uses while nothing happens. */
async function run(): Promise<Run> {
  await using node = await benchNode();
  const own = node.info().processes;
  for (let i = 0; i < processes; i++) await node.spawn(Idle);
  residentBytes(); // Collects what spawning left behind, so that it is not counted as idling.
  await pause(1000);
  const before = process.resourceUsage();
  await pause(idleMs);
  const after = process.resourceUsage();
  const alive = node.info().processes - own;
  verify(alive === processes, `${alive} of ${processes} processes are alive`);
  const cpuMs = (cpuMicros(after) - cpuMicros(before)) / 1000;
  const percent = Math.round((cpuMs / idleMs) * 1e5) / 1e3;
  return { ops: processes, seconds: idleMs / 1000, extra: { cpu_percent: percent } };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function cpuMicros({ userCPUTime, systemCPUTime }: NodeJS.ResourceUsage): number {
  return userCPUTime + systemCPUTime;
}

/** A million processes with nothing to do, for ten seconds. */
export const suite: Suite = { unit: 'idle processes', warmUps: 0, runs: 1, run };
