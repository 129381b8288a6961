import { TergoError } from '../error/tergo-error.ts';
import type { NetworkOptions } from './network-options.ts';

/** The secret of a node. */
export function cookieOf({ cookie }: NetworkOptions): string {
  if (cookie !== undefined) return cookie;
  throw new TergoError('incorrect', 'options.network.cookie must be given');
}
