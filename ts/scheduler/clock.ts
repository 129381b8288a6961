// Taken before a test framework can put fake timers in their place: a node must go on under them.
const { clearTimeout, performance, setTimeout } = globalThis;

/**
 * The time that a node lives by: its timers, delayed sends, timeouts, uptimes, log records and events.
 * The default is the machine's; `virtualClock` of `tergo/testing` is one that a test moves.
 *
 * @example
 * const clock = virtualClock();
 * await using node = await startNode('test@localhost', { clock });
 */
export interface Clock {
  /** Monotonic time, ms since some fixed moment; may have a fraction. Never goes back. */
  now(): number;
  /** The time of day, ms since 1970; may be set forwards and back. */
  wallNow(): number;
  /**
   * Calls `wake` once, not before `delayMs` (0 to 2^31 − 1) are over; gives what undoes it, which may be
   * called at any time. `wake` is never called before `alarm` has returned.
   */
  alarm(delayMs: number, wake: () => void): () => void;
  /**
   * Called once by each node that starts with this clock; gives what the node calls when it has stopped.
   * A clock that is moved by hand asks its members whether they are at rest before it moves on.
   */
  join?(member: ClockMember): () => void;
}

/** The longest delay of an alarm, ms. */
export const MAX_ALARM_MS: number = 2 ** 31 - 1;

/** Who lives by a clock: a node. */
export interface ClockMember {
  /** True when nothing will run before an alarm goes off or something comes from outside. */
  readonly isAtRest: boolean;
}

/** The machine's own clock. Its alarms keep the OS process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  alarm: (delayMs, wake) => {
    const handle = setTimeout(wake, delayMs);
    return () => clearTimeout(handle);
  },
};

/** When the machine's own clock was 0 on this thread, ms since 1970. */
export const SYSTEM_EPOCH_MS: number = performance.timeOrigin;
const NS_PER_MS = 1_000_000;
/** When the time of day differs by more from what the machine's own clock says, it was set, or the machine has slept, ms. */
const SET_MS = 100;

/** The time of day as the machine's own clock goes on from there: in parts of a millisecond, which the time of day itself has not. */
let epochMs = SYSTEM_EPOCH_MS;
let epochNs = nsOf(epochMs);

/** The time of day in ns since 1970; that of the machine is as fine as can be, and goes back only when it is set back. */
export function timestampNs(clock: Clock): bigint {
  if (clock === systemClock) {
    // Twice: between the readings the thread may have been held up.
    if (isSet() && isSet()) {
      epochMs += wallAhead();
      epochNs = nsOf(epochMs);
    }
    return epochNs + BigInt(Math.round(clock.now() * NS_PER_MS));
  }
  // In two parts: ns since 1970 are more than a number holds exactly.
  const ms = clock.wallNow();
  const whole = Math.floor(ms);
  return BigInt(whole) * BigInt(NS_PER_MS) + BigInt(Math.round((ms - whole) * NS_PER_MS));
}

function isSet(): boolean {
  return Math.abs(wallAhead()) > SET_MS;
}

/** By how much the time of day is ahead of the machine's own clock, ms. */
function wallAhead(): number {
  return systemClock.wallNow() - systemClock.now() - epochMs;
}

function nsOf(ms: number): bigint {
  return BigInt(Math.round(ms * NS_PER_MS));
}
