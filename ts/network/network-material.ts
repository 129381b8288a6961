import { incorrect, TergoError } from '../error/tergo-error.ts';
import type { BindingTlsUse, Native } from '../native/load.ts';
import type { NetworkOptions } from './network-options.ts';
import type { NetworkRoute } from './network-route.ts';
import type { TlsOptions } from './tls-options.ts';
import { tlsWords } from './tls-words.ts';

/** What only Rust can judge: certificates, and patterns of routes. What cannot be used is refused by its key before anything is done with it. */
export class NetworkMaterial {
  readonly #native: Native;
  readonly #node: string;
  /** Those of the node. */
  #own: BindingTlsUse | undefined;
  readonly #insecure: string[] = [];

  constructor(native: Native, node: string) {
    this.#native = native;
    this.#node = node;
  }

  /** The options that believe every certificate. */
  get insecure(): readonly string[] {
    return this.#insecure;
  }

  /** All that the options name. Throws `incorrect`, naming the key. */
  checkOptions(argument: string, options: NetworkOptions): void {
    const { mode = 'enabled', tls, acceptors = [{}], routes = [] } = options;
    const key = `${argument}.tls`;
    if (tls !== undefined) this.#own = this.#noted(key, tls);
    if (this.#own?.canDial === false && !this.#own.canAccept)
      throw incorrect(key, 'of use: with a ca to dial, a certificate and its key to listen', tls);
    const listening = mode === 'hidden' ? [] : acceptors;
    for (const [index, acceptor] of listening.entries())
      this.#checkAcceptor(key, `${argument}.acceptors[${index}].tls`, acceptor.tls);
    for (const [index, route] of routes.entries()) {
      this.checkPattern(`${argument}.routes[${index}].pattern`, route.pattern);
      this.checkRoute(`${argument}.routes[${index}]`, route, true);
    }
  }

  /** Throws `incorrect` for what is no pattern of names. */
  checkPattern(argument: string, pattern: string): void {
    const why = this.#native.checkPattern(pattern);
    if (why !== null) throw incorrect(argument, `a regular expression (${why})`, pattern);
  }

  /** Throws `incorrect` for a route that nobody can be dialled by. */
  checkRoute(argument: string, { tls = false }: NetworkRoute, isNoted = false): void {
    const key = `${argument}.tls`;
    if (tls === false) return;
    if (tls !== true) {
      const { canDial } = isNoted ? this.#noted(key, tls) : this.#checked(key, tls);
      if (!canDial) throw incorrect(`${key}.ca`, DIALS_BY, undefined);
      return;
    }
    if (this.#own?.canDial === true) return;
    const lacks = this.#own === undefined ? 'there is none' : 'it has no ca';
    throw incorrect(key, `certificates, or false: of options.network.tls, ${lacks}`, tls);
  }

  #checkAcceptor(ownKey: string, key: string, tls: TlsOptions | 'self-signed' | undefined): void {
    const used = tls === undefined ? this.#own : this.#noted(key, tls);
    if (used === undefined || used.canAccept) return;
    throw incorrect(`${tls === undefined ? ownKey : key}.certificate`, LISTENS_WITH, undefined);
  }

  #noted(argument: string, tls: TlsOptions | 'self-signed'): BindingTlsUse {
    const use = this.#checked(argument, tls);
    if (use.isInsecure) this.#insecure.push(argument);
    return use;
  }

  #checked(argument: string, tls: TlsOptions | 'self-signed'): BindingTlsUse {
    const use = this.#native.checkTls(tlsWords(tls, this.#node));
    if (use.wrong === null) return use;
    const key = use.wrong === '' ? argument : `${argument}.${use.wrong}`;
    throw new TergoError('incorrect', `${key} cannot be used: ${use.why}`);
  }
}

const LISTENS_WITH =
  'there, with its key: a node that listens shows one (acceptors: [] only dials)';
const DIALS_BY = 'there, or insecure be true: a node that dials checks what it is shown';
