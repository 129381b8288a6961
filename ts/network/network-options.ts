import { isIP } from 'node:net';
import {
  checkBoolean,
  checkChoice,
  checkDelay,
  checkInteger,
  checkOptions,
} from '../error/check.ts';
import { incorrect } from '../error/tergo-error.ts';
import { type Compression, compressionOver, NO_COMPRESSION } from '../process/compression.ts';
import { isModuleUrl } from '../thread/module-import.ts';
import { checkCookie } from './check-cookie.ts';
import { checkHost } from './check-host.ts';
import { MAX_PORT } from './max-port.ts';
import { checkFlags, type NetworkFlags } from './network-flags.ts';
import { checkRoute, type NetworkRouteEntry } from './network-route.ts';
import { LocalValidators, type ProcessValidators } from './process-validators.ts';
import { checkOwnRegistrar, isOwnRegistrar, type Registrar } from './registrar.ts';
import { checkTls, type TlsOptions } from './tls-options.ts';

/**
 * How far a node takes part in the network. `enabled`: it listens, announces where, and dials; `hidden`: it dials only;
 * `passive`: it listens and dials, but announces nothing, so that only static routes lead to it; `disabled`: none of
 * it. Source: Ergo `gen.NetworkMode`.
 */
export type NetworkMode = 'enabled' | 'hidden' | 'passive' | 'disabled';

/** Limits for those who are not let in yet. */
export interface HandshakeOptions {
  /** How long a handshake may take, ms; 5000 by default. */
  readonly timeoutMs?: number;
  /** How many may go on at once; 1024 by default. When there are more, the oldest that has said nothing yet has to go. */
  readonly maxPending?: number;
  /** Of these, from one address; 64 by default. */
  readonly maxPendingPerAddress?: number;
}

/** Where a node listens. Source: Ergo `gen.AcceptorOptions`. */
export interface AcceptorOptions extends HandshakeOptions {
  /** The IP address of this host to listen on; `127.0.0.1` by default, `0.0.0.0` or `::` for all. */
  readonly host?: string;
  /** The first port to try; 11144 by default, 0: any that is free. */
  readonly port?: number;
  /** How many ports to try, upwards; 0, the default: all there are. */
  readonly portCount?: number;
  /** The host that others are told, such as that of a NAT; that of the node's name by default. */
  readonly routeHost?: string;
  /** The port that others are told; the one that is listened on by default. */
  readonly routePort?: number;
  /** What those who dial must know; the node's cookie by default. */
  readonly cookie?: string;
  /** Certificates of this acceptor; those of the node by default. */
  readonly tls?: TlsOptions | 'self-signed';
  /** What the node does with those who dial it here and for them; what is not said is as the node has it. */
  readonly flags?: Partial<NetworkFlags>;
  /** The largest message that the node takes of those who dial it here, bytes; as the node has it by default. */
  readonly maxMessageSize?: number;
}

/** The registrar that each host has by itself: the first node serves it. */
export interface RegistrarOptions {
  /** The port, of this host and of all others; 4499 by default. */
  readonly port?: number;
  /** Whether it answers other hosts when this node serves it; by default if an acceptor of this node can be reached from there. */
  readonly answerOthers?: boolean;
  /** Whether this node may serve it when nobody does; true by default. */
  readonly serve?: boolean;
}

/** How a node talks with others. Source: Ergo `gen.NetworkOptions`. */
export interface NetworkOptions {
  /** `enabled` by default. */
  readonly mode?: NetworkMode;
  /** The secret that the nodes of a cluster share, 16 bytes at least. That of `cookieFile` by default. */
  readonly cookie?: string;
  /** The file of the cookie; `.tergo.cookie` in the home directory by default. Made with a random one, for the user only, if there is none. */
  readonly cookieFile?: string;
  /** Where to listen; one on `127.0.0.1` by default, from port 11144 on. */
  readonly acceptors?: readonly AcceptorOptions[];
  /** Who knows where nodes are: options of the host's registrar, or one's own; `false`: nobody, only `routes` lead to other nodes. */
  readonly registrar?: RegistrarOptions | Registrar | false;
  /** Where nodes are, before any registrar is asked. */
  readonly routes?: readonly NetworkRouteEntry[];
  /** Certificates; without them links are not encrypted. `'self-signed'` is for development. */
  readonly tls?: TlsOptions | 'self-signed';
  readonly flags?: Partial<NetworkFlags>;
  /** The largest message that this node takes, bytes, from 4096 on; 64 MiB by default. */
  readonly maxMessageSize?: number;
  /**
   * How many links a connection has that others open to this node, 1 to 64; 1 by default: that is fastest where nothing is lost, for all
   * that is sent in one turn is written at once. More help where packets are lost or the way is long: a loss holds up one link.
   */
  readonly poolSize?: number;
  /** Something is sent on every link at least that often, ms; 15000 by default, 100 at least. A link from which nothing comes for three times that is lost. */
  readonly keepAliveMs?: number;
  /** Bytes that may be on their way to this node on each link before it has taken some; 8 MiB by default, 256 KiB at least. */
  readonly windowBytes?: number;
  /** How long the handshake with a node that is dialled may take, ms; 5000 by default. */
  readonly dialTimeoutMs?: number;
  /** How what processes send is compressed that have set nothing themselves; not at all by default. */
  readonly compression?: Partial<Compression>;
  /**
   * Schemas that what other nodes send must pass; none by default. With one thread what `validators` gives or URLs of modules that
   * export such; with several only URLs: every thread imports them, by itself, during `startNode`. See docs/network.md.
   */
  readonly validators?: readonly (ProcessValidators | string | URL)[];
}

const MODES: readonly NetworkMode[] = ['enabled', 'hidden', 'passive', 'disabled'];
const MIN_WINDOW_BYTES = 256 * 1024;
/** As in `crates/wire`: whatever nodes themselves must tell each other fits into that. */
const SMALLEST_MESSAGE = 4096;
/** As in `crates/wire`: so many routes has a node for its registrar. */
const MAX_ROUTES = 16;
const KEYS = [
  ...['mode', 'cookie', 'cookieFile', 'acceptors', 'registrar', 'routes', 'tls', 'flags'],
  ...['maxMessageSize', 'poolSize', 'keepAliveMs', 'windowBytes', 'dialTimeoutMs', 'compression'],
  'validators',
];
const HANDSHAKE_KEYS = ['timeoutMs', 'maxPending', 'maxPendingPerAddress'];
const MOST_PENDING = 1_000_000;
const ACCEPTOR_KEYS = [
  ...['host', 'port', 'portCount', 'routeHost', 'routePort', 'cookie', 'tls'],
  ...['flags', 'maxMessageSize'],
  ...HANDSHAKE_KEYS,
];

/** Throws `incorrect`, naming the key, unless these are options of a network. @internal */
export function checkNetwork(argument: string, options: unknown): void {
  if (typeof options === 'boolean') return;
  checkOptions(argument, options, KEYS);
  const network = options as NetworkOptions;
  if (network.mode !== undefined) checkChoice(`${argument}.mode`, network.mode, MODES);
  if (network.cookie !== undefined) checkCookie(`${argument}.cookie`, network.cookie);
  if (network.cookieFile !== undefined) checkPath(`${argument}.cookieFile`, network.cookieFile);
  checkList(`${argument}.acceptors`, network.acceptors, checkAcceptor);
  const { mode = 'enabled', registrar, acceptors = [] } = network;
  if (mode === 'enabled' && registrar !== false && acceptors.length > MAX_ROUTES)
    throw incorrect(
      `${argument}.acceptors`,
      `a list of at most ${MAX_ROUTES}: registrars take no more`,
      acceptors.length,
    );
  checkList(`${argument}.routes`, network.routes, checkRoute);
  if (network.registrar !== undefined && network.registrar !== false)
    checkRegistrar(`${argument}.registrar`, network.registrar);
  if (network.tls !== undefined) checkTls(`${argument}.tls`, network.tls);
  if (network.flags !== undefined) checkFlags(`${argument}.flags`, network.flags);
  if (network.compression !== undefined)
    compressionOver(NO_COMPRESSION, network.compression, `${argument}.compression`);
  checkList(`${argument}.validators`, network.validators, checkValidators);
  checkLimits(argument, network);
}

function checkLimits(argument: string, options: NetworkOptions): void {
  const { maxMessageSize, poolSize, keepAliveMs, windowBytes, dialTimeoutMs } = options;
  checkMaxMessageSize(argument, maxMessageSize);
  if (poolSize !== undefined) checkInteger(`${argument}.poolSize`, poolSize, 1, 64);
  if (keepAliveMs !== undefined) checkInteger(`${argument}.keepAliveMs`, keepAliveMs, 100, 255_000);
  if (windowBytes !== undefined)
    checkInteger(`${argument}.windowBytes`, windowBytes, MIN_WINDOW_BYTES, 2 ** 31);
  if (dialTimeoutMs !== undefined) checkDelay(`${argument}.dialTimeoutMs`, dialTimeoutMs, 1);
}

function checkAcceptor(argument: string, acceptor: unknown): void {
  checkOptions(argument, acceptor, ACCEPTOR_KEYS);
  const { host, port, portCount, routeHost, routePort, cookie, tls, ...rest } =
    acceptor as AcceptorOptions;
  const { flags, maxMessageSize, ...handshake } = rest;
  if (host !== undefined) checkAddress(`${argument}.host`, host);
  if (port !== undefined) checkInteger(`${argument}.port`, port, 0, MAX_PORT);
  if (portCount !== undefined) checkInteger(`${argument}.portCount`, portCount, 0, MAX_PORT);
  if (routeHost !== undefined) checkHost(`${argument}.routeHost`, routeHost);
  if (routePort !== undefined) checkInteger(`${argument}.routePort`, routePort, 1, MAX_PORT);
  if (cookie !== undefined) checkCookie(`${argument}.cookie`, cookie);
  if (tls !== undefined) checkTls(`${argument}.tls`, tls);
  if (flags !== undefined) checkFlags(`${argument}.flags`, flags);
  checkMaxMessageSize(argument, maxMessageSize);
  checkHandshake(argument, handshake);
}

/** A name may stand for several addresses, and which of them to listen on nobody has said. */
function checkAddress(argument: string, host: unknown): void {
  if (typeof host === 'string' && isIP(host) !== 0 && !host.includes('%')) return;
  throw incorrect(argument, "an IP address of this host, such as '127.0.0.1' or '0.0.0.0'", host);
}

function checkMaxMessageSize(argument: string, bytes: number | undefined): void {
  if (bytes !== undefined)
    checkInteger(`${argument}.maxMessageSize`, bytes, SMALLEST_MESSAGE, 2 ** 31);
}

function checkHandshake(argument: string, options: HandshakeOptions): void {
  const { timeoutMs, maxPending, maxPendingPerAddress } = options;
  if (timeoutMs !== undefined) checkDelay(`${argument}.timeoutMs`, timeoutMs, 1);
  if (maxPending !== undefined) checkInteger(`${argument}.maxPending`, maxPending, 1, MOST_PENDING);
  if (maxPendingPerAddress !== undefined)
    checkInteger(`${argument}.maxPendingPerAddress`, maxPendingPerAddress, 1, MOST_PENDING);
}

function checkRegistrar(argument: string, registrar: unknown): void {
  if (typeof registrar !== 'object' || registrar === null)
    throw incorrect(argument, "options, a registrar of one's own, or false", registrar);
  if (isOwnRegistrar(registrar)) return checkOwnRegistrar(argument, registrar);
  checkOptions(argument, registrar, ['port', 'answerOthers', 'serve']);
  const { port, answerOthers, serve } = registrar as RegistrarOptions;
  if (port !== undefined) checkInteger(`${argument}.port`, port, 1, MAX_PORT);
  if (answerOthers !== undefined) checkBoolean(`${argument}.answerOthers`, answerOthers);
  if (serve !== undefined) checkBoolean(`${argument}.serve`, serve);
}

function checkValidators(argument: string, entry: unknown): void {
  if (entry instanceof LocalValidators || isModuleUrl(entry)) return;
  throw incorrect(argument, 'what validators gives, or the URL of a module that exports it', entry);
}

function checkPath(argument: string, path: unknown): void {
  if (typeof path !== 'string' || path === '') throw incorrect(argument, 'a path', path);
}

function checkList(
  argument: string,
  list: unknown,
  check: (argument: string, entry: unknown) => void,
): void {
  if (list === undefined) return;
  if (!Array.isArray(list)) throw incorrect(argument, 'a list', list);
  for (const [index, entry] of list.entries()) {
    if (entry === undefined) throw incorrect(`${argument}[${index}]`, 'an object', entry);
    check(`${argument}[${index}]`, entry);
  }
}
