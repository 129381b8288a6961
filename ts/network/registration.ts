import type { ApplicationInfo } from '../application/application-info.ts';
import { SYSTEM_NAME } from '../application/system-application.ts';
import { TergoError } from '../error/tergo-error.ts';
import type { BindingNetwork } from '../native/load.ts';
import type { Runtime } from '../node/runtime.ts';
import type { ApplicationRoute, ResolveOptions } from './application-route.ts';
import { EmbeddedRegistrar } from './embedded-registrar.ts';
import type { RegistrarInfo } from './network-info.ts';
import type { NetworkMode, RegistrarOptions } from './network-options.ts';
import type { NodeRegistrar } from './node-registrar.ts';
import { isOwnRegistrar, type Registrar } from './registrar.ts';
import { UserRegistrar } from './user-registrar.ts';

/** What a registrar tells its node. */
export interface RegistrarHooks {
  /** Of which node, what, and what more there is to say. */
  said(node: string, what: string, detail: string | null): void;
  /** A dial asked where that node is, and this came of it. */
  unfound(node: string, failure: TergoError): void;
}

/** What a node has to do with its registrar. */
export class Registration {
  readonly #runtime: Runtime;
  readonly #native: BindingNetwork;
  readonly #hooks: RegistrarHooks;
  #registrar: NodeRegistrar | undefined;
  #isRegistered = false;
  #isChanged = false;

  constructor(runtime: Runtime, native: BindingNetwork, hooks: RegistrarHooks) {
    this.#runtime = runtime;
    this.#native = native;
    this.#hooks = hooks;
  }

  /** Resolves when the registrar knows the node; rejects when there is none, or somebody has its name. */
  async start(mode: NetworkMode, registrar: RegistrarOptions | Registrar): Promise<void> {
    const [runtime, native] = [this.#runtime, this.#native];
    this.#registrar = isOwnRegistrar(registrar)
      ? new UserRegistrar(runtime, native, registrar, this.#hooks)
      : new EmbeddedRegistrar(runtime, native, registrar);
    await this.#registrar.start(mode, this.#applications());
    this.#isRegistered = true;
  }

  /** Something of an application has changed: the registrar is told soon, once for all changes. */
  changed(): void {
    if (!this.#isRegistered || this.#isChanged) return;
    this.#isChanged = true;
    queueMicrotask(() => this.#announce());
  }

  /** The node says goodbye: nothing is announced any more. Resolves when the registrar knows, or has had time enough. */
  async close(): Promise<void> {
    this.#isRegistered = false;
    await this.#registrar?.close();
  }

  /** How the registrar stands; `undefined` when the node uses none. */
  info(): RegistrarInfo | undefined {
    return this.#registrar?.info();
  }

  /** The nodes that are not hidden, in order. */
  nodes(): Promise<readonly string[]> {
    return this.#used().nodes();
  }

  /** Which nodes have an application, highest weight first. */
  async resolve(name: string, options: ResolveOptions): Promise<readonly ApplicationRoute[]> {
    const routes = await this.#used().resolveApplication(name, options);
    if (routes.length > 0) return routes;
    throw new TergoError(
      'application-unknown',
      `no node has the application '${name}', as far as the registrar knows`,
    );
  }

  #used(): NodeRegistrar {
    if (this.#registrar !== undefined) return this.#registrar;
    throw new TergoError('no-connection', 'options.network.registrar is false: there is none');
  }

  #announce(): void {
    this.#isChanged = false;
    if (!this.#isRegistered || this.#runtime.isStopped) return;
    this.#registrar?.announce(this.#applications());
  }

  #applications(): readonly ApplicationRoute[] {
    const { applications, home } = this.#runtime;
    return applications
      .all()
      .map((record): ApplicationInfo => record.info())
      .filter(({ name }) => name !== SYSTEM_NAME)
      .map(({ name, weight, tags, mode, state }) => {
        return { node: home.node, name, weight, tags: [...tags], mode, state };
      });
  }
}
