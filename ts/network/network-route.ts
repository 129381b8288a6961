import { checkInteger, checkName, checkOptions } from '../error/check.ts';
import { incorrect } from '../error/tergo-error.ts';
import { checkCookie } from './check-cookie.ts';
import { checkFlags, type NetworkFlags } from './network-flags.ts';
import { checkTls, type TlsOptions } from './tls-options.ts';

/** Where a node is. Source: Ergo `gen.NetworkRoute`. */
export interface NetworkRoute {
  /** Its host or address; the host of its name by default. With TLS its certificate must be for that, unless `tls.serverName` says another name. */
  readonly host?: string;
  readonly port: number;
  /** What is to be known there; this node's cookie by default. */
  readonly cookie?: string;
  /** How its links are encrypted: certificates of this route, `true` for those of this node. Not at all by default. */
  readonly tls?: TlsOptions | 'self-signed' | boolean;
  /** What this node does with those there and for them; what is not said is as the node has it. */
  readonly flags?: Partial<NetworkFlags>;
}

/** A route with the nodes for which it is. */
export interface NetworkRouteEntry extends NetworkRoute {
  /** A regular expression for names of nodes. */
  readonly pattern: string;
  /** Of several that match, those with the highest weight are tried first; 0 by default. */
  readonly weight?: number;
}

const KEYS = ['pattern', 'weight', 'host', 'port', 'cookie', 'tls', 'flags'];
const MAX_PORT = 65_535;
const MAX_WEIGHT = 2 ** 31 - 1;

/** Throws `incorrect`, naming the key, for what is no route. @internal */
export function checkRoute(argument: string, route: unknown): void {
  checkOptions(argument, route, KEYS);
  const { pattern, weight, host, port, cookie, tls, flags } = route as NetworkRouteEntry;
  checkPattern(`${argument}.pattern`, pattern);
  if (weight !== undefined) checkInteger(`${argument}.weight`, weight, -MAX_WEIGHT, MAX_WEIGHT);
  if (host !== undefined) checkName(`${argument}.host`, host);
  checkInteger(`${argument}.port`, port, 1, MAX_PORT);
  if (cookie !== undefined) checkCookie(`${argument}.cookie`, cookie);
  if (tls !== undefined && typeof tls !== 'boolean') checkTls(`${argument}.tls`, tls);
  if (flags !== undefined) checkFlags(`${argument}.flags`, flags);
}

/** Throws `incorrect` for what matches no names. @internal */
export function checkPattern(argument: string, pattern: unknown): void {
  checkName(argument, pattern);
  try {
    RegExp(pattern);
  } catch {
    throw incorrect(argument, 'a regular expression', pattern);
  }
}
