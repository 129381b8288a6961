import type { ExecutionContext } from 'ava';
import { cronRun, type CronAction, type CronJob, type CronRun, type Node, startNode } from 'tergo';
import { virtualClock, type VirtualClock } from 'tergo/testing';

/** A node whose time is the test's; ended with the test. */
export async function cronNode(
  t: ExecutionContext,
  startAt: string | number,
): Promise<{ readonly node: Node; readonly clock: VirtualClock }> {
  const clock = virtualClock({ startAt: new Date(startAt) });
  const node = await startNode('cron@localhost', { clock, log: { disableConsole: true } });
  t.teardown(() => node.stop());
  return { node, clock };
}

/** An action that keeps its runs. */
export function keeping(): { readonly runs: CronRun[]; readonly action: CronAction } {
  const runs: CronRun[] = [];
  return { runs, action: cronRun((run) => void runs.push(run)) };
}

export const idle: CronAction = cronRun(() => undefined);

/** Adds a job in UTC that keeps its runs, and gives these. */
export function addKeeping(node: Node, job: Omit<CronJob, 'action'>): CronRun[] {
  const { runs, action } = keeping();
  node.cron.addJob({ timeZone: 'UTC', ...job, action });
  return runs;
}

/** For reading: a time without seconds. */
export function iso(timeMs: number | undefined): string {
  return timeMs === undefined ? 'never' : new Date(timeMs).toISOString().slice(0, 16);
}
