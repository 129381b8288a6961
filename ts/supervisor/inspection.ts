import { inspect } from 'node:util';
import { pick } from '../actor/inspection.ts';
import { reasonText } from '../error/exit-reason.ts';
import type { Clock } from '../scheduler/clock.ts';
import type { Child } from './child.ts';
import type { ChildInfo, RestartInfo } from './child-info.ts';
import type { ChildStart } from './child-spec.ts';
import type { Restarted } from './restart-history.ts';
import type { Supervision } from './supervision.ts';
import type { CheckedSpec } from './supervisor-spec.ts';

/** How a supervisor describes its children, in the order of starts. */
export function childrenInfo(supervision: Supervision<ChildStart>): readonly ChildInfo[] {
  return supervision.children().map(childInfo);
}

/** How a supervisor describes its last restarts, oldest first. `nowMs` is the node's time of `clock`. */
export function restartsInfo(
  supervision: Supervision<ChildStart>,
  nowMs: number,
  clock: Clock,
): readonly RestartInfo[] {
  const startedAt = clock.wallNow() - nowMs;
  const info = ({ name, pid, reason, atMs }: Restarted): RestartInfo => {
    return { name, pid, reason, timeMs: Math.round(startedAt + atMs) };
  };
  return supervision.history.last().map(info);
}

/** What a supervisor answers to an inspection. Of `items` only those; without any, all. */
export function describe(
  spec: CheckedSpec,
  supervision: Supervision<ChildStart>,
  restarts: readonly RestartInfo[],
  items: readonly string[],
): Record<string, string> {
  const all: Record<string, () => unknown> = {
    strategy: () => spec.strategy,
    restart: () => spec.restart,
    intensity: () => spec.intensity,
    periodMs: () => spec.periodMs,
    keepOrder: () => 'keepOrder' in spec && spec.keepOrder,
    autoShutdown: () => 'autoShutdown' in spec && spec.autoShutdown,
    phase: () => supervision.phase,
    live: () => supervision.liveCount,
    restarts: () => supervision.history.count,
    children: () => JSON.stringify(childrenInfo(supervision).map(plainChild)),
    lastRestarts: () => JSON.stringify(restarts.map(plainRestart)),
  };
  return pick(all, items);
}

function childInfo(child: Child<ChildStart>): ChildInfo {
  const { rule, pid, start, state, restart, isDisabled, restarts } = child;
  const { name, isSignificant } = rule;
  const behaviour = start.behaviour.name;
  return { name, pid, behaviour, state, restart, isSignificant, isDisabled, restarts };
}

function plainChild(info: ChildInfo): object {
  return { ...info, pid: info.pid?.toString() };
}

function plainRestart({ name, pid, reason, timeMs }: RestartInfo): object {
  const text = reason instanceof Error ? firstLineOf(reason) : reason;
  return { name, pid: pid?.toString(), reason: text, time: new Date(timeMs).toISOString() };
}

/** An `inspect` of its own that throws must not be the end of the supervisor. */
function firstLineOf(error: Error): string {
  try {
    return inspect(error, { depth: 0, compact: true }).split('\n')[0]!;
  } catch {
    return reasonText(error);
  }
}
