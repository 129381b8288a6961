import type { Messaging } from '../node/messaging.ts';
import type { LocalPid } from '../process/pid.ts';
import { RemoteName } from '../far/remote-name.ts';
import type { Peer } from '../process/peer.ts';
import type { ChildProcess } from '../supervisor/child-processes.ts';
import { RestartWindow } from '../supervisor/restart-window.ts';
import type { RouteFailureCode } from './routed.ts';
import type { CheckedRouterSpec, LocalRoute } from './router-spec.ts';

/** The process of an owned route, from one start to its end. */
export interface RouteProcess extends ChildProcess {
  /** To which route it belongs now. */
  entry: RouteEntry;
  /** Whether its exit has come. */
  isHeard: boolean;
}

/** An entry of the router's mailbox. */
export interface Waiting {
  readonly kind: number;
  readonly payload: number;
}

/** One route of a router, across the processes that it leads to. */
export class RouteEntry {
  plan: LocalRoute;
  isDisabled = false;
  restarts = 0;
  forwarded = 0;
  failed = 0;
  /** The last process of an owned route, and the same for its end. */
  record: Peer | undefined = undefined;
  /** Whether the next one is on its way. */
  isStarting = false;
  process: RouteProcess | undefined = undefined;
  /** Who is about to come up on another thread: nothing is known of it before. */
  coming: RouteProcess | undefined = undefined;
  /** Whether it was removed before that: who is coming is to do what waits for it, and to end. */
  isRemoved = false;
  /** What waits for that one. */
  readonly waiting: Waiting[] = [];
  readonly window: RestartWindow;
  readonly #messaging: Messaging;

  constructor(plan: LocalRoute, { intensity, periodMs }: CheckedRouterSpec, messaging: Messaging) {
    this.plan = plan;
    this.window = new RestartWindow(intensity, periodMs);
    this.#messaging = messaging;
  }

  /** Whether one entry more may wait for who is coming: as many as fit into its mailbox. */
  get hasRoom(): boolean {
    const { mailboxSize = 0 } = this.coming?.start.options ?? {};
    return mailboxSize === 0 || this.waiting.length < mailboxSize;
  }

  get name(): string {
    return this.plan.name;
  }

  /** The process at its end, if one lives. */
  get pid(): LocalPid | undefined {
    const target = this.resolve();
    // Of a name on another node nobody here knows whose it is.
    if (typeof target === 'string' || target instanceof RemoteName) return undefined;
    return target.pid;
  }

  /** Who is at its end, or why nobody is. */
  resolve(): Peer | RouteFailureCode {
    if ('start' in this.plan)
      return this.record?.isAlive === true ? this.record : 'process-terminated';
    const target = this.#messaging.resolve(this.plan.to);
    if (typeof target !== 'string') return target;
    return target === 'name-unknown' ? target : 'process-unknown';
  }
}
