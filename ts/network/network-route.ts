import { checkInteger, checkName, checkOptions } from '../error/check.ts';
import { incorrect } from '../error/tergo-error.ts';
import { checkCookie } from './check-cookie.ts';
import { checkHost } from './check-host.ts';
import { checkFlags, type NetworkFlags } from './network-flags.ts';
import { MAX_PORT } from './max-port.ts';
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
  /** A regular expression for names of nodes, as Rust has them: without looking ahead or behind, and without references back. */
  readonly pattern: string;
  /** Of several that match, those with the highest weight are tried first; 0 by default. */
  readonly weight?: number;
}

const PLACE_KEYS = ['host', 'port', 'cookie', 'tls', 'flags'];
const MAX_WEIGHT = 2 ** 31 - 1;

/** Throws `incorrect`, naming the key, for what is no route with its nodes. @internal */
export function checkRoute(argument: string, route: unknown): void {
  checkOptions(argument, route, ['pattern', 'weight', ...PLACE_KEYS]);
  const { pattern, weight, ...place } = route as NetworkRouteEntry;
  checkName(`${argument}.pattern`, pattern);
  checkRouteWeight(`${argument}.weight`, weight);
  checkPlace(argument, place);
}

/** Throws `incorrect` for what is no weight of a route. @internal */
export function checkRouteWeight(argument: string, weight: unknown): void {
  if (weight !== undefined) checkInteger(argument, weight, -MAX_WEIGHT, MAX_WEIGHT);
}

/** Throws `incorrect`, naming the key, for what is no route. @internal */
export function checkPlace(argument: string, place: unknown): void {
  if (place === undefined) throw incorrect(argument, 'an object', place);
  checkOptions(argument, place, PLACE_KEYS);
  const { host, port, cookie, tls, flags } = place as NetworkRoute;
  if (host !== undefined) checkHost(`${argument}.host`, host);
  checkInteger(`${argument}.port`, port, 1, MAX_PORT);
  if (cookie !== undefined) checkCookie(`${argument}.cookie`, cookie);
  if (tls !== undefined && typeof tls !== 'boolean') checkTls(`${argument}.tls`, tls);
  if (flags !== undefined) checkFlags(`${argument}.flags`, flags);
}
