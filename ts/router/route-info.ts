import { pick } from '../actor/inspection.ts';
import type { AnyPid } from '../process/pid.ts';
import type { RouteEntry } from './route-entry.ts';
import type { CheckedRouterSpec } from './router-spec.ts';
import type { Routes } from './routes.ts';

/** What is known of a route. */
export interface RouteInfo {
  readonly name: string;
  /** Whether the router spawns its process. */
  readonly isOwned: boolean;
  /** The name of the class of an owned one, the process name of a registered one. */
  readonly target: string;
  /** The process at its end that lives now. */
  readonly pid: AnyPid | undefined;
  readonly isDisabled: boolean;
  /** How often its process was respawned. */
  readonly restarts: number;
  /** What went there. */
  readonly forwarded: number;
  /** What should have gone there and could not. */
  readonly failed: number;
}

/** How a router describes a route. @internal */
export function routeInfo(entry: RouteEntry): RouteInfo {
  const { name, isDisabled, restarts, forwarded, failed, plan } = entry;
  const isOwned = 'start' in plan;
  const target = isOwned ? plan.start.behaviour.name : plan.to;
  return { name, isOwned, target, pid: entry.pid, isDisabled, restarts, forwarded, failed };
}

/** What a router answers to an inspection; of `items` only those, without any all. @internal */
export function describeRouter(
  spec: CheckedRouterSpec,
  routes: Routes,
  items: readonly string[],
): Record<string, string> {
  const plain = (): object[] =>
    routes.entries().map((entry) => ({ ...routeInfo(entry), pid: entry.pid?.toString() }));
  const known = {
    routes: () => JSON.stringify(plain()),
    fallback: () => spec.fallback ?? '',
    intensity: () => spec.intensity,
    periodMs: () => spec.periodMs,
    forwarded: () => routes.forwarded,
    discarded: () => routes.discarded,
    failed: () => routes.failed,
  };
  return pick(known, items);
}
