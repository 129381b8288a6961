import { INIT_TIMEOUT_MS } from '../node/spawner.ts';
import type { AnySpawnOptions } from '../process/process-options.ts';
import type { Patience } from './questions.ts';

/** How long another thread or node may take to answer a request, ms. Source: Ergo `gen.DefaultRequestTimeout`. */
export const REQUEST_MS = 5000;

/** How long an important message waits to be placed, ms. Source: Ergo `gen.DefaultRequestTimeout`. */
const PLACED_MS = 5000;

/** The same as `REQUEST_MS`, with what is said when it has not answered; `advice` is what that means for who asked. */
export function requestPatience(about: string, advice: string, ms: number = REQUEST_MS): Patience {
  return { ms, text: `${about}: its node did not answer within ${ms} ms; ${advice}` };
}

/** The same for an important message to that target. */
export function placing(about: string): Patience {
  const text = `${about} was not confirmed to have the message in its mailbox after ${PLACED_MS} ms`;
  return { ms: PLACED_MS, text };
}

/** How long a spawn elsewhere may take, the `init` of the process included, ms; 0: as long as it likes. */
export function spawnLimitMs({ initTimeoutMs = INIT_TIMEOUT_MS }: AnySpawnOptions): number {
  return initTimeoutMs === 0 ? 0 : REQUEST_MS + initTimeoutMs;
}
