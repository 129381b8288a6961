import type { LogLevel } from '../log/log-level.ts';
import { RUNNING, WAITING, ZOMBIE } from '../process/process-record.ts';
import {
  STAT_ALIASES,
  STAT_DELIVERED,
  STAT_DROPPED,
  STAT_EVENTS,
  STAT_EVENTS_DELIVERED,
  STAT_EVENTS_DROPPED,
  STAT_EVENTS_PUBLISHED,
  STAT_LINKS,
  STAT_MESSAGES,
  STAT_MONITORS,
  STAT_NAMES,
  STAT_PROCESSES,
  STAT_SPAWNED,
  STAT_TERMINATED,
  STAT_TIMERS,
} from '../native/layout.ts';
import type { ThreadInfo } from '../thread/thread-info.ts';
import { VERSION } from '../version.ts';
import type { Far } from '../far/far.ts';
import type { BindingCounters } from '../native/load.ts';
import type { Runtime } from './runtime.ts';

/** What a node counts, on all of its threads. All since its start. Source: Ergo `gen.NodeInfo`. */
export interface NodeInfo {
  readonly name: string;
  readonly creation: number;
  readonly uptimeMs: number;
  /** Of the package. */
  readonly version: string;
  readonly logLevel: LogLevel;
  /** Told on the thread that started the node only. */
  readonly loggers: readonly string[];
  /** Processes that live now. */
  readonly processes: number;
  /** Of those on the thread that asks, with a callback on the stack or a promise of one pending. */
  readonly processesRunning: number;
  /** Of those on the thread that asks, killed inside a callback that has not returned. */
  readonly processesZombie: number;
  readonly spawned: number;
  readonly terminated: number;
  /** Applications that are loaded; the system application is one of them. */
  readonly applications: number;
  /** Of these, those that run. */
  readonly applicationsRunning: number;
  readonly registeredNames: number;
  readonly registeredAliases: number;
  readonly registeredEvents: number;
  /** Links and monitors that have not fired. */
  readonly links: number;
  readonly monitors: number;
  /** Calls that are not settled. */
  readonly pendingCalls: number;
  readonly pendingTimers: number;
  /** Cron jobs, disabled ones as well. */
  readonly cronJobs: number;
  /** Entries that were put into mailboxes and taken out of them; the others wait, or were dropped. */
  readonly messagesIn: number;
  readonly messagesOut: number;
  /** Messages whose target ended before it took them. */
  readonly messagesDropped: number;
  /** Sends that found a full mailbox. */
  readonly mailboxFull: number;
  readonly eventsPublished: number;
  readonly eventsDelivered: number;
  /** Event messages that found a full mailbox. */
  readonly eventsDropped: number;
  /** Callbacks that blocked the thread for 100 ms or more. */
  readonly blockedCallbacks: number;
  /** Messages, reasons and relations that the core holds by number. */
  readonly slabEntries: number;
  /** The scheduler threads, by their number; most nodes have one. */
  readonly threads: readonly ThreadInfo[];
}

/** Collects the counters of a node, on all of its threads. @internal */
export function describeNode(runtime: Runtime): NodeInfo {
  const own = describeThread(runtime);
  const { far } = runtime;
  return far === undefined ? own : withOthers(own, far);
}

function describeThread(runtime: Runtime): NodeInfo {
  const { home, driver, native, counters, names, events, calls, hub } = runtime;
  driver.outbox.flush();
  const core = native.counters();
  const living = runtime.shutdown.living();
  const withFlag = (flag: number): number =>
    living.filter(({ flags }) => (flags & flag) !== 0).length;
  return {
    name: home.node,
    creation: home.creation,
    uptimeMs: driver.readNow(),
    version: VERSION,
    logLevel: runtime.logLevel,
    loggers: hub.names(),
    processes: living.length,
    processesRunning: withFlag(RUNNING | WAITING),
    processesZombie: withFlag(ZOMBIE),
    // The core process is none that somebody spawned.
    spawned: counters.spawned - 1,
    terminated: counters.terminated,
    ...runtime.applications.counts(),
    registeredNames: names.size,
    registeredAliases: counters.aliases,
    registeredEvents: events.size,
    links: core.links,
    monitors: core.monitors,
    pendingCalls: calls.size,
    pendingTimers: core.timers,
    cronJobs: runtime.cron.size,
    messagesIn: core.delivered + core.messages + core.dropped,
    messagesOut: core.delivered,
    messagesDropped: counters.dropped,
    mailboxFull: counters.mailboxFull,
    eventsPublished: core.eventsPublished,
    eventsDelivered: core.eventsDelivered,
    eventsDropped: core.eventsDropped,
    blockedCallbacks: counters.blocked,
    slabEntries: driver.slab.size + driver.tokens.size,
    threads: [ownThread(runtime, core, living.length)],
  };
}

/** The thread that asks, by what is known at once. */
function ownThread(runtime: Runtime, core: BindingCounters, processes: number): ThreadInfo {
  const { far, driver, counters, native } = runtime;
  const thread = far?.thread ?? 0;
  const loop = native.loopTimes(thread);
  const shown = far?.statistics.info(thread, true, far.absences.restartsOf(thread));
  return {
    ...(shown ?? { ...ALONE, runQueue: 0 }),
    ...{ thread, processes },
    messagesIn: core.delivered + core.messages + core.dropped,
    messagesOut: core.delivered,
    messagesDropped: counters.dropped,
    busyMs: loop?.workedMs ?? driver.slice.busy.total,
    eventLoopDelayMs: loop?.longestMs ?? driver.slice.busy.longestOf(driver.now),
  };
}

const ALONE = {
  ...{ isUp: true, restarts: 0, framesIn: 0, batchesOut: 0, wakeUps: 0, refusals: 0, forced: 0 },
  ...{ arenaBytes: 0, blobBytes: 0 },
};

type Sum = { -readonly [Key in keyof NodeInfo]: NodeInfo[Key] };

/** Adds what the other threads have shown last. */
function withOthers(own: NodeInfo, far: Far): NodeInfo {
  const sum: Sum = { ...own };
  const threads = [...own.threads];
  sum.monitors -= far.watches.size;
  if (far.thread > 0) Object.assign(sum, far.statistics.home());
  for (const { thread } of own.threads) addPast(sum, far, thread);
  for (const thread of far.others) {
    addPast(sum, far, thread);
    const { statistics, absences } = far;
    const at = (word: number): number => statistics.at(thread, word);
    const count = (word: number): number => statistics.count(thread, word);
    threads.push(statistics.info(thread, absences.isUp(thread), absences.restartsOf(thread)));
    const counted = statistics.own(thread);
    // The node's own process on each thread is none that somebody spawned.
    sum.processes += Math.max(0, at(STAT_PROCESSES) - 1);
    sum.spawned += Math.max(0, count(STAT_SPAWNED) - 1);
    addCounts(sum, count, counted);
    sum.registeredNames += at(STAT_NAMES);
    sum.registeredAliases += at(STAT_ALIASES);
    sum.registeredEvents += at(STAT_EVENTS);
    sum.links += at(STAT_LINKS);
    sum.monitors += at(STAT_MONITORS) - counted.watches;
    sum.pendingCalls += counted.pendingCalls;
    sum.pendingTimers += at(STAT_TIMERS);
    sum.messagesIn += at(STAT_MESSAGES);
    sum.slabEntries += counted.slabEntries;
  }
  return { ...sum, threads: threads.toSorted((a, b) => a.thread - b.thread) };
}

/** Adds what those have counted that had the number of a thread before. */
function addPast(sum: Sum, { statistics }: Far, thread: number): void {
  const past = (word: number): number => statistics.past(thread, word);
  sum.spawned += past(STAT_SPAWNED);
  addCounts(sum, past, statistics.ownPast(thread));
}

/** Adds what only grows, but for what was spawned: of a living thread its own process counts not. */
function addCounts(
  sum: Sum,
  count: (word: number) => number,
  { dropped, mailboxFull, blocked }: ReturnType<Far['statistics']['ownPast']>,
): void {
  sum.terminated += count(STAT_TERMINATED);
  sum.messagesIn += count(STAT_DELIVERED) + count(STAT_DROPPED);
  sum.messagesOut += count(STAT_DELIVERED);
  sum.messagesDropped += dropped;
  sum.mailboxFull += mailboxFull;
  sum.eventsPublished += count(STAT_EVENTS_PUBLISHED);
  sum.eventsDelivered += count(STAT_EVENTS_DELIVERED);
  sum.eventsDropped += count(STAT_EVENTS_DROPPED);
  sum.blockedCallbacks += blocked;
}
