import { TergoError } from '../../error/tergo-error.ts';
import { type ClockMember, systemClock } from '../../scheduler/clock.ts';

// Taken before a test framework can put fake timers in their place.
const { setImmediate } = globalThis;

/** How long nodes may go on without a rest before that is an error, ms of the machine's time. */
const RESTLESS_MS = 10_000;
/** In how many turns of the event loop, one after the other, everybody must be found at rest. */
const CALM_TURNS = 2;

/** One turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/**
 * Resolves when no member has anything left to run: its messages are handled and the continuations of
 * its promises have run. What waits for time or for the outside world (files, sockets, timers of
 * Node.js) waits on. Rejects with `timeout` when the members keep each other busy for 10 s.
 */
export async function rest(members: Iterable<ClockMember>): Promise<void> {
  const until = systemClock.now() + RESTLESS_MS;
  for (let calm = 0; calm < CALM_TURNS;) {
    await turn();
    calm = areAtRest(members) ? calm + 1 : 0;
    if (calm === 0 && systemClock.now() > until) throw restless();
  }
}

function areAtRest(members: Iterable<ClockMember>): boolean {
  for (const member of members) if (!member.isAtRest) return false;
  return true;
}

function restless(): TergoError {
  const text = `the nodes have not come to rest for ${RESTLESS_MS} ms: do processes send to each other without end?`;
  return new TergoError('timeout', text);
}
