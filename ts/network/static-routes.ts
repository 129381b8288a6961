import { TergoError } from '../error/tergo-error.ts';
import type { BindingNetwork, BindingRoute, BindingRouteCounts } from '../native/load.ts';
import type { NetworkFlags } from './network-flags.ts';
import type { NetworkRoute, NetworkRouteEntry } from './network-route.ts';
import type { LaidRoute, NetworkRouteInfo } from './route-info.ts';
import { routeWords } from './route-words.ts';

/** The static routes of a node. */
export class StaticRoutes {
  readonly #native: BindingNetwork;
  readonly #node: string;
  readonly #flags: NetworkFlags;
  readonly #laid = new Map<string, LaidRoute>();

  constructor(native: BindingNetwork, node: string, flags: NetworkFlags) {
    this.#native = native;
    this.#node = node;
    this.#flags = flags;
  }

  /** Throws `taken` when there is one of that pattern. */
  add(pattern: string, route: NetworkRoute, weight = 0): void {
    if (this.#laid.has(pattern))
      throw new TergoError('taken', `there is a route for '${pattern}' already; remove it first`);
    this.#native.addRoute(this.#wordsOf({ ...route, pattern, weight }));
    this.#note(pattern, route, weight);
  }

  /** In place of the one of that pattern, if there is one. */
  replace(pattern: string, route: NetworkRoute): void {
    this.#native.replaceRoute(this.#wordsOf({ ...route, pattern }));
    this.#laid.delete(pattern);
    this.#note(pattern, route, 0);
  }

  /** False when there is none of that pattern. */
  remove(pattern: string): boolean {
    if (!this.#laid.delete(pattern)) return false;
    this.#native.removeRoute(pattern);
    return true;
  }

  /** In the order in which they were laid. */
  list(nowMs: number): readonly NetworkRouteInfo[] {
    return [...this.#laid.values()].map((laid) =>
      routeInfo(laid, this.#native.routeCounts(laid.pattern), nowMs),
    );
  }

  #wordsOf(route: NetworkRouteEntry): BindingRoute {
    return routeWords(route, this.#node, this.#flags);
  }

  #note(pattern: string, { host, port, tls = false }: NetworkRoute, weight: number): void {
    this.#laid.set(pattern, { pattern, host, port, weight, isTls: tls !== false });
  }
}

/** What the network counts of a route, as users are told. */
function routeInfo(
  laid: LaidRoute,
  counted: BindingRouteCounts | null,
  nowMs: number,
): NetworkRouteInfo {
  const { dials = 0, successes = 0, lastFailure: message, failedAgoMs } = counted ?? {};
  const isFailed = typeof message === 'string';
  const lastFailure = isFailed ? { message, timeMs: nowMs - (failedAgoMs ?? 0) } : undefined;
  return { ...laid, dials, successes, lastFailure };
}
