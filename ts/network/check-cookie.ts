import { incorrect } from '../error/tergo-error.ts';

const MIN_COOKIE_BYTES = 16;
const MAX_COOKIE_BYTES = 4096;

/** Throws `incorrect` for what is no secret to be shared. @internal */
export function checkCookie(argument: string, cookie: unknown): void {
  const length = typeof cookie === 'string' ? Buffer.byteLength(cookie) : 0;
  if (length >= MIN_COOKIE_BYTES && length <= MAX_COOKIE_BYTES) return;
  // Not the cookie itself: errors are logged.
  const was = typeof cookie === 'string' ? `one of ${length} bytes` : typeof cookie;
  throw incorrect(argument, `a string of ${MIN_COOKIE_BYTES} to ${MAX_COOKIE_BYTES} bytes`, was);
}
