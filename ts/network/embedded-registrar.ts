import { type ErrorCode, TergoError } from '../error/tergo-error.ts';
import type { BindingNetwork, BindingRegistrarAnswer } from '../native/load.ts';
import type { Runtime } from '../node/runtime.ts';
import type { ApplicationRoute, ResolveOptions } from './application-route.ts';
import { isLoopback } from './loopback.ts';
import type { RegistrarInfo } from './network-info.ts';
import type { NetworkMode, RegistrarOptions } from './network-options.ts';
import type { NodeRegistrar } from './node-registrar.ts';

/** By the words of the registrar. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  taken: 'taken',
  'no-route': 'application-unknown',
  incorrect: 'incorrect',
  timeout: 'timeout',
};

/** The registrar that each host has by itself: all of it is in Rust. */
export class EmbeddedRegistrar implements NodeRegistrar {
  readonly #runtime: Runtime;
  readonly #native: BindingNetwork;
  readonly #options: RegistrarOptions;
  /** The applications that it was not told of last time. */
  #leftOut: ReadonlySet<string> = new Set();

  constructor(runtime: Runtime, native: BindingNetwork, options: RegistrarOptions) {
    this.#runtime = runtime;
    this.#native = native;
    this.#options = options;
  }

  async start(mode: NetworkMode, applications: readonly ApplicationRoute[]): Promise<void> {
    const { port, serve, answerOthers = this.#isReachable() } = this.#options;
    const options = {
      ...{ mode, applications: applications.map(mutable) },
      ...(port === undefined ? {} : { port }),
      ...(serve === undefined ? {} : { serves: serve }),
      answersOthers: answerOthers,
    };
    await this.#ask((answer) => this.#noteLeftOut(this.#native.register(options, answer)));
  }

  announce(applications: readonly ApplicationRoute[]): void {
    try {
      this.#noteLeftOut(this.#native.announce(applications.map(mutable)));
    } catch (error) {
      this.#runtime.log.error('the registrar takes no announcement', { error });
    }
  }

  info(): RegistrarInfo | undefined {
    return this.#native.registrarInfo() ?? undefined;
  }

  async nodes(): Promise<readonly string[]> {
    return (await this.#ask((answer) => this.#native.nodes(answer))).nodes ?? [];
  }

  async resolveApplication(
    name: string,
    options: ResolveOptions,
  ): Promise<readonly ApplicationRoute[]> {
    const { withTags = [], withoutTags = [], ...rest } = options;
    const asked = { ...rest, name, withTags: [...withTags], withoutTags: [...withoutTags] };
    const answer = await this.#ask((done) => this.#native.resolveApplication(asked, done));
    return (answer.applications ?? []) as readonly ApplicationRoute[];
  }

  /** With the network itself. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Each is logged once, until it was announced meanwhile. */
  #noteLeftOut(names: readonly string[]): void {
    const added = names.filter((name) => !this.#leftOut.has(name));
    this.#leftOut = new Set(names);
    if (added.length === 0) return;
    const text =
      'the registrar is told of 256 applications of a node, and of 64 KiB: other nodes do not find the rest';
    this.#runtime.log.error(text, { applications: added });
  }

  /** Whether somebody of another host could dial: those who cannot need not be told. */
  #isReachable(): boolean {
    return this.#native.acceptors().some(({ address }) => !isLoopback(address));
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

function mutable(route: ApplicationRoute): Omit<ApplicationRoute, 'tags'> & { tags: string[] } {
  return { ...route, tags: [...route.tags] };
}
