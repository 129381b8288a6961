import {
  checkBoolean,
  checkChoice,
  checkDelay,
  checkInteger,
  checkOptions,
} from '../error/check.ts';
import { incorrect, TergoError } from '../error/tergo-error.ts';
import { LocalChildSpec, LocalChildTemplate } from './child-spec.ts';
import type { ChildSpec, ChildTemplate } from './child-spec.ts';
import { type Restart, RESTARTS } from './restart.ts';

/** Source: Ergo `act.SupervisorRestart`. */
const INTENSITY = 5;
const PERIOD_MS = 5000;

/** What every supervisor says of restarts. */
export interface RestartSpec {
  /** When a child is started again; `transient` by default. */
  readonly restart?: Restart;
  /**
   * How many restarts are allowed within `periodMs`; one more, and the supervisor ends by
   * `supervisor-restarts-exceeded`. 5 by default, 0 allows none. A group that restarts counts once.
   */
  readonly intensity?: number;
  /** The window of `intensity`, ms; it slides. 5000 by default. */
  readonly periodMs?: number;
}

/**
 * What `init` of a supervisor returns: which children, and what happens when one of them ends.
 *
 * - `one-for-one`: a child that is to be restarted is; the others do not notice.
 * - `all-for-one`: all others are stopped, then all start in order.
 * - `rest-for-one`: those after it are stopped, then it and they start in order.
 * - `simple-one-for-one`: children are instances of templates, started by `startChild`; otherwise as one-for-one.
 *
 * Source: Ergo `act.SupervisorSpec`, OTP supervisor flags.
 */
export type SupervisorSpec = RestartSpec & (OneForOneSpec | GroupSpec | SimpleSpec);

/** The children have names and start in order, but end each for itself. */
export interface OneForOneSpec {
  readonly strategy: 'one-for-one';
  /** In the order in which they start; at least one, no name twice. */
  readonly children: readonly ChildSpec[];
  /**
   * Whether the supervisor ends, for the same reason, when its last running child has ended and stays
   * away; true by default. The end of a permanent child never counts.
   */
  readonly autoShutdown?: boolean;
}

/** The children have names, start in order and are restarted together. */
export interface GroupSpec {
  readonly strategy: 'all-for-one' | 'rest-for-one';
  /** In the order in which they start; at least one, no name twice. */
  readonly children: readonly ChildSpec[];
  /**
   * Whether children that stop for a restart do so one by one, in reverse order, each waiting for the one
   * before; false by default: all are told at once, in that order.
   */
  readonly keepOrder?: boolean;
  /** As with one-for-one. */
  readonly autoShutdown?: boolean;
}

/** The children are instances of templates. */
export interface SimpleSpec {
  readonly strategy: 'simple-one-for-one';
  /** At least one, no name twice. */
  readonly children: readonly ChildTemplate[];
}

/** A checked spec with its defaults filled in. @internal */
export type CheckedSpec = {
  readonly restart: Restart;
  readonly intensity: number;
  readonly periodMs: number;
} & (
  | {
      readonly strategy: 'one-for-one' | 'all-for-one' | 'rest-for-one';
      readonly children: readonly LocalChildSpec[];
      readonly keepOrder: boolean;
      readonly autoShutdown: boolean;
    }
  | { readonly strategy: 'simple-one-for-one'; readonly children: readonly LocalChildTemplate[] }
);

const STRATEGIES = ['one-for-one', 'all-for-one', 'rest-for-one', 'simple-one-for-one'];
const COMMON_KEYS = ['strategy', 'children', 'restart', 'intensity', 'periodMs'];
const KEYS: Readonly<Record<SupervisorSpec['strategy'], readonly string[]>> = {
  'one-for-one': [...COMMON_KEYS, 'autoShutdown'],
  'all-for-one': [...COMMON_KEYS, 'autoShutdown', 'keepOrder'],
  'rest-for-one': [...COMMON_KEYS, 'autoShutdown', 'keepOrder'],
  'simple-one-for-one': COMMON_KEYS,
};

/** Throws `incorrect` or `child-duplicate`, naming the key, unless this is a spec. @internal */
export function checkSpec(spec: SupervisorSpec): CheckedSpec {
  if (typeof spec !== 'object' || spec === null)
    throw incorrect('spec', 'what init returns: an object with strategy and children', spec);
  checkChoice('spec.strategy', spec.strategy, STRATEGIES);
  checkOptions('spec', spec, KEYS[spec.strategy]);
  const { restart = 'transient' } = spec;
  checkChoice('spec.restart', restart, RESTARTS);
  const common = { restart, ...checkRestartLimit(spec) };
  if (spec.strategy === 'simple-one-for-one') {
    const children = checkChildren(spec.children, LocalChildTemplate, 'childTemplate');
    return { ...common, strategy: spec.strategy, children };
  }
  const { autoShutdown = true } = spec;
  checkBoolean('spec.autoShutdown', autoShutdown);
  const { keepOrder = false } = spec.strategy === 'one-for-one' ? {} : spec;
  checkBoolean('spec.keepOrder', keepOrder);
  const children = checkChildren(spec.children, LocalChildSpec, 'childSpec');
  return { ...common, strategy: spec.strategy, children, keepOrder, autoShutdown };
}

/** How many restarts within which time a spec allows, with the defaults filled in. Throws `incorrect`. @internal */
export function checkRestartLimit({
  intensity = INTENSITY,
  periodMs = PERIOD_MS,
}: Omit<RestartSpec, 'restart'>): Required<Omit<RestartSpec, 'restart'>> {
  checkInteger('spec.intensity', intensity, 0);
  checkDelay('spec.periodMs', periodMs, 1);
  return { intensity, periodMs };
}

/** A list of what one function made, no name twice. */
function checkChildren<T extends { readonly name: string }>(
  children: unknown,
  type: new (...args: never[]) => T,
  maker: string,
): readonly T[] {
  if (!Array.isArray(children) || children.length === 0)
    throw incorrect('spec.children', `a list with at least one ${maker}(…)`, children);
  const names = new Set<string>();
  return children.map((child: unknown, at) => {
    if (!(child instanceof type))
      throw incorrect(`spec.children[${at}]`, `what ${maker} gives`, child);
    if (names.has(child.name)) {
      const text = `spec.children[${at}].name must be of its own, but '${child.name}' is there already`;
      throw new TergoError('child-duplicate', text);
    }
    names.add(child.name);
    return child;
  });
}
