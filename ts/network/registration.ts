import type { ApplicationInfo } from '../application/application-info.ts';
import { SYSTEM_NAME } from '../application/system-application.ts';
import { type ErrorCode, TergoError } from '../error/tergo-error.ts';
import type { BindingNetwork, BindingRegistrarAnswer } from '../native/load.ts';
import type { Runtime } from '../node/runtime.ts';
import type { ApplicationRoute, ResolveOptions } from './application-route.ts';
import type { RegistrarInfo } from './network-info.ts';
import type { NetworkMode, RegistrarOptions } from './network-options.ts';

/** By the words of the registrar. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  taken: 'taken',
  'no-route': 'application-unknown',
  incorrect: 'incorrect',
  timeout: 'timeout',
};

/** What a node has to do with the registrar of its host. */
export class Registration {
  readonly #runtime: Runtime;
  readonly #native: BindingNetwork;
  #isRegistered = false;
  #isChanged = false;

  constructor(runtime: Runtime, native: BindingNetwork) {
    this.#runtime = runtime;
    this.#native = native;
  }

  /** Resolves when the registrar knows the node; rejects when there is none, or somebody has its name. */
  async start(mode: NetworkMode, options: RegistrarOptions): Promise<void> {
    const { port, serve, answerOthers = this.#isReachable() } = options;
    const applications = this.#applications();
    await this.#ask((answer) =>
      this.#native.register(
        {
          ...{ mode, applications },
          ...(port === undefined ? {} : { port }),
          ...(serve === undefined ? {} : { serves: serve }),
          answersOthers: answerOthers,
        },
        answer,
      ),
    );
    this.#isRegistered = true;
  }

  /** Whether somebody of another host could dial: those who cannot need not be told. */
  #isReachable(): boolean {
    return this.#native.acceptors().some(({ address }) => !isLoopback(address));
  }

  /** Something of an application has changed: the registrar is told soon, once for all changes. */
  changed(): void {
    if (!this.#isRegistered || this.#isChanged) return;
    this.#isChanged = true;
    queueMicrotask(() => this.#announce());
  }

  /** The node says goodbye: nothing is announced any more. */
  close(): void {
    this.#isRegistered = false;
  }

  /** How the registrar stands; `undefined` when the node uses none. */
  info(): RegistrarInfo | undefined {
    return this.#native.registrarInfo() ?? undefined;
  }

  /** The nodes of this host that are not hidden, in order. */
  async nodes(): Promise<readonly string[]> {
    return (await this.#ask((answer) => this.#native.nodes(answer))).nodes ?? [];
  }

  /** Which nodes have an application, highest weight first. */
  async resolve(name: string, options: ResolveOptions): Promise<readonly ApplicationRoute[]> {
    const { host, withTags = [], withoutTags = [] } = options;
    const query = { name, withTags: [...withTags], withoutTags: [...withoutTags] };
    const asked = host === undefined ? query : { ...query, host };
    const answer = await this.#ask((done) => this.#native.resolveApplication(asked, done));
    return (answer.applications ?? []) as readonly ApplicationRoute[];
  }

  #announce(): void {
    this.#isChanged = false;
    if (!this.#isRegistered || this.#runtime.isStopped) return;
    try {
      this.#native.announce(this.#applications());
    } catch (error) {
      this.#runtime.log.error('the registrar takes no announcement', { error });
    }
  }

  #applications(): (Omit<ApplicationRoute, 'tags'> & { tags: string[] })[] {
    const { applications, home } = this.#runtime;
    return applications
      .all()
      .map((record): ApplicationInfo => record.info())
      .filter(({ name }) => name !== SYSTEM_NAME)
      .map(({ name, weight, tags, mode, state }) => {
        return { node: home.node, name, weight, tags: [...tags], mode, state };
      });
  }

  async #ask(
    start: (answer: (answer: BindingRegistrarAnswer) => void) => void,
  ): Promise<BindingRegistrarAnswer> {
    const answer = await new Promise<BindingRegistrarAnswer>(start);
    this.#runtime.driver.letPromisesRun();
    if (answer.code === null) return answer;
    throw new TergoError(CODES[answer.code] ?? 'no-connection', answer.error ?? answer.code);
  }
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || address === '[::1]';
}
