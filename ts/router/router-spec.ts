import type { Behaviour } from '../actor/behaviour.ts';
import { checkName, checkOptions } from '../error/check.ts';
import { incorrect, TergoError } from '../error/tergo-error.ts';
import type { ProcessName } from '../process/process-name.ts';
import {
  type AnySpawnOptions,
  checkSpawnOptions,
  keptOptions,
  type Optional,
  type ProcessOptions,
  SPAWN_KEYS,
  type WithArgs,
} from '../process/process-options.ts';
import { checkBehaviour } from '../process/process.ts';
import type { Accepts, EventOf } from '../protocol/protocol.ts';
import { type ChildStart, shutdownTimeoutOf } from '../supervisor/child-spec.ts';
import { checkRestartLimit } from '../supervisor/supervisor-spec.ts';

declare const shape: unique symbol;
declare const takes: unique symbol;

/**
 * A named way on: only `route` and `routeTo` make one. Contravariant like a pid: whatever accepts at least
 * what the router does fits.
 */
export interface Route<P = never> extends Accepts<P> {
  // First on purpose, as in Accepts.
  /** @ignore */ readonly [shape]?: (protocol: { [K in keyof P]?: never }) => void;
  /** What the callbacks of the router return for it. */
  readonly name: string;
  /** For the type checker only. */
  readonly [takes]: (event: EventOf<P>) => void;
}

/** What `init` of a router returns. */
export interface RouterSpec<P> {
  /** No name twice; more can be added later. */
  readonly routes: readonly Route<P>[];
  /** Where everything goes for which the callbacks return nothing; without one that has failed. */
  readonly fallback?: string;
  /** How often the process of one route may be respawned within `periodMs`; one more, and the route is disabled. 5 by default. */
  readonly intensity?: number;
  /** The window of `intensity`, ms; it slides. 5000 by default. */
  readonly periodMs?: number;
}

/** How the process of an owned route is run. */
export type RouteOptions<Args extends readonly unknown[]> = Omit<
  ProcessOptions,
  'linkParent' | 'linkChild'
> &
  WithArgs<Args> & {
    /**
     * How long it may take to end when its router has ended, its `terminate` included, ms; then it is killed,
     * which is logged as an error. 5000 by default, `Infinity` for a supervisor, a pool or a router.
     */
    readonly shutdownTimeoutMs?: number;
  };

/**
 * An owned route: its process is spawned by the router and respawned whenever it ends. Throws
 * `incorrect`, naming the key.
 *
 * @example
 * route('orders', Orders, { args: [10] })
 */
export function route<P, Args extends readonly unknown[]>(
  name: string,
  behaviour: Behaviour<P, Args>,
  ...options: Optional<RouteOptions<NoInfer<Args>>>
): Route<P>;
export function route(name: string, behaviour: unknown, options?: AnyRouteOptions): unknown {
  return new OwnedRoute(name, behaviour, options);
}

/**
 * A registered route: whoever has the process name `to` when something comes. Throws `incorrect`.
 *
 * @example
 * routeTo('audit', auditName)
 */
export function routeTo<P = never>(name: string, to: ProcessName<P>): Route<NoInfer<P>>;
export function routeTo(name: string, to: unknown): unknown {
  return new RegisteredRoute(name, to);
}

type AnyRouteOptions = AnySpawnOptions & { readonly shutdownTimeoutMs?: number };

/** A process of the router's own. @internal */
export class OwnedRoute {
  readonly name: string;
  readonly rule: { readonly name: string; readonly shutdownTimeoutMs: number };
  readonly start: ChildStart;

  constructor(name: unknown, behaviour: unknown, options: AnyRouteOptions = {}) {
    checkName('name', name);
    checkBehaviour(behaviour);
    checkOptions('options', options, ROUTE_KEYS);
    const { shutdownTimeoutMs: givenMs, ...rest } = options;
    checkSpawnOptions(rest);
    this.name = name;
    const shutdownTimeoutMs = shutdownTimeoutOf(behaviour, givenMs);
    this.rule = { name: `route ${name}`, shutdownTimeoutMs };
    this.start = {
      behaviour,
      options: { ...keptOptions(rest), linkParent: true, linkChild: true },
    };
    Object.freeze(this);
  }
}

/** A process that somebody else keeps. @internal */
export class RegisteredRoute {
  readonly name: string;
  readonly to: string;

  constructor(name: unknown, to: unknown) {
    checkName('name', name);
    checkName('to', to);
    this.name = name;
    this.to = to;
    Object.freeze(this);
  }
}

/** @internal */
export type LocalRoute = OwnedRoute | RegisteredRoute;

/** A checked spec with its defaults filled in. @internal */
export interface CheckedRouterSpec {
  readonly routes: readonly LocalRoute[];
  readonly fallback: string | undefined;
  readonly intensity: number;
  readonly periodMs: number;
}

/** Throws `incorrect` or `taken`, naming the key, unless this is a spec. @internal */
export function checkRouterSpec(given: unknown): CheckedRouterSpec {
  if (typeof given !== 'object' || given === null)
    throw incorrect('spec', 'what init returns: an object with routes', given);
  const spec = given as RouterSpec<never>;
  checkOptions('spec', spec, ['routes', 'fallback', 'intensity', 'periodMs']);
  const { routes, fallback } = spec;
  const limit = checkRestartLimit(spec);
  if (fallback !== undefined) checkName('spec.fallback', fallback);
  if (!Array.isArray(routes))
    throw incorrect('spec.routes', 'a list of route(…) and routeTo(…)', routes);
  const names = new Set<string>();
  const checked = routes.map((each: unknown, at) => {
    const one = checkRoute(`spec.routes[${at}]`, each);
    if (names.has(one.name)) throw takenName(`spec.routes[${at}].name`, one.name);
    names.add(one.name);
    return one;
  });
  return { ...limit, routes: checked, fallback };
}

/** Throws `incorrect` unless this is a route. @internal */
export function checkRoute(argument: string, given: unknown): LocalRoute {
  if (given instanceof OwnedRoute || given instanceof RegisteredRoute) return given;
  throw incorrect(argument, 'what route or routeTo gives', given);
}

/** The error for a second route of a name. @internal */
export function takenName(argument: string, name: string): TergoError<'taken'> {
  return new TergoError('taken', `${argument} must be of its own, but there is a route '${name}'`);
}

/** What the router itself sees to. */
const RESERVED_KEYS = ['name', 'linkParent', 'linkChild'];
const ROUTE_KEYS = [
  ...SPAWN_KEYS.filter((key) => !RESERVED_KEYS.includes(key)),
  'shutdownTimeoutMs',
];
