import { checkInteger, checkOptions, checkFunction } from '../error/check.ts';
import { RELATION_MONITOR } from '../native/layout.ts';
import type { Runtime } from '../node/runtime.ts';
import { QUEUE_MAIN } from '../native/layout.ts';
import { describeTarget } from '../relation/relation.ts';
import { compressionOf } from './compression.ts';
import { priorityOf } from './priority.ts';
import type {
  ProcessInfo,
  ProcessListOptions,
  ProcessShortInfo,
  RelationTargetInfo,
} from './process-info.ts';
import {
  DEAD,
  INIT,
  type ProcessRecord,
  RUNNING,
  TRAP_EXIT,
  WAITING,
  ZOMBIE,
} from './process-record.ts';
import type { ProcessState } from './process-state.ts';

/** Tells what there is to know about processes. */
export class Inspector {
  readonly #runtime: Runtime;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  state({ flags, calls }: ProcessRecord): ProcessState {
    if ((flags & DEAD) !== 0) return 'terminated';
    if ((flags & ZOMBIE) !== 0) return 'zombie';
    if ((flags & INIT) !== 0) return 'init';
    if ((flags & RUNNING) !== 0) return 'running';
    if ((flags & WAITING) === 0) return 'sleep';
    return calls === undefined ? 'running' : 'wait-response';
  }

  uptime(record: ProcessRecord): number {
    return this.#runtime.driver.readNow() - record.startedAt;
  }

  shortInfo(record: ProcessRecord): ProcessShortInfo {
    const { queues, messagesIn } = this.#counters(record);
    return {
      pid: record.pid,
      thread: this.#runtime.far?.thread ?? 0,
      name: record.name,
      application: record.application?.name,
      behaviour: record.behaviour,
      state: this.state(record),
      parent: record.parent,
      leader: record.leader,
      uptimeMs: this.uptime(record),
      messagesIn,
      messagesOut: record.sent,
      mailbox: queues.urgent + queues.system + queues.main + queues.log,
      logLevel: this.#runtime.logLevelOf(record),
    };
  }

  info(record: ProcessRecord): ProcessInfo {
    const { extra } = record;
    const { exposeEnvInfo } = this.#runtime.security;
    return {
      ...this.shortInfo(record),
      mailboxSize: extra?.limit ?? 0,
      queues: this.#counters(record).queues,
      priority: priorityOf(extra?.queue ?? QUEUE_MAIN),
      compression: compressionOf(record),
      trapExit: (record.flags & TRAP_EXIT) !== 0,
      fallback: extra?.fallback,
      aliases: extra?.aliases.slice() ?? [],
      events: extra?.events.map(({ name }) => name) ?? [],
      ...this.#relations(record),
      pendingCalls: this.#countCalls(record),
      env: exposeEnvInfo ? this.#runtime.envList(record) : new Map(),
    };
  }

  /** Sorted by id, as the options ask. Throws `incorrect`. */
  list(options: ProcessListOptions): readonly ProcessShortInfo[] {
    return pageOf(this.#runtime.shutdown.living(), options, (record) => this.shortInfo(record));
  }

  /** The same of processes that are known already. */
  page(
    infos: readonly ProcessShortInfo[],
    options: ProcessListOptions,
  ): readonly ProcessShortInfo[] {
    return pageOf(infos, options, (info) => info);
  }

  #counters(record: ProcessRecord): {
    readonly queues: ProcessInfo['queues'];
    readonly messagesIn: number;
  } {
    const { native, driver } = this.#runtime;
    driver.outbox.flush();
    const counters = native.processCounters(record.pid.slot, record.generation);
    if (counters === null)
      return { queues: { urgent: 0, system: 0, main: 0, log: 0 }, messagesIn: 0 };
    const { urgent, system, main, log, delivered } = counters;
    const messagesIn = delivered + urgent + system + main + log;
    return { queues: { urgent, system, main, log }, messagesIn };
  }

  #relations(record: ProcessRecord): Pick<ProcessInfo, 'links' | 'monitors'> {
    const links: RelationTargetInfo[] = [];
    const monitors: RelationTargetInfo[] = [];
    const { native, relations } = this.#runtime;
    const pairs = native.relations(record.pid.slot, record.generation);
    for (let at = 0; at < pairs.length; at += 2) {
      const relation = relations.at(pairs[at + 1]!);
      if (relation === undefined) continue;
      const list = (pairs[at]! & RELATION_MONITOR) === 0 ? links : monitors;
      list.push(describeTarget(relation.target));
    }
    return { links, monitors };
  }

  #countCalls(record: ProcessRecord): number {
    let count = 0;
    for (let call = record.calls; call !== undefined; call = call.next) count += 1;
    return count;
  }
}

interface Identified {
  readonly pid: { readonly id: number };
}

function pageOf<T extends Identified>(
  processes: readonly T[],
  options: ProcessListOptions,
  infoOf: (process: T) => ProcessShortInfo,
): readonly ProcessShortInfo[] {
  checkOptions('options', options, ['start', 'limit', 'filter']);
  const { start = 1001, limit = 100, filter } = options;
  checkInteger('options.start', start, -1_000_000_000);
  checkInteger('options.limit', limit, 1);
  if (filter !== undefined) checkFunction('options.filter', filter);
  const found: ProcessShortInfo[] = [];
  for (const process of from(start, processes)) {
    const info = infoOf(process);
    if (filter === undefined || filter(info)) found.push(info);
    if (found.length === limit) break;
  }
  return found;
}

function from<T extends Identified>(start: number, processes: readonly T[]): readonly T[] {
  if (start >= 0) {
    return processes.filter(({ pid }) => pid.id >= start).toSorted((a, b) => a.pid.id - b.pid.id);
  }
  return processes.toSorted((a, b) => b.pid.id - a.pid.id).slice(-start - 1);
}
