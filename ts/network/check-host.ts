import { checkName } from '../error/check.ts';
import { incorrect } from '../error/tergo-error.ts';

/** Throws `incorrect` for what can be no host. As registrars take it: `is_plain` of crates/wire. @internal */
export function checkHost(argument: string, host: unknown): void {
  checkName(argument, host);
  if (/[\s\p{Cc}\p{Cs}]/u.test(host))
    throw incorrect(argument, 'a host, without spaces and control characters', host);
}
