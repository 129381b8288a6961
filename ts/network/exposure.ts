import type { Log } from '../log/log.ts';
import { isLoopback } from './loopback.ts';
import type { AcceptorInfo } from './acceptor-info.ts';

/** Warns of what is allowed and seldom meant: that others on the way can read along, or pass for whom is dialled. */
export function warnOfExposure(
  log: Log,
  acceptors: readonly AcceptorInfo[],
  insecure: readonly string[],
): void {
  if (insecure.length > 0)
    log.warning('certificates of others are not checked, which is for development', { insecure });
  for (const { host, port, isTls } of acceptors)
    if (!isTls && !isLoopback(host))
      log.warning(
        'the node listens without encryption where other hosts reach it; give options.network.tls',
        { host, port },
      );
}
