import { incorrect, TergoError } from '../error/tergo-error.ts';
import type { BindingNetwork } from '../native/load.ts';
import { isNodeName, NODE_NAME } from '../node/node-name.ts';
import type { Runtime } from '../node/runtime.ts';
import { systemClock } from '../scheduler/clock.ts';
import type { ApplicationRoute, ResolveOptions } from './application-route.ts';
import type { RegistrarInfo } from './network-info.ts';
import type { NetworkMode } from './network-options.ts';
import type { NodeRegistrar } from './node-registrar.ts';
import type {
  NodeAnnouncement,
  NodeRoute,
  Registrar,
  RegistrarAsking,
  RegistrarEvents,
} from './registrar.ts';
import { CallGate } from './call-gate.ts';
import {
  applicationsIn,
  type FoundRoute,
  nodesIn,
  routesIn,
  standIn,
} from './registrar-answers.ts';
import { promised, RegistrarDesk, textOf, within } from './registrar-desk.ts';
import type { RegistrarHooks } from './registration.ts';

/** How long the stop of a node waits for what the registrar is writing, and then for its `close`. */
const CLOSE_MS = 1000;

/** Those that serve a node. */
const serving = new WeakSet<Registrar>();

/** A registrar of the user's own. */
export class UserRegistrar implements NodeRegistrar {
  readonly #runtime: Runtime;
  readonly #native: BindingNetwork;
  readonly #registrar: Registrar;
  readonly #hooks: RegistrarHooks;
  readonly #desk: RegistrarDesk;
  readonly #gate = new CallGate();
  /** The nodes that are being asked for, and since when, ms. */
  readonly #finding = new Map<string, { routes: Promise<FoundRoute[]>; since: number }>();
  #mode: NetworkMode = 'enabled';
  #isStarted = false;
  #isRegistered = false;
  /** What the registrar writes, or has written last. */
  #writing: Promise<unknown> = Promise.resolve();
  #isAnnouncing = false;
  /** What is to be announced next. */
  #changed: readonly ApplicationRoute[] | undefined;

  constructor(
    runtime: Runtime,
    native: BindingNetwork,
    registrar: Registrar,
    hooks: RegistrarHooks,
  ) {
    this.#runtime = runtime;
    this.#native = native;
    this.#registrar = registrar;
    this.#hooks = hooks;
    this.#desk = new RegistrarDesk(registrar, runtime.log);
  }

  async start(mode: NetworkMode, applications: readonly ApplicationRoute[]): Promise<void> {
    if (serving.has(this.#registrar)) {
      const text = 'options.network.registrar serves a node already; each needs one for itself';
      throw new TergoError('incorrect', text);
    }
    serving.add(this.#registrar);
    this.#isStarted = true;
    this.#mode = mode;
    const [announcement, events] = [this.#announcement(applications), this.#events()];
    await this.#desk.ask(
      'start',
      (asking) => this.#write(() => this.#registrar.start(announcement, events, asking)),
      nothing,
    );
    this.#native.onResolve(({ number, node }) => void this.#resolve(number, node));
    this.#isRegistered = true;
    this.#hooks.said('', 'registered', null);
  }

  announce(applications: readonly ApplicationRoute[]): void {
    this.#changed = applications;
    if (!this.#isAnnouncing) void this.#announceAll();
  }

  info(): RegistrarInfo | undefined {
    if (this.#desk.isClosed) return undefined;
    const { server, isServing, isRegistered } = this.#stand();
    return {
      ...{ name: this.#desk.name, server: server ?? '', isServing: isServing ?? false },
      isRegistered: isRegistered ?? this.#isRegistered,
    };
  }

  nodes(): Promise<readonly string[]> {
    return this.#ask(
      'nodes',
      (asking) => this.#registrar.nodes(asking),
      (answer) => nodesIn('registrar.nodes()', answer),
    );
  }

  resolveApplication(name: string, options: ResolveOptions): Promise<readonly ApplicationRoute[]> {
    return this.#ask(
      'resolveApplication',
      (asking) => this.#registrar.resolveApplication(name, { ...options, ...asking }),
      (answer) => applicationsIn('registrar.resolveApplication()', answer, { ...options, name }),
    );
  }

  async close(): Promise<void> {
    if (!this.#isStarted) return;
    this.#desk.close();
    const limitMs = Math.min(CLOSE_MS, this.#desk.timeoutMs);
    // What it writes must not come after what it removes; that it fails, who asked has heard.
    await within('writing', limitMs, this.#writing).catch(() => undefined);
    try {
      await within(
        'close',
        limitMs,
        promised(() => this.#registrar.close()),
      );
    } catch (error) {
      this.#desk.failed('close', error);
    }
    serving.delete(this.#registrar);
  }

  /** One after another, the newest of what has changed meanwhile. */
  async #announceAll(): Promise<void> {
    this.#isAnnouncing = true;
    while (this.#changed !== undefined && !this.#desk.isClosed) {
      const announcement = this.#announcement(this.#changed);
      this.#changed = undefined;
      const announce = (asking: RegistrarAsking): Promise<unknown> =>
        this.#write(() => this.#registrar.announce(announcement, asking));
      // The desk has logged it.
      await this.#desk.ask('announce', announce, nothing).catch(() => undefined);
    }
    this.#isAnnouncing = false;
  }

  #write(write: () => unknown): Promise<unknown> {
    const writing = promised(write);
    this.#writing = Promise.allSettled([this.#writing, writing]);
    return writing;
  }

  /** A dial wants to know where a node is. */
  async #resolve(number: number, node: string): Promise<void> {
    try {
      const routes = await this.#find(node);
      this.#native.resolved(number, { routes });
    } catch (error) {
      this.#hooks.unfound(node, error as TergoError);
      this.#native.resolved(number, { routes: [], error: (error as TergoError).message });
    }
  }

  /** One call for all who ask for a node at the same time; not for who comes when half of its time is over, and would get the rest. */
  #find(node: string): Promise<FoundRoute[]> {
    const underWay = this.#finding.get(node);
    const now = systemClock.now();
    if (underWay !== undefined && now - underWay.since < this.#desk.timeoutMs / 2)
      return underWay.routes;
    const routes = this.#desk
      .ask(
        'resolve',
        ({ signal }) => this.#gate.run(signal, () => this.#registrar.resolve(node, { signal })),
        (answer) => routesIn(`registrar.resolve('${node}')`, answer),
      )
      .finally(() => {
        if (this.#finding.get(node) === finding) this.#finding.delete(node);
      });
    const finding = { routes, since: now };
    this.#finding.set(node, finding);
    return routes;
  }

  async #ask<T>(
    method: string,
    question: Parameters<RegistrarDesk['ask']>[1],
    read: (answer: unknown) => T,
  ): Promise<T> {
    try {
      return await this.#desk.ask(method, question, read);
    } finally {
      this.#runtime.driver.letPromisesRun();
    }
  }

  #stand(): Partial<ReturnType<typeof standIn>> {
    try {
      const { info } = this.#registrar;
      if (info === undefined) return {};
      const answer: unknown = info.call(this.#registrar);
      if (answer instanceof Promise) {
        // Nobody waits for it, so nobody would see it fail.
        answer.catch(() => undefined);
        throw incorrect('registrar.info()', 'what is known at once', answer);
      }
      const stand = standIn('registrar.info()', answer);
      this.#desk.wentWell('info');
      return stand;
    } catch (error) {
      this.#desk.failed('info', error);
      return {};
    }
  }

  #announcement(applications: readonly ApplicationRoute[]): NodeAnnouncement {
    const { node, creation } = this.#runtime.home;
    if (this.#mode !== 'enabled')
      return { node, creation, isHidden: true, routes: [], applications: [] };
    const routes = this.#native
      .routes()
      .map(({ host, port, isTls }): NodeRoute =>
        host === '' ? { port, isTls } : { host, port, isTls },
      );
    return { node, creation, isHidden: false, routes, applications };
  }

  #events(): RegistrarEvents {
    return {
      registered: () => this.#standsAnew(true, 'registered'),
      lost: (reason) => this.#standsAnew(false, 'lost', reason),
      refused: (reason) => this.#standsAnew(false, 'refused', reason),
      joined: (node) => this.#heardOf('joined', node),
      left: (node) => this.#heardOf('left', node),
    };
  }

  #standsAnew(isRegistered: boolean, what: string, reason?: unknown): void {
    if (this.#desk.isClosed) return;
    this.#isRegistered = isRegistered;
    this.#hooks.said('', what, reason === undefined ? null : textOf(reason));
  }

  #heardOf(what: 'joined' | 'left', node: unknown): void {
    // Of itself a node knows.
    if (this.#desk.isClosed || node === this.#runtime.home.node) return;
    if (!isNodeName(node)) {
      const was = typeof node === 'string' ? node : `of type ${typeof node}`;
      this.#desk.failed(what, incorrect(`the node of events.${what}`, NODE_NAME, was));
      return;
    }
    this.#desk.wentWell(what);
    this.#hooks.said(node, what, null);
  }
}

/** Whatever it gives means that it is done. */
function nothing(): void {}
