import { type ClockMember, systemClock } from '../../scheduler/clock.ts';

// Taken before a test framework can put fake timers in their place.
const { setImmediate } = globalThis;

/** How long nodes may go on without a rest before that is an error, ms of the machine's time. */
export const RESTLESS_MS = 10_000;
/** In how many turns of the event loop, one after the other, everybody must be found at rest. */
const CALM_TURNS = 2;

/**
 * Resolves with true when no member has anything left to run: its messages are handled and the
 * continuations of its promises have run. What waits for time or for the outside world (files, sockets,
 * timers of Node.js) waits on. With false when that has not come about within `limitMs`.
 */
export async function rest(
  members: Iterable<ClockMember>,
  limitMs: number = RESTLESS_MS,
): Promise<boolean> {
  const until = systemClock.now() + limitMs;
  for (let calm = 0; calm < CALM_TURNS;) {
    await turn();
    calm = areAtRest(members) ? calm + 1 : 0;
    if (calm === 0 && systemClock.now() > until) return false;
  }
  return true;
}

/** One turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

function areAtRest(members: Iterable<ClockMember>): boolean {
  for (const member of members) if (!member.isAtRest) return false;
  return true;
}
