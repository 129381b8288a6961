import { checkInit, ForwardingProcess } from '../actor/forwarding-process.ts';
import type { Answer, MaybePromise, Next } from '../actor/outcome.ts';
import { noreply } from '../actor/outcome.ts';
import { checkName } from '../error/check.ts';
import type { EventMeta } from '../event/event-message.ts';
import { KIND_EVENT, KIND_REQUEST } from '../native/layout.ts';
import { failure } from '../node/messaging.ts';
import type { Envelope } from '../process/envelope.ts';
import type { LocalPid, Pid } from '../process/pid.ts';
import { aftermath, context, handOn, initialise, supervises } from '../process/process-context.ts';
import { TAKES_EXITS } from '../process/process-record.ts';
import type { EventOf, MessageOf, RequestOf } from '../protocol/protocol.ts';
import type { Exit } from '../relation/ended.ts';
import { describeRouter, routeInfo } from './inspection.ts';
import type { RouteInfo } from './route-info.ts';
import type { Routed } from './routed.ts';
import {
  checkRoute,
  checkRouterSpec,
  type CheckedRouterSpec,
  type Route,
  type RouterSpec,
} from './router-spec.ts';
import { Routes } from './routes.ts';

/**
 * Decides for each message, call and event of normal priority by which of its named routes it goes on. The
 * process at the end of the route sees the original sender and answers a call directly. What comes at high or max
 * priority is for the router itself, as with a `Pool`.
 *
 * - `init` returns the spec. The processes of owned routes (`route`) start all at once; the spawn resolves when they
 *   are up. Whenever one ends, for whatever reason, it is respawned at once; messages meanwhile wait for the new one. Too often, and the
 *   route is disabled, which is logged as an error. A registered route (`routeTo`) leads to whoever has the name.
 * - `routeMessage`, `routeCall` and `routeEvent` name the route, or `discard`, or nothing: the fallback of the spec.
 *   They are synchronous; what one throws ends the router.
 * - What cannot be handed on has failed: a call is rejected with the reason; of a message its sender hears by
 *   `handleRouteFailed`, if it has that callback. The router hears of all of them by the same callback. Failures are counted, and logged once a second.
 * - When the router ends, the processes of owned routes follow by their links.
 *
 * Source: Ergo `act.Router`.
 *
 * @example
 * class Shops extends Router<ShopProtocol> {
 *   override init(): RouterSpec<ShopProtocol> {
 *     return { routes: [route('at', Shop, { args: ['at'] }), route('de', Shop, { args: ['de'] })], fallback: 'at' };
 *   }
 *   override routeMessage({ country }: Order): Routed { return country; }
 * }
 */
export abstract class Router<P> extends ForwardingProcess<P> {
  #spec: CheckedRouterSpec | undefined;
  #routes: Routes | undefined;

  constructor() {
    super();
    this[context].flags |= TAKES_EXITS;
    checkInit(this);
  }

  /** Gives the spec. The spawn rejects with `incorrect` or `taken`, naming the key, when it is none. */
  abstract override init(...args: never[]): MaybePromise<RouterSpec<P>>;

  /** The route of a message; without this callback the fallback. */
  routeMessage?(message: MessageOf<P>, from: Pid<unknown>): Routed;
  /** The route of a call; without this callback the fallback. */
  routeCall?(request: RequestOf<P>, from: Pid<unknown>): Routed;
  /** The route of what was published; without this callback the fallback. */
  routeEvent?(message: EventOf<P>, event: EventMeta): Routed;

  /** The routes in the order in which they were added. Throws `not-allowed` before `init` has returned the spec. */
  routes(): readonly RouteInfo[] {
    return this.#running.entries().map(routeInfo);
  }

  /**
   * Adds a route; resolves when its process, if it is an owned one, is up. Rejects with `taken`, with what its `init` threw,
   * with `incorrect`, and with `not-allowed` before `init` has returned the spec or when the router has ended;
   * then nothing has changed. Await it in a callback.
   */
  async addRoute(route: Route<P>): Promise<void> {
    await this.#running.add(checkRoute('route', route));
  }

  /**
   * Takes a route away; its process, if it is an owned one, ends with the reason `normal` when it has done what waits for it.
   * Rejects with `route-unknown`, otherwise like `addRoute`.
   */
  async removeRoute(name: string): Promise<void> {
    checkName('name', name);
    this.#running.remove(name);
  }

  /** Lets nothing go that way until `enableRoute`; its process lives on, but is not respawned. Rejects like `removeRoute`. */
  async disableRoute(name: string): Promise<void> {
    checkName('name', name);
    this.#running.disable(name);
  }

  /**
   * Opens a disabled route again; what is owned and does not live is started first. Rejects with what its `init` threw, then the route
   * stays disabled; otherwise like `removeRoute`. One that is not disabled stays as it is.
   */
  async enableRoute(name: string): Promise<void> {
    checkName('name', name);
    await this.#running.enable(name);
  }

  /**
   * Puts another route in the place of the one of the same name, once its process is up. The process that was there ends with the
   * reason `normal` when it has done what waits for it. Rejects like `enableRoute`; then all is as before.
   */
  async replaceRoute(route: Route<P>): Promise<void> {
    const checked = checkRoute('route', route);
    await this.#running.replace(checked.name, checked);
  }

  /** Puts a new process of the same kind in the place of that of an owned route. Like `replaceRoute`; `not-allowed` for a registered one. */
  async respawnRoute(name: string): Promise<void> {
    checkName('name', name);
    await this.#running.replace(name);
  }

  /** Calls the callback that an entry is for that is for the router itself. Override it only to see those; then call `super.receive`. */
  override receive(envelope: Envelope): MaybePromise<Next | Answer | object> {
    if (envelope.kind === 'exit') return this.#exited(envelope.exit, envelope);
    if (envelope.kind !== 'inspect') return super.receive(envelope);
    const { items, from } = envelope;
    const own = describeRouter(this.#spec!, this.#running, items);
    return { ...own, ...this.handleInspect?.(items, from) };
  }

  /** @internal */
  override async [initialise](args: readonly unknown[]): Promise<void> {
    this.#spec = checkRouterSpec(await this.init(...(args as never[])));
    this.#routes = new Routes(this[context], this.#spec);
    await this.#routes.begin();
  }

  /** @internal */
  override [handOn](kind: number, payload: number): void {
    this.#routes!.handOn(this.#decide(kind, payload), kind, payload);
  }

  /** @internal */
  override [supervises](pid: LocalPid): boolean {
    return this.#routes?.has(pid) === true;
  }

  /** @internal */
  override [aftermath](): Promise<void> | undefined {
    return this.#routes?.aftermath();
  }

  get #running(): Routes {
    if (this.#routes === undefined)
      throw failure('not-allowed', 'a router has no routes before its init has returned the spec');
    return this.#routes;
  }

  #decide(kind: number, payload: number): unknown {
    const { forwarding } = this[context].runtime;
    const body = forwarding.bodyOf(kind, payload);
    if (kind === KIND_EVENT)
      return this.routeEvent?.(body as EventOf<P>, forwarding.eventOf(payload));
    const from = forwarding.senderOf(payload);
    return kind === KIND_REQUEST
      ? this.routeCall?.(body as RequestOf<P>, from)
      : this.routeMessage?.(body as MessageOf<P>, from);
  }

  /** That of a route is dealt with; of others it is obeyed or trapped, as by any process. */
  #exited(exit: Exit, envelope: Envelope): MaybePromise<Next | Answer | object> {
    if (this.#routes?.exited(exit) === true) return noreply;
    const record = this[context];
    const isParent = exit.kind === 'pid' && record.obeys(exit.pid);
    if (this.trapExit && !isParent) return super.receive(envelope);
    record.runtime.lifecycle.end(record, exit.reason, exit);
    return noreply;
  }
}
