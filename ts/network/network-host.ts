import { reasonOf } from '../error/exit-reason.ts';
import { TergoError } from '../error/tergo-error.ts';
import type { AnyPublisher } from '../event/event-message.ts';
import type { Far } from '../far/far.ts';
import { lostError } from '../far/peers.ts';
import type { RemoteHome } from '../far/remote-home.ts';
import type {
  BindingConnectionInfo,
  BindingFabric,
  BindingNetwork,
  BindingNetworkEvent,
} from '../native/load.ts';
import type { Runtime } from '../node/runtime.ts';
import { laidOver } from '../process/laid-over.ts';
import type { AnyBehaviour } from '../thread/behaviour-registry.ts';
import type { AcceptorInfo } from './acceptor-info.ts';
import { acceptorInfo } from './counted-acceptor.ts';
import { AllowList } from './allow-list.ts';
import { ALL_FLAGS, bitsOf, flagsOf } from './features.ts';
import type { NetworkEvent } from './network-event.ts';
import { networkEvent } from './network-event.ts';
import type { RemoteNodeInfo } from './network-info.ts';
import type { NetworkFlags } from './network-flags.ts';
import type { AcceptorOptions, NetworkMode, NetworkOptions } from './network-options.ts';
import { tlsWords } from './tls-words.ts';
import { connectionInfo } from './connection-info.ts';
import { dialError } from './dial-error.ts';
import type { DialRoute } from './dial-route.ts';
import { findDialRoutes } from './find-dial-routes.ts';
import { StaticRoutes } from './static-routes.ts';
import { warnOfExposure } from './exposure.ts';
import type { NetworkMaterial } from './network-material.ts';
import { Registration } from './registration.ts';

const DEFAULT_PORT = 11_144;
const LOOPBACK = '127.0.0.1';
const DEFAULT_MAX_MESSAGE = 64 * 1024 * 1024;

/** What a connection has been told at its beginning. */
export interface Standing {
  readonly home: RemoteHome;
  readonly sinceMs: number;
  readonly maxMessage: number;
  readonly isDialler: boolean;
  /** Which software the peer runs. */
  readonly version: string;
}

/** What the network of a node is made of. */
export interface NetworkParts {
  readonly native: BindingNetwork;
  readonly fabric: BindingFabric;
  readonly material: NetworkMaterial;
}

/** A dial that is under way. */
interface Dial extends PromiseWithResolvers<void> {
  /** Why nobody could say where the node is. */
  unfound?: TergoError;
}

/** Somebody wants to know where a node would be dialled. */
interface Search {
  readonly node: string;
  unfound?: TergoError;
}

/** The network of a node as thread 0 runs it: listens, dials, tells of peers, and keeps what they may ask for. */
export class NetworkHost {
  readonly options: NetworkOptions;
  readonly mode: NetworkMode;
  readonly flags: NetworkFlags;
  readonly maxMessageSize: number;
  /** Behaviours that others may spawn. */
  readonly lent: AllowList<AnyBehaviour>;
  /** Applications that others may start. */
  readonly startable: AllowList<true>;
  readonly routes: StaticRoutes;
  /** What it has to do with its registrar. */
  readonly registration: Registration;
  /** Judges certificates and patterns. */
  readonly material: NetworkMaterial;
  readonly #runtime: Runtime;
  readonly #far: Far;
  readonly #native: BindingNetwork;
  readonly #fabric: BindingFabric;
  readonly #dials = new Map<string, Dial>();
  readonly #searches = new Set<Search>();
  readonly #standing = new Map<number, Standing>();
  readonly #publisher: AnyPublisher;
  /** Who waits until all is known of a connection. */
  readonly #curious = new Map<RemoteHome, (() => void)[]>();
  /** Who waits for the end of a connection. */
  readonly #leaving = new Map<RemoteHome, (() => void)[]>();

  constructor(runtime: Runtime, parts: NetworkParts, options: NetworkOptions) {
    const { native, fabric, material } = parts;
    this.#fabric = fabric;
    this.material = material;
    this.#runtime = runtime;
    const own = runtime.home.node;
    this.lent = new AllowList({ own, what: 'a spawn of', method: 'enableSpawn' });
    this.startable = new AllowList({
      own,
      what: 'a start of application',
      method: 'enableApplicationStart',
    });
    this.#far = runtime.far!;
    this.#native = native;
    this.registration = new Registration(runtime, native, {
      said: (node, what, detail) => this.#registrarSaid(node, what, detail),
      unfound: (node, failure) => this.#unfound(node, failure),
    });
    this.options = options;
    this.mode = options.mode ?? 'enabled';
    this.flags = laidOver(ALL_FLAGS, options.flags);
    this.routes = new StaticRoutes(native, runtime.home.node, this.flags);
    this.maxMessageSize = options.maxMessageSize ?? DEFAULT_MAX_MESSAGE;
    this.#publisher = runtime.events.register(runtime.core, networkEvent, {});
    this.#serveThreads();
  }

  /** Listens, lays the routes and registers; rejects with what the system or the registrar says to that. */
  async start(): Promise<void> {
    this.#native.onEvent(() => this.#readEvents());
    const isListening = this.mode === 'enabled' || this.mode === 'passive';
    const acceptors = isListening ? (this.options.acceptors ?? [{}]) : [];
    for (const [index, acceptor] of acceptors.entries()) this.#listen(index, acceptor);
    warnOfExposure(this.#runtime.log, this.acceptors, this.material.insecure);
    for (const { pattern, weight, ...route } of this.options.routes ?? [])
      this.routes.add(pattern, route, weight);
    const { registrar = {} } = this.options;
    if (registrar !== false) await this.registration.start(this.mode, registrar);
  }

  /** Resolves when the node is connected; rejects with `no-route`, `no-connection`, `not-allowed`. */
  dial(node: string): Promise<void> {
    if (this.#isUp(node)) return Promise.resolve();
    const underWay = this.#dials.get(node);
    if (underWay !== undefined) return underWay.promise;
    if (node === this.#runtime.home.node)
      return Promise.reject(new TergoError('not-allowed', `${node} cannot connect to itself`));
    const dial: Dial = Promise.withResolvers<void>();
    this.#dials.set(node, dial);
    this.#native.connect(node);
    return dial.promise;
  }

  /** Whether there is a connection, as far as can be known: events may be faster than frames, and frames faster than events. */
  #isUp(node: string): boolean {
    const { peers } = this.#far;
    const home = peers.connectedAs(node);
    if (home !== undefined && !peers.isEnding(home)) return true;
    this.#readEvents();
    return [...this.#standing.values()].some((standing) => standing.home.node === node);
  }

  /** Ends a connection; resolves when it is gone. */
  disconnect(home: RemoteHome): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = this.#leaving.get(home) ?? [];
    this.#leaving.set(home, waiting.concat(resolve));
    this.#native.disconnect(home.seat);
    return promise;
  }

  /** Where a node would be dialled; rejects with `no-route`, `no-connection`. */
  async findRoutes(node: string): Promise<readonly DialRoute[]> {
    const search: Search = { node };
    this.#searches.add(search);
    try {
      return await findDialRoutes(this.#native, node, () => search.unfound?.cause);
    } finally {
      this.#searches.delete(search);
      this.#runtime.driver.letPromisesRun();
    }
  }

  /** For handshakes that begin from now on. */
  setCookie(cookie: string): void {
    this.#native.setCookie(Buffer.from(cookie));
  }

  /** Throws `incorrect` for what cannot be read or used. */
  reloadTls(): void {
    try {
      this.#native.reloadTls();
    } catch (cause) {
      const text = `a certificate is not taken: ${(cause as Error).message}; the former one stays in use`;
      throw new TergoError('incorrect', text, { cause });
    }
  }

  /** Who listens. */
  get acceptors(): readonly AcceptorInfo[] {
    return this.#native.acceptors().map(acceptorInfo);
  }

  /** What a connection was told at its beginning; `undefined` when it does not stand. */
  standingOf(home: RemoteHome): Standing | undefined {
    if (!this.#standing.has(home.seat)) this.#readEvents();
    const standing = this.#standing.get(home.seat);
    return standing?.home === home ? standing : undefined;
  }

  /** What is known of the connection to a node; `undefined` when there is none. */
  infoOf(home: RemoteHome): RemoteNodeInfo | undefined {
    return this.#info(home, this.#native.connection(home.seat) ?? undefined);
  }

  /** The same of several nodes, without those to which there is none. */
  infosOf(homes: readonly RemoteHome[]): readonly RemoteNodeInfo[] {
    const counted = new Map(this.#native.connections().map((one) => [one.seat, one]));
    return homes.flatMap((home) => this.#info(home, counted.get(home.seat)) ?? []);
  }

  #info(home: RemoteHome, counted: BindingConnectionInfo | undefined): RemoteNodeInfo | undefined {
    const standing = this.standingOf(home);
    if (standing === undefined || counted === undefined) return undefined;
    return connectionInfo(counted, standing, this.#runtime.driver.readNow() - standing.sinceMs);
  }

  /** Resolves when all is known of a connection that stands, or it does not stand any more: frames may be faster than events. */
  whenKnown(home: RemoteHome): Promise<void> | undefined {
    // What tells of its end may have come, and the frame that does so wait for the next turn.
    this.#readEvents();
    if (!home.isConnected || this.#standing.get(home.seat)?.home === home) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#curious.set(home, (this.#curious.get(home) ?? []).concat(resolve));
    return promise;
  }

  /** Says goodbye to all; resolves when they know, after some 1 s at the latest, or 2 s for a registrar of the user's own. */
  async close(): Promise<void> {
    const unregistered = this.registration.close();
    for (const [node, { reject }] of this.#dials) reject(lostError(node, 'this node stops'));
    this.#dials.clear();
    await new Promise<void>((resolve) => this.#native.close(resolve));
    await unregistered;
    // Nobody reads any more what the network tells.
    for (const asked of [this.#curious, this.#leaving])
      for (const home of [...asked.keys()]) this.#tell(asked, home);
    this.#fabric.close();
  }

  /** What the other threads need of the network. */
  #serveThreads(): void {
    const { peers, questions, peerEvents } = this.#far;
    const dial = (node: string): Promise<void> => this.dial(node);
    peers.dial = dial;
    questions.on('dial', (node: string) => {
      // A thread that was started anew has not heard of it; to nobody else does that say anything.
      if (this.#isUp(node)) this.#native.connect(node);
      return dial(node);
    });
    peerEvents.cutOff = (seat) => this.#native.cutOff(seat);
    peers.onChange = (home, lost) => this.#changed(home, lost);
  }

  #listen(index: number, acceptor: AcceptorOptions): void {
    const { host = LOOPBACK, port = DEFAULT_PORT, portCount = 0, cookie } = acceptor;
    const { flags, maxMessageSize } = acceptor;
    const { timeoutMs, maxPending, maxPendingPerAddress, routeHost, routePort } = acceptor;
    const { tls = this.options.tls } = acceptor;
    try {
      this.#native.listen({
        ...{ address: host, port, portCount },
        ...(cookie === undefined ? {} : { cookie: Buffer.from(cookie) }),
        ...(timeoutMs === undefined ? {} : { handshakeMs: timeoutMs }),
        ...(maxPending === undefined ? {} : { maxHandshakes: maxPending }),
        ...(maxPendingPerAddress === undefined
          ? {}
          : { maxHandshakesOfAnAddress: maxPendingPerAddress }),
        ...(routeHost === undefined ? {} : { routeHost }),
        ...(routePort === undefined ? {} : { routePort }),
        ...(flags === undefined ? {} : { features: bitsOf(laidOver(this.flags, flags)) }),
        ...(maxMessageSize === undefined ? {} : { maxMessageBytes: maxMessageSize }),
        ...(tls === undefined ? {} : { tls: tlsWords(tls, this.#runtime.home.node) }),
      });
    } catch (cause) {
      const text = `options.network.acceptors[${index}]: ${reasonOf(cause).message}`;
      throw new TergoError('incorrect', text, { cause });
    }
  }

  #readEvents(): void {
    for (const event of this.#native.events()) this.#take(event);
  }

  #take(event: BindingNetworkEvent): void {
    const { kind, peer, reason } = event;
    if (kind === 'up') return this.#up(event);
    if (kind === 'failed') return this.#failed(event);
    if (kind === 'down') return this.#down(event);
    if (kind === 'registrar') return this.#registrarSaid(peer, reason, event.detail);
    this.#rejected(event);
  }

  #up({ peer, seat, creation, software, maxMessage, isDialler }: BindingNetworkEvent): void {
    const home = this.#far.peers.home(peer, creation!);
    const { driver } = this.#runtime;
    this.#standing.set(seat!, {
      ...{ home, sinceMs: driver.readNow() },
      ...{ maxMessage: maxMessage ?? 0, isDialler: isDialler === true, version: software ?? '' },
    });
    this.#settleDial(peer)?.resolve();
    this.#tell(this.#curious, home);
  }

  #down({ peer: node, seat, reason, detail: how }: BindingNetworkEvent): void {
    this.#standing.delete(seat!);
    // What the threads have found has been told.
    if (reason !== 'protocol' || how === null) return;
    this.#runtime.log.error('a peer broke the protocol; its connection is ended', { node, how });
  }

  #registrarSaid(node: string, what: string | null, detail: string | null): void {
    if (what === 'joined' || what === 'left') return this.#publish({ type: what, node });
    const { log } = this.#runtime;
    const isTrouble = what === 'lost' || what === 'refused' || what === 'unasked';
    const fields = detail === null ? {} : { detail };
    log[isTrouble ? 'warning' : 'info'](`the registrar: ${what}`, fields);
  }

  #failed({ peer, reason, detail }: BindingNetworkEvent): void {
    const dial = this.#settleDial(peer);
    dial?.reject(dialError(peer, { reason, detail, unfound: dial.unfound }));
  }

  /** One event and one line for many of the same address: see `Rejections` of crates/net. */
  #rejected({ peer: address, reason, count }: BindingNetworkEvent): void {
    const told = { address, reason: reason ?? '', count: count ?? 1 };
    this.#runtime.log.warning('a connection was not let in', told);
    this.#publish({ type: 'rejected', ...told });
  }

  /** The dial goes on, to nowhere: what fails it then has a cause. So has a search. */
  #unfound(node: string, failure: TergoError): void {
    const dial = this.#dials.get(node);
    if (dial !== undefined) dial.unfound = failure;
    for (const search of this.#searches) if (search.node === node) search.unfound = failure;
  }

  #settleDial(node: string): Dial | undefined {
    const dial = this.#dials.get(node);
    this.#dials.delete(node);
    this.#runtime.driver.letPromisesRun();
    return dial;
  }

  #changed(home: RemoteHome, lost: Error | undefined): void {
    const { node, creation, features } = home;
    const { log } = this.#runtime;
    if (lost === undefined) {
      log.info('a node is connected', { node, creation, flags: flagsOf(features) });
      return this.#publish({ type: 'connected', node, creation });
    }
    log.info('a node is not connected any more', { node, creation, reason: lost.message });
    this.#publish({ type: 'disconnected', node, creation, reason: lost });
    this.#tell(this.#leaving, home);
    this.#tell(this.#curious, home);
  }

  #tell(waiting: Map<RemoteHome, (() => void)[]>, home: RemoteHome): void {
    for (const resolve of waiting.get(home) ?? []) resolve();
    waiting.delete(home);
    this.#runtime.driver.letPromisesRun();
  }

  #publish(event: NetworkEvent): void {
    if (this.#runtime.isStopped) return;
    this.#runtime.events.publish(this.#runtime.core, this.#publisher, event);
  }
}
