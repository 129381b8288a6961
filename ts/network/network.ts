import type { Behaviour } from '../actor/behaviour.ts';
import { APPLICATION_STATES } from '../application/application-info.ts';
import { checkApplicationName, checkTags } from '../application/application-name.ts';
import { checkChoice, checkDelay, checkName, checkOptions } from '../error/check.ts';
import { incorrect, TergoError } from '../error/tergo-error.ts';
import { failure } from '../node/messaging.ts';
import { checkAnyNode } from '../node/node-name.ts';
import type { Runtime } from '../node/runtime.ts';
import { checkBehaviour } from '../process/process.ts';
import type { RemoteHome } from '../far/remote-home.ts';
import type { AcceptorInfo } from './acceptor-info.ts';
import type { AllowOptions } from './allow-options.ts';
import type { ApplicationRoute, ResolveOptions } from './application-route.ts';
import { checkCookie } from './check-cookie.ts';
import type { DialRoute } from './dial-route.ts';
import { ALL_FLAGS } from './features.ts';
import type { NetworkHost } from './network-host.ts';
import type { NetworkFlags } from './network-flags.ts';
import type { NetworkInfo, RegistrarInfo } from './network-info.ts';
import type { NetworkMode } from './network-options.ts';
import { RemoteNode } from './remote-node.ts';
import { checkPlace, checkRouteWeight, type NetworkRoute } from './network-route.ts';
import type { NetworkRouteInfo } from './route-info.ts';
import type { SpawnName } from './spawn-name.ts';

/** So many connections are tried that are lost as soon as they stand. */
const MOST_ATTEMPTS = 3;

/** How a connection is made. */
export interface ConnectOptions {
  /** After how many ms it rejects with `timeout`; the dial itself goes on. No limit by default, but every step has its own. */
  readonly timeoutMs?: number;
  /** Aborting it rejects with `aborted`; the dial itself goes on. */
  readonly signal?: AbortSignal;
  /** Where the node is: laid as a static route for its name alone, in place of one of the same pattern; it stays when the dial fails. */
  readonly route?: NetworkRoute;
}

/**
 * The network of a node: other nodes, and what they may ask for. Without the option `network` of `startNode` there is
 * none: its mode is `disabled`, and what needs a connection is refused with `no-connection`. Source: Ergo `gen.Network`.
 *
 * @example
 * node.network.enableSpawn(counterSpawn, Counter, { nodes: ['b@localhost'] });
 * const peer = await node.network.connect('b@localhost');
 */
export class Network {
  readonly #runtime: Runtime;

  /** @internal */
  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** How far the node takes part. */
  get mode(): NetworkMode {
    return this.#runtime.network?.mode ?? 'disabled';
  }

  /** What the node does with peers and for them. */
  get flags(): NetworkFlags {
    return this.#runtime.network?.flags ?? ALL_FLAGS;
  }

  /** The largest message that the node takes, bytes; 0 without a network. */
  get maxMessageSize(): number {
    return this.#runtime.network?.maxMessageSize ?? 0;
  }

  /**
   * The node of that name; connects if it is not connected. Rejects with `no-route` (nothing leads there),
   * `no-connection` (what was tried, where, and why it failed; or why a registrar could not say where it is), `not-allowed` (this very node), `timeout`, `aborted`, `incorrect`.
   */
  async connect(name: string, options: ConnectOptions = {}): Promise<RemoteNode> {
    const host = this.#host();
    checkAnyNode('name', name);
    checkConnect(options);
    const { route, signal, timeoutMs } = options;
    if (route !== undefined) {
      checkPlace('options.route', route);
      host.material.checkRoute('options.route', route);
    }
    if (signal?.aborted === true) throw aborted(name, signal);
    if (name === this.#runtime.home.node)
      throw new TergoError('not-allowed', `${name} cannot connect to itself`);
    if (route !== undefined) host.routes.replace(patternOf(name), route);
    const home = await this.#within(name, this.#connected(host, name), signal, timeoutMs);
    return new RemoteNode(this.#runtime, home);
  }

  /** A node that is connected; `undefined` for every other one. */
  node(name: string): RemoteNode | undefined {
    checkAnyNode('name', name);
    const home = this.#runtime.far?.peers.connectedAs(name);
    return home && new RemoteNode(this.#runtime, home);
  }

  /** The names of the nodes that are connected, in order. */
  nodes(): readonly string[] {
    return (this.#runtime.far?.peers.connected ?? []).map(({ node }) => node).toSorted();
  }

  /**
   * Says where nodes are whose names match a regular expression; of several that match, those with the highest
   * weight are tried first, and no registrar is asked. Throws `taken` when there is one of that pattern, `incorrect`.
   */
  addRoute(pattern: string, route: NetworkRoute, options: { readonly weight?: number } = {}): void {
    const host = this.#host();
    checkOptions('options', options, ['weight']);
    checkName('pattern', pattern);
    checkRouteWeight('options.weight', options.weight);
    checkPlace('route', route);
    host.material.checkPattern('pattern', pattern);
    host.material.checkRoute('route', route);
    host.routes.add(pattern, route, options.weight);
  }

  /** Removes the route of a pattern; connections stay. False when there is none. */
  removeRoute(pattern: string): boolean {
    return this.#host().routes.remove(pattern);
  }

  /** The static routes, in the order in which they were added. */
  routes(): readonly NetworkRouteInfo[] {
    const { network, clock } = this.#runtime;
    return network?.routes.list(clock.wallNow()) ?? [];
  }

  /**
   * Where a node would be dialled now, in the order in which it is tried: what static routes say that match, or else what
   * the registrar does. Nothing is dialled. Rejects with `no-route` (nothing leads there), `no-connection` (the registrar cannot be
   * asked, or one of one's own has failed, which is the cause), `incorrect`.
   *
   * @example
   * const [first] = await node.network.route('b@localhost');
   * console.log(first?.source, first?.port);
   */
  async route(name: string): Promise<readonly DialRoute[]> {
    const host = this.#host();
    checkAnyNode('name', name);
    return host.findRoutes(name);
  }

  /**
   * Changes the secret that the nodes of a cluster share, for handshakes that begin from now on. Connections stay; a link of
   * theirs that is lost needs the new cookie on both sides to be replaced. Acceptors and routes with a cookie of their own
   * keep that. The file of the cookie is left alone. Throws `incorrect` for fewer than 16 bytes. Source: Ergo `SetCookie`.
   *
   * @example
   * node.network.setCookie(secrets.next);
   */
  setCookie(cookie: string): void {
    const host = this.#host();
    checkCookie('cookie', cookie);
    host.setCookie(cookie);
  }

  /**
   * Lends a behaviour to the listed nodes, without a list to every connected one, under a name that they spawn it by.
   * Nothing is lent by default. Throws `incorrect`.
   */
  enableSpawn<P, Args extends readonly unknown[]>(
    name: SpawnName<P, Args>,
    behaviour: Behaviour<P, Args>,
    options: AllowOptions = {},
  ): void {
    checkName('name', name);
    checkBehaviour(behaviour);
    this.#host().lent.allow(name, behaviour, options);
  }

  /** Lends it no more; what was spawned stays. False when it was not lent. */
  disableSpawn(name: string): boolean {
    return this.#host().lent.forbid(name);
  }

  /** Lets the listed nodes, without a list every connected one, start an application of this node. None may by default. Throws `incorrect`. */
  enableApplicationStart(name: string, options: AllowOptions = {}): void {
    checkName('name', name);
    this.#host().startable.allow(name, true, options);
  }

  /** No other node may start it any more. False when none might. */
  disableApplicationStart(name: string): boolean {
    return this.#host().startable.forbid(name);
  }

  /**
   * Which nodes have an application, highest weight first; asks the registrar of this host or of another one, or one's own. Rejects
   * with `application-unknown` when none has, `no-connection` without a registrar or when it fails, `timeout`, `incorrect`.
   */
  async resolveApplication(
    name: string,
    options: ResolveOptions = {},
  ): Promise<readonly ApplicationRoute[]> {
    const host = this.#host();
    checkApplicationName('name', name);
    checkOptions('options', options, ['host', 'withTags', 'withoutTags', 'withState']);
    if (options.host !== undefined) checkName('options.host', options.host);
    checkTags('options.withTags', options.withTags);
    checkTags('options.withoutTags', options.withoutTags);
    if (options.withState !== undefined)
      checkChoice('options.withState', options.withState, APPLICATION_STATES);
    return host.registration.resolve(name, options);
  }

  /** How the registrar stands, that of this host or one's own; `undefined` when the node uses none. */
  registrar(): RegistrarInfo | undefined {
    return this.#runtime.network?.registration.info();
  }

  /**
   * The nodes that the registrar knows, in order: those of this host, of one's own all. Rejects with `no-connection` without a registrar or when
   * it fails, `timeout`.
   */
  async registeredNodes(): Promise<readonly string[]> {
    return this.#host().registration.nodes();
  }

  /**
   * Reads the certificate files of the node, its acceptors and routes again. What begins from now on uses them,
   * connections that stand go on. Throws `incorrect` when a file cannot be read or used; that certificate stays, the others
   * are new all the same.
   */
  reloadTls(): void {
    this.#host().reloadTls();
  }

  /** Who listens. */
  acceptors(): readonly AcceptorInfo[] {
    return this.#runtime.network?.acceptors ?? [];
  }

  /** All there is to know. */
  info(): NetworkInfo {
    const host = this.#runtime.network;
    const peers = this.#runtime.far?.peers.connected ?? [];
    return {
      ...{ mode: this.mode, flags: this.flags, maxMessageSize: this.maxMessageSize },
      ...{ acceptors: this.acceptors(), registrar: this.registrar(), routes: this.routes() },
      nodes: host?.infosOf(peers) ?? [],
      enabledSpawn: host?.lent.entries ?? [],
      enabledApplicationStart: host?.startable.entries ?? [],
    };
  }

  #host(): NetworkHost {
    const { network, isStopped, home } = this.#runtime;
    if (isStopped) throw failure('node-terminated', home.node);
    if (network !== undefined) return network;
    const text = `${home.node} has no network; give startNode the option network: {}, with a mode that is not 'disabled'`;
    throw new TergoError('no-connection', text);
  }

  /** A connection that stands: one whose end is known already is no answer, nor is one that is lost before anybody has it. */
  async #connected(host: NetworkHost, name: string): Promise<RemoteHome> {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const home = await this.#runtime.far!.peers.connect(name);
      await host.whenKnown(home);
      if (home.isConnected) return home;
    }
    throw failure('no-connection', name);
  }

  /** The connection, unless it takes too long or is not wanted any more. */
  async #within(
    name: string,
    connected: Promise<RemoteHome>,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
  ): Promise<RemoteHome> {
    const { promise: given, reject } = Promise.withResolvers<never>();
    const { timers } = this.#runtime;
    const late = (): void =>
      reject(new TergoError('timeout', `${name} was not reached within ${timeoutMs} ms`));
    const timer = timeoutMs === undefined ? -1 : timers.start(timeoutMs, late);
    const onAbort = (): void => reject(aborted(name, signal!));
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([connected, given]);
    } finally {
      if (timer >= 0) timers.cancel(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }
}

/** For that node alone. */
function patternOf(name: string): string {
  return `^${name.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)}$`;
}

function checkConnect(options: ConnectOptions): void {
  checkOptions('options', options, ['timeoutMs', 'signal', 'route']);
  if (options.timeoutMs !== undefined) checkDelay('options.timeoutMs', options.timeoutMs, 1);
  if (options.signal !== undefined && !(options.signal instanceof AbortSignal))
    throw incorrect('options.signal', 'an AbortSignal', options.signal);
}

function aborted(name: string, { reason }: AbortSignal): TergoError {
  return new TergoError('aborted', `the connection to ${name} is not wanted any more`, {
    cause: reason,
  });
}
