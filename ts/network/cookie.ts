import { reasonOf } from '../error/exit-reason.ts';
import { TergoError } from '../error/tergo-error.ts';
import type { Native } from '../native/load.ts';
import type { NetworkOptions } from './network-options.ts';

/** The secret of a node. Throws `incorrect` for a file that is none, or that others may read. */
export function cookieOf({ cookie, cookieFile }: NetworkOptions, native: Native): Buffer {
  if (cookie !== undefined) return Buffer.from(cookie);
  try {
    return native.loadCookie(cookieFile);
  } catch (cause) {
    const text = `options.network.cookieFile: ${reasonOf(cause).message}`;
    throw new TergoError('incorrect', text, { cause });
  }
}
