import type { BindingRoute } from '../native/load.ts';
import { laidOver } from '../process/laid-over.ts';
import { bitsOf } from './features.ts';
import type { NetworkFlags } from './network-flags.ts';
import type { NetworkRouteEntry } from './network-route.ts';
import { tlsWords } from './tls-words.ts';

/** A static route of that node as the binding takes it; what its flags do not say is as the node has it. */
export function routeWords(
  route: NetworkRouteEntry,
  node: string,
  nodeFlags: NetworkFlags,
): BindingRoute {
  const { pattern, weight = 0, host = '', port, cookie, tls = false, flags } = route;
  return {
    ...{ pattern, weight, host, port, isTls: tls !== false },
    ...(typeof tls === 'boolean' ? {} : { tls: tlsWords(tls, node) }),
    ...(cookie === undefined ? {} : { cookie: Buffer.from(cookie) }),
    ...(flags === undefined ? {} : { features: bitsOf(laidOver(nodeFlags, flags)) }),
  };
}
