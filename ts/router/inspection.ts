import { pick } from '../actor/inspection.ts';
import type { RouteEntry } from './route-entry.ts';
import type { RouteInfo } from './route-info.ts';
import type { CheckedRouterSpec } from './router-spec.ts';
import type { Routes } from './routes.ts';

/** How a router describes a route. */
export function routeInfo(entry: RouteEntry): RouteInfo {
  const { name, isDisabled, restarts, forwarded, failed, plan } = entry;
  const isOwned = 'start' in plan;
  const target = isOwned ? plan.start.behaviour.name : plan.to;
  return { name, isOwned, target, pid: entry.pid, isDisabled, restarts, forwarded, failed };
}

/** What a router answers to an inspection; of `items` only those, without any all. */
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
