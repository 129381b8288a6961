import type { Behaviour } from '../actor/behaviour.ts';
import {
  checkBoolean,
  checkChoice,
  checkDelay,
  checkInteger,
  checkName,
  checkOptions,
} from '../error/check.ts';
import { supervises } from '../process/process-context.ts';
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
import type { ChildLimit, ChildPlan, ChildRule } from './child.ts';
import type { OnExceed } from './child-info.ts';
import { type Restart, RESTARTS } from './restart.ts';

declare const childOf: unique symbol;
declare const instanceOf: unique symbol;

/** How long a child that is no supervisor may take to end, ms. Source: OTP's `shutdown` of a worker. */
const SHUTDOWN_TIMEOUT_MS = 5000;

/**
 * A child together with its arguments: only `childSpec` makes one, so that each element of a list was
 * checked against its own class.
 */
export interface ChildSpec<P = never> {
  /** Under this name it is registered, and known to its supervisor. */
  readonly name: string;
  /** For the type checker only. */
  readonly [childOf]: (protocol: P) => void;
}

/** A kind of child that a simple-one-for-one supervisor starts on demand: only `childTemplate` makes one. */
export interface ChildTemplate<P = never, Args extends readonly unknown[] = never> {
  /** Under this name it is known to its supervisor; its instances are not registered. */
  readonly name: string;
  /** For the type checker only. */
  readonly [instanceOf]: (protocol: P, args: Args) => void;
}

/** How a child is supervised. */
export interface SupervisionOptions {
  /** When it is started again; as the supervisor says by default. */
  readonly restart?: Restart;
  /**
   * How many restarts of this child are allowed within `periodMs`. With this, `periodMs` or `onExceed` a
   * child has limits of its own: its restarts do not count among the supervisor's. What of the two is
   * left out is as the supervisor says. For a template the limits are those of each instance.
   */
  readonly intensity?: number;
  /** The window of `intensity`, ms. */
  readonly periodMs?: number;
  /**
   * What happens when its own limits are exceeded: `terminate`, the default – the supervisor ends by
   * `supervisor-restarts-exceeded`; `disable` – the child stays away until `enableChild`, an instance of
   * a template for good, and that is logged as an error.
   */
  readonly onExceed?: OnExceed;
  /**
   * How long it may take to end when its supervisor stops it, its `terminate` included, ms; then it is
   * killed, which is logged as an error. 5000 by default, `Infinity` for a child that is itself a
   * supervisor; 0 kills it without asking.
   */
  readonly shutdownTimeoutMs?: number;
}

/** How children are run: everything that `spawn` takes; the links between child and supervisor are always made. */
export type ChildProcessOptions = Omit<ProcessOptions, 'linkParent' | 'linkChild'>;

/** Everything that `childSpec` takes beside name and class. */
export type ChildOptions<Args extends readonly unknown[]> = ChildProcessOptions &
  SupervisionOptions &
  WithArgs<Args> & {
    /**
     * Its end is the end of the supervisor, unless it is to be restarted; false by default. Without effect
     * for a permanent child, as that is always restarted.
     */
    readonly significant?: boolean;
  };

/** Everything that `childTemplate` takes beside name and class. */
export type TemplateOptions = ChildProcessOptions & SupervisionOptions;

/**
 * A child for the `children` of a supervisor, for `addChild` or the group of an application. `args` are
 * required exactly when `init` of the class has a required parameter. Throws `incorrect`, naming the key.
 *
 * @example
 * childSpec(counterName, Counter, { args: [10] })
 */
export function childSpec<P, Args extends readonly unknown[]>(
  name: ProcessName<NoInfer<P>>,
  behaviour: Behaviour<P, Args>,
  ...options: Optional<ChildOptions<NoInfer<Args>>>
): ChildSpec<P>;
export function childSpec(name: string, behaviour: unknown, options?: AnyChildOptions): unknown {
  return new LocalChildSpec(name, behaviour, options);
}

/**
 * A kind of child for a simple-one-for-one supervisor; `startChild` gives each instance its arguments.
 * Throws `incorrect`, naming the key.
 *
 * @example
 * const worker: ChildTemplate<WorkerProtocol, [url: string]> = childTemplate('worker', Worker);
 */
export function childTemplate<P, Args extends readonly unknown[]>(
  name: string,
  behaviour: Behaviour<P, Args>,
  options?: TemplateOptions,
): ChildTemplate<P, Args>;
export function childTemplate(
  name: string,
  behaviour: unknown,
  options?: AnyChildOptions,
): unknown {
  return new LocalChildTemplate(name, behaviour, options);
}

/** Options without their types, as they come. */
type AnyChildOptions = AnySpawnOptions & SupervisionOptions & { readonly significant?: boolean };

/** What it takes to spawn a child. @internal */
export interface ChildStart {
  readonly behaviour: new () => object;
  readonly options: AnySpawnOptions;
}

/** @internal */
export class LocalChildSpec implements ChildSpec<never>, ChildPlan<ChildStart> {
  declare readonly [childOf]: (protocol: never) => void;
  readonly rule: ChildRule;
  readonly start: ChildStart;

  constructor(name: unknown, behaviour: unknown, options: AnyChildOptions = {}) {
    checkName('name', name);
    checkBehaviour(behaviour);
    checkOptions('options', options, CHILD_KEYS);
    this.rule = ruleOf(name, behaviour, options);
    const spawn = spawnOptionsOf(options);
    this.start = { behaviour, options: { ...spawn, name, linkChild: true, linkParent: true } };
    Object.freeze(this);
  }

  get name(): string {
    return this.rule.name;
  }
}

/** @internal */
export class LocalChildTemplate implements ChildTemplate<never, never> {
  declare readonly [instanceOf]: (protocol: never, args: never) => void;
  readonly rule: ChildRule;
  readonly #start: ChildStart;

  constructor(name: unknown, behaviour: unknown, options: AnyChildOptions = {}) {
    checkName('name', name);
    checkBehaviour(behaviour);
    checkOptions('options', options, TEMPLATE_KEYS);
    this.rule = ruleOf(name, behaviour, options);
    const spawn = spawnOptionsOf(options);
    this.#start = { behaviour, options: { ...spawn, linkChild: true, linkParent: true } };
    Object.freeze(this);
  }

  get name(): string {
    return this.rule.name;
  }

  /** An instance with its arguments. */
  with(args: readonly unknown[] | undefined): ChildPlan<ChildStart> {
    const { behaviour, options } = this.#start;
    const start = {
      behaviour,
      options: args === undefined ? options : { ...options, args: [...args] },
    };
    return { rule: this.rule, start };
  }
}

const SUPERVISION_KEYS = [
  'restart',
  'intensity',
  'periodMs',
  'onExceed',
  'shutdownTimeoutMs',
  'significant',
];
/** What the supervisor itself sees to. */
const RESERVED_KEYS = ['name', 'linkParent', 'linkChild'];
const CHILD_KEYS = [
  ...SPAWN_KEYS.filter((key) => !RESERVED_KEYS.includes(key)),
  ...SUPERVISION_KEYS,
];
const TEMPLATE_KEYS = CHILD_KEYS.filter((key) => key !== 'args' && key !== 'significant');

/** What of the options `spawn` takes, checked. */
function spawnOptionsOf(options: AnyChildOptions): AnySpawnOptions {
  const entries = Object.entries(options).filter(([key]) => !SUPERVISION_KEYS.includes(key));
  const spawn: AnySpawnOptions = Object.fromEntries(entries);
  checkSpawnOptions(spawn);
  return keptOptions(spawn);
}

function ruleOf(
  name: string,
  behaviour: ChildStart['behaviour'],
  options: AnyChildOptions,
): ChildRule {
  checkSupervision(options);
  const { restart, significant: isSignificant = false } = options;
  const shutdownTimeoutMs = shutdownTimeoutOf(behaviour, options.shutdownTimeoutMs);
  return { name, restart, isSignificant, limit: limitOf(options), shutdownTimeoutMs };
}

/** How long a child may take to end, ms: without limit if it has to end others, and nothing is said. Throws `incorrect`. @internal */
export function shutdownTimeoutOf(
  { prototype }: ChildStart['behaviour'],
  shutdownTimeoutMs: number | undefined,
): number {
  if (shutdownTimeoutMs === undefined)
    return prototype[supervises] === undefined ? SHUTDOWN_TIMEOUT_MS : Infinity;
  if (shutdownTimeoutMs !== Infinity) checkDelay('options.shutdownTimeoutMs', shutdownTimeoutMs, 0);
  return shutdownTimeoutMs;
}

function limitOf({ intensity, periodMs, onExceed }: AnyChildOptions): ChildLimit | undefined {
  if (intensity === undefined && periodMs === undefined && onExceed === undefined) return undefined;
  return { intensity, periodMs, onExceed: onExceed ?? 'terminate' };
}

function checkSupervision(options: AnyChildOptions): void {
  const { restart, intensity, periodMs, onExceed, significant } = options;
  if (restart !== undefined) checkChoice('options.restart', restart, RESTARTS);
  if (intensity !== undefined) checkInteger('options.intensity', intensity, 0);
  if (periodMs !== undefined) checkDelay('options.periodMs', periodMs, 1);
  if (onExceed !== undefined) checkChoice('options.onExceed', onExceed, ['terminate', 'disable']);
  if (significant !== undefined) checkBoolean('options.significant', significant);
}
