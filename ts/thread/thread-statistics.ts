import {
  BUSY,
  CURRENT,
  SLOT_MASK,
  PROGRESS,
  STAT_DELIVERED,
  STAT_DROPPED,
  STAT_FORCED,
  STAT_FRAMES_IN,
  STAT_JS,
  STAT_JS_COUNTS,
  STAT_MESSAGES,
  STAT_PAST,
  STAT_PROCESSES,
  STAT_RANGES_OUT,
  STAT_REFUSALS,
  STAT_RUN_QUEUE,
  STAT_WAKE_UPS,
} from '../native/layout.ts';
import { HOME_THREAD } from '../far/station.ts';
import type { BindingScheduler } from '../native/load.ts';
import type { NodeInfo } from '../node/node-info.ts';
import type { ThreadInfo } from './thread-info.ts';
import { wide } from '../native/wide.ts';

/** The words that TypeScript writes; the first takes two. */
const BUSY_US = STAT_JS;
const LONGEST_US = STAT_JS + 2;
const PENDING_CALLS = STAT_JS + 3;
const SLAB_ENTRIES = STAT_JS + 4;
const WATCHES = STAT_JS + 5;
/** Each takes two. */
const DROPPED = STAT_JS_COUNTS;
const MAILBOX_FULL = STAT_JS_COUNTS + 2;
const BLOCKED = STAT_JS_COUNTS + 4;

/** What thread 0 shows of the whole node. */
const APPLICATIONS = STAT_JS + 12;
const APPLICATIONS_RUNNING = STAT_JS + 13;
const CRON_JOBS = STAT_JS + 14;

/** Stands in `CURRENT` before the first callback. */
const NOBODY = 0xffff_ffff;

/** What a thread counts itself, beside the core. */
export interface OwnCounters {
  readonly busyMs: number;
  readonly longestMs: number;
  readonly pendingCalls: number;
  readonly mailboxFull: number;
  readonly blocked: number;
  readonly dropped: number;
  readonly slabEntries: number;
  /** Monitors of the core's own, for other threads. */
  readonly watches: number;
}

/** What thread 0 runs for the whole node. */
export type HomeCounts = Pick<NodeInfo, 'applications' | 'applicationsRunning' | 'cronJobs'>;

/** What a thread is doing. */
export interface ThreadActivity {
  /** Whether a callback of a process runs. */
  readonly isRunning: boolean;
  /** Of the process whose callback runs, or has run last; `undefined`: none has. */
  readonly slot: number | undefined;
  /** Changes whenever its event loop turns; with every callback where that cannot be seen. */
  readonly turns: number;
  /** For how long the event loop has worked without turning, ms; `undefined` where that cannot be seen and a callback runs. */
  readonly unturnedMs: number | undefined;
  /** The longest of late that it did, ms; `undefined` where that cannot be seen. */
  readonly longestMs: number | undefined;
}

/** What the threads of a node show of themselves in shared memory. */
export class ThreadStatistics {
  readonly #native: BindingScheduler;
  readonly #words: (Uint32Array | undefined)[] = [];
  readonly #rings: (Uint32Array | undefined)[] = [];

  constructor(native: BindingScheduler) {
    this.#native = native;
  }

  at(thread: number, word: number): number {
    return this.#of(thread)[word]!;
  }

  /** A count of 64 bits. */
  count(thread: number, word: number): number {
    const words = this.#of(thread);
    return wide(words[word + 1]!, words[word]!);
  }

  /** The same of all that had the number of a thread before. */
  past(thread: number, word: number): number {
    return this.count(thread, STAT_PAST + word);
  }

  /** What those have counted themselves. */
  ownPast(thread: number): Pick<OwnCounters, 'mailboxFull' | 'blocked' | 'dropped'> {
    return {
      mailboxFull: this.past(thread, MAILBOX_FULL),
      blocked: this.past(thread, BLOCKED),
      dropped: this.past(thread, DROPPED),
    };
  }

  /** What a thread has shown last of what it counts itself. */
  own(thread: number): OwnCounters {
    return {
      busyMs: this.count(thread, BUSY_US) / 1000,
      longestMs: this.at(thread, LONGEST_US) / 1000,
      pendingCalls: this.at(thread, PENDING_CALLS),
      mailboxFull: this.count(thread, MAILBOX_FULL),
      blocked: this.count(thread, BLOCKED),
      dropped: this.count(thread, DROPPED),
      slabEntries: this.at(thread, SLAB_ENTRIES),
      watches: this.at(thread, WATCHES),
    };
  }

  /** Shows what this thread counts itself. */
  show(thread: number, own: OwnCounters): void {
    const words = this.#of(thread);
    setPair(words, BUSY_US, Math.round(own.busyMs * 1000));
    words[LONGEST_US] = Math.round(own.longestMs * 1000);
    words[PENDING_CALLS] = own.pendingCalls;
    setPair(words, MAILBOX_FULL, own.mailboxFull);
    setPair(words, BLOCKED, own.blocked);
    setPair(words, DROPPED, own.dropped);
    words[SLAB_ENTRIES] = own.slabEntries;
    words[WATCHES] = own.watches;
  }

  /** Thread 0 shows what it runs. */
  showHome({ applications, applicationsRunning, cronJobs }: HomeCounts): void {
    const words = this.#of(HOME_THREAD);
    words[APPLICATIONS] = applications;
    words[APPLICATIONS_RUNNING] = applicationsRunning;
    words[CRON_JOBS] = cronJobs;
  }

  /** What that has shown last. */
  home(): HomeCounts {
    return {
      applications: this.at(HOME_THREAD, APPLICATIONS),
      applicationsRunning: this.at(HOME_THREAD, APPLICATIONS_RUNNING),
      cronJobs: this.at(HOME_THREAD, CRON_JOBS),
    };
  }

  info(thread: number, isUp: boolean, restarts: number): ThreadInfo {
    const { dropped, ...shown } = this.own(thread);
    // Those of the loop are of this moment, whatever the thread does.
    const { workedMs = shown.busyMs, longestMs = shown.longestMs } =
      this.#native.loopTimes(thread) ?? {};
    const messagesOut = this.count(thread, STAT_DELIVERED);
    const taken = messagesOut + this.count(thread, STAT_DROPPED);
    // Known to all at once: a thread that hangs shows nothing.
    const { chunkBytes, blobBytes } = this.#native.onTheWay(thread);
    return {
      ...{ thread, isUp, restarts },
      // The node's own process, which each thread has, is none that somebody spawned.
      processes: Math.max(0, this.at(thread, STAT_PROCESSES) - 1),
      runQueue: this.at(thread, STAT_RUN_QUEUE),
      messagesIn: taken + this.at(thread, STAT_MESSAGES),
      messagesOut,
      messagesDropped: dropped,
      framesIn: this.count(thread, STAT_FRAMES_IN),
      batchesOut: this.count(thread, STAT_RANGES_OUT),
      wakeUps: this.count(thread, STAT_WAKE_UPS),
      refusals: this.count(thread, STAT_REFUSALS),
      forced: this.count(thread, STAT_FORCED),
      busyMs: workedMs,
      eventLoopDelayMs: longestMs,
      arenaBytes: chunkBytes,
      blobBytes,
    };
  }

  /** What a thread is doing; `undefined` while nobody has its number. */
  activity(thread: number): ThreadActivity | undefined {
    const ring = (this.#rings[thread] ??= this.#mapRing(thread));
    if (ring === undefined) return undefined;
    const current = ring[CURRENT]!;
    const isRunning = current <= SLOT_MASK;
    const slot = current === NOBODY ? undefined : current & SLOT_MASK;
    const times = this.#native.loopTimes(thread);
    if (times !== null) return { isRunning, slot, ...times };
    const unturnedMs = ring[BUSY] !== 0 && isRunning ? undefined : 0;
    return { isRunning, slot, turns: ring[PROGRESS]!, unturnedMs, longestMs: undefined };
  }

  /** Another thread has taken the number. */
  forget(thread: number): void {
    this.#rings[thread] = undefined;
  }

  #of(thread: number): Uint32Array {
    return (this.#words[thread] ??= new Uint32Array(this.#native.statistics(thread)));
  }

  #mapRing(thread: number): Uint32Array | undefined {
    const buffer = this.#native.ringOf(thread);
    return buffer === null ? undefined : new Uint32Array(buffer);
  }
}

function setPair(words: Uint32Array, at: number, value: number): void {
  words[at] = value;
  words[at + 1] = Math.floor(value / 2 ** 32);
}
