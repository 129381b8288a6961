import type { Behaviour } from '../actor/behaviour.ts';
import { checkInteger, checkOptions } from '../error/check.ts';
import { incorrect } from '../error/tergo-error.ts';
import {
  type AnySpawnOptions,
  checkSpawnOptions,
  keptOptions,
  type Optional,
  type Placement,
  type ProcessOptions,
  SPAWN_KEYS,
  type WithArgs,
} from '../process/process-options.ts';
import { checkBehaviour } from '../process/process.ts';
import type { Accepts, EventOf, MessageOf, RequestOf } from '../protocol/protocol.ts';
import { type ChildStart, shutdownTimeoutOf } from '../supervisor/child-spec.ts';
import { LocalConsistentHash } from './consistent-hash.ts';
import type { PoolRoute } from './pool-route.ts';

declare const shape: unique symbol;
declare const takes: unique symbol;

/** Source: Ergo `act.PoolOptions`. */
const SIZE = 3;
/** The most workers. @internal */
export const MAX_SIZE = 1_000_000;
/** A limit that is none: a mailbox with a limit is counted, and that is what the least loaded is chosen by. */
const COUNTED = 2 ** 31;

/**
 * The workers of a pool: only `poolSpec` makes one. Contravariant like a pid: workers that accept more
 * than the pool does fit as well.
 */
export interface PoolSpec<P = never> extends Accepts<P> {
  // First on purpose, as in Accepts.
  /** @ignore */ readonly [shape]?: (protocol: { [K in keyof P]?: never }) => void;
  /** How many workers there are at first. */
  readonly size: number;
  /** For the type checker only. */
  readonly [takes]: (event: EventOf<P>) => void;
}

/** What a pool hands on: a message, a request, or what was published. */
export type ItemOf<P> = MessageOf<P> | RequestOf<P> | EventOf<P>;

/** How the workers of a pool are run and chosen. */
export type PoolOptions<P> = Omit<
  ProcessOptions,
  'mailboxSize' | 'fallback' | 'linkParent' | 'linkChild' | 'thread'
> & {
  /**
   * Where the workers live. By default they are spread over all threads of the node, one after the other, if its option
   * `behaviors` makes their class known, and live with the pool otherwise. See docs/threads.md.
   */
  readonly thread?: Placement;
  /** How many workers; 3 by default. */
  readonly size?: number;
  /**
   * The most messages in each queue of a worker's mailbox; 0, the default, is no limit. What finds a full
   * mailbox goes to the next worker; with `consistentHash` it does not, for the order of a key.
   */
  readonly workerMailboxSize?: number;
  /** Which worker gets a message; `round-robin` by default. */
  readonly route?: PoolRoute<ItemOf<P>>;
  /**
   * How long a worker may take to end when its pool has ended, its `terminate` included, ms; then it is
   * killed, which is logged as an error. 5000 by default, `Infinity` for workers that are supervisors or
   * pools themselves.
   */
  readonly shutdownTimeoutMs?: number;
};

/**
 * What `init` of a pool returns: the class of the workers and how they are run; `args` go to the `init` of
 * each. Throws `incorrect`, naming the key.
 *
 * @example
 * poolSpec(Resizer, { size: 4, args: ['/tmp'], workerMailboxSize: 100 })
 */
export function poolSpec<P, Args extends readonly unknown[]>(
  worker: Behaviour<P, Args>,
  ...options: Optional<WithArgs<NoInfer<Args>> & PoolOptions<NoInfer<P>>>
): PoolSpec<P>;
export function poolSpec(worker: unknown, options?: AnyPoolOptions): unknown {
  return new LocalPoolSpec(worker, options);
}

type AnyPoolOptions = AnySpawnOptions & PoolOptions<never>;

/** A checked spec with its defaults filled in. @internal */
export class LocalPoolSpec {
  readonly size: number;
  readonly route: PoolRoute<never>;
  /** 0: no limit. */
  readonly workerMailboxSize: number;
  readonly shutdownTimeoutMs: number;
  readonly start: ChildStart;

  constructor(worker: unknown, options: AnyPoolOptions = {}) {
    checkBehaviour(worker, 'worker');
    checkOptions('options', options, POOL_KEYS);
    const { size = SIZE, workerMailboxSize = 0, route = 'round-robin', ...others } = options;
    const { shutdownTimeoutMs, ...rest } = others;
    checkInteger('options.size', size, 1, MAX_SIZE);
    checkInteger('options.workerMailboxSize', workerMailboxSize, 0, COUNTED);
    checkRoute(route);
    checkSpawnOptions(rest);
    this.size = size;
    this.route = route;
    this.workerMailboxSize = workerMailboxSize;
    this.shutdownTimeoutMs = shutdownTimeoutOf(worker, shutdownTimeoutMs);
    const mailboxSize =
      workerMailboxSize === 0 && route === 'least-loaded' ? COUNTED : workerMailboxSize;
    this.start = {
      behaviour: worker,
      options: { ...keptOptions(rest), mailboxSize, linkParent: true },
    };
    Object.freeze(this);
  }
}

/** Throws `incorrect` unless this is what `poolSpec` gives. @internal */
export function checkPoolSpec(spec: unknown): LocalPoolSpec {
  if (spec instanceof LocalPoolSpec) return spec;
  throw incorrect('spec', 'what init returns: poolSpec(…)', spec);
}

const OWN_KEYS = ['size', 'workerMailboxSize', 'route', 'shutdownTimeoutMs'];
/** What the pool itself sees to. */
const RESERVED_KEYS = ['name', 'mailboxSize', 'fallback', 'linkParent', 'linkChild'];
const POOL_KEYS = [...SPAWN_KEYS.filter((key) => !RESERVED_KEYS.includes(key)), ...OWN_KEYS];

function checkRoute(route: unknown): void {
  if (route === 'round-robin' || route === 'least-loaded' || route instanceof LocalConsistentHash)
    return;
  throw incorrect(
    'options.route',
    "'round-robin', 'least-loaded' or what consistentHash gives",
    route,
  );
}
