import type { BindingRoute } from '../native/load.ts';
import type { NetworkRouteEntry } from './network-route.ts';
import { tlsWords } from './tls-words.ts';

/** A static route of that node as the binding takes it. */
export function routeWords(route: NetworkRouteEntry, node: string): BindingRoute {
  const { pattern, weight = 0, host = '', port, cookie, tls = false } = route;
  return {
    ...{ pattern, weight, host, port, isTls: tls !== false },
    ...(typeof tls === 'boolean' ? {} : { tls: tlsWords(tls, node) }),
    ...(cookie === undefined ? {} : { cookie: Buffer.from(cookie) }),
  };
}
