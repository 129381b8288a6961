import { Codec } from '../codec/codec.ts';
import type { ExitReason } from '../error/exit-reason.ts';
import { TergoError } from '../error/tergo-error.ts';
import type { Runtime } from '../node/runtime.ts';
import type { LocalPid } from '../process/pid.ts';
import { EXPORTED, type ProcessRecord } from '../process/process-record.ts';
import type { BehaviourRegistry } from '../thread/behaviour-registry.ts';
import { Placement } from '../thread/placement.ts';
import { ThreadStatistics } from '../thread/thread-statistics.ts';
import { Chunks } from './chunks.ts';
import { Control, Controls } from './controls.ts';
import { Endings } from './endings.ts';
import { FarAliases } from './far-aliases.ts';
import { FarApplications } from './far-applications.ts';
import { FarCalls } from './far-calls.ts';
import { FarLinks } from './far-links.ts';
import { FarMessages } from './far-messages.ts';
import { FarNames } from './far-names.ts';
import { FarPids } from './far-pids.ts';
import { FarSpawns } from './far-spawns.ts';
import { FarWorld } from './far-world.ts';
import { FrameReader } from './frame-reader.ts';
import { type FrameHead, FrameWriter } from './frame-writer.ts';
import { NodeWide } from './node-wide.ts';
import { Presence } from './presence.ts';
import { Proxies } from './proxies.ts';
import { Questions } from './questions.ts';
import { Watches } from './watches.ts';

/** Which thread of which node this is. */
export interface ThreadPlace {
  readonly thread: number;
  readonly threads: number;
  /** How often a thread of this number was started before. */
  readonly incarnation: number;
  readonly behaviours: BehaviourRegistry;
}

/** Numbers of calls, proxies and spawns begin anew with each incarnation of a thread, far from those of the last one. */
const NUMBERS_EACH = 2 ** 24;

/** A thread that is not up. */
interface Down {
  readonly waiting: { resolve(): void; reject(error: Error): void }[];
  /** Why it will not come back. */
  lost: Error | undefined;
}

/** What connects the runtime of this thread with those of the others; docs/design/threads.md. */
export class Far {
  readonly runtime: Runtime;
  readonly thread: number;
  readonly threads: number;
  readonly behaviours: BehaviourRegistry;
  readonly firstNumber: number;
  readonly presence: Presence;
  readonly pids: FarPids;
  readonly writer: FrameWriter;
  readonly reader: FrameReader;
  readonly controls: Controls;
  readonly endings: Endings = new Endings();
  readonly names: FarNames;
  readonly messages: FarMessages;
  readonly calls: FarCalls;
  readonly proxies: Proxies;
  readonly links: FarLinks;
  readonly watches: Watches;
  readonly spawns: FarSpawns;
  readonly applications: FarApplications;
  readonly questions: Questions;
  readonly nodeWide: NodeWide;
  readonly statistics: ThreadStatistics;
  readonly placement: Placement;
  readonly #codec: Codec;
  /** Threads that have ended and are not back. */
  readonly #down = new Map<number, Down>();

  constructor(runtime: Runtime, place: ThreadPlace) {
    this.runtime = runtime;
    this.thread = place.thread;
    this.threads = place.threads;
    this.behaviours = place.behaviours;
    this.firstNumber = (place.incarnation % 250) * NUMBERS_EACH;
    const { native, driver } = runtime;
    this.presence = new Presence(native);
    this.pids = new FarPids(runtime, this.thread, this.presence);
    const aliases = new FarAliases(runtime, this.thread, this.presence);
    const world = new FarWorld(runtime, this.pids, aliases);
    this.#codec = new Codec(world);
    const chunks = new Chunks(native);
    this.writer = new FrameWriter(
      { native, driver, codec: this.#codec, chunks, world },
      this.thread,
    );
    this.reader = new FrameReader(native, this.#codec, this.pids, chunks);
    this.controls = new Controls(this.writer, this.reader, runtime.core.pid);
    this.names = new FarNames(runtime, this);
    this.messages = new FarMessages(runtime, this);
    this.calls = new FarCalls(runtime, this);
    this.proxies = new Proxies(runtime, this);
    this.links = new FarLinks(runtime, this);
    this.watches = new Watches(runtime, this);
    this.spawns = new FarSpawns(runtime, this);
    this.applications = new FarApplications(this);
    this.questions = new Questions(this);
    this.nodeWide = new NodeWide(runtime, this);
    this.statistics = new ThreadStatistics(native);
    this.placement = new Placement(this, this.statistics);
    this.controls.on(Control.cameUp, ({ number }) => this.cameUp(number));
    this.controls.on(Control.lost, ({ number, value }) => this.lost(number, value as Error));
    this.controls.on(Control.gone, ({ number, value }) => this.ended(number, value as Error));
  }

  /** The other threads of the node, whether or not they are up. */
  get others(): readonly number[] {
    return Array.from({ length: this.threads }, (_, thread) => thread).filter(
      (thread) => thread !== this.thread,
    );
  }

  isUp(thread: number): boolean {
    return !this.#down.has(thread);
  }

  /** Resolves when a thread is up, or back; rejects when it is left down, with the reason. */
  whenUp(thread: number): Promise<void> | undefined {
    const down = this.#down.get(thread);
    if (down === undefined) return undefined;
    if (down.lost !== undefined) return Promise.reject(down.lost);
    return new Promise((resolve, reject) => void down.waiting.push({ resolve, reject }));
  }

  /** A thread is back, without any of its former processes. */
  cameUp(thread: number): void {
    const waiting = this.#down.get(thread)?.waiting ?? [];
    this.#down.delete(thread);
    for (const { resolve } of waiting) resolve();
  }

  /** A thread that has ended will not come back. */
  lost(thread: number, reason: Error): void {
    const down = this.#down.get(thread);
    if (down === undefined) return;
    down.lost = reason;
    for (const { reject } of down.waiting.splice(0)) reject(reason);
  }

  /** A thread has ended: so has everything that was there. */
  ended(thread: number, reason: Error): void {
    if (!this.#down.has(thread)) this.#down.set(thread, { waiting: [], lost: undefined });
    this.writer.forget(thread);
    this.calls.threadEnded(thread, reason);
    this.proxies.threadEnded(thread, reason);
    this.watches.threadEnded(thread);
    this.spawns.threadEnded(thread, reason);
    this.questions.threadEnded(thread, reason);
    this.applications.threadEnded(thread, reason);
  }

  /** Shows the other threads what this one counts itself. */
  showCounters(): void {
    const { driver, calls, counters } = this.runtime;
    const now = driver.now;
    this.statistics.show(this.thread, {
      busyMs: driver.busy.total,
      longestMs: driver.busy.longestOf(now),
      pendingCalls: calls.size,
      mailboxFull: counters.mailboxFull,
      blocked: counters.blocked,
      dropped: counters.dropped,
      slabEntries: driver.slab.size,
      watches: this.watches.size,
    });
  }

  /** A process of this thread has ended. */
  left({ pid, flags }: ProcessRecord, reason: ExitReason): void {
    this.endings.add(pid.slot, pid.generation, reason);
    if ((flags & EXPORTED) !== 0) this.pids.ended(pid);
  }

  /** What finds the mailbox of a process of this thread full goes elsewhere. */
  showFallback({ slot }: LocalPid): void {
    this.presence.slot(this.thread, slot)?.showFallback();
  }

  /** A process of this thread was killed inside a callback: nobody is to reach it any more. */
  hide({ slot }: LocalPid): void {
    this.presence.slot(this.thread, slot)?.hide();
  }

  /** The same, or, for an error that cannot travel, one that says as much as can. */
  portable<T>(value: T): T | Error;
  portable(value: unknown): unknown {
    if (!(value instanceof Error)) return value;
    if (this.#codec.isEncodable(value)) return value;
    const { name, message, stack } = value;
    const isOurs = value instanceof TergoError;
    const plain = isOurs ? new TergoError(value.code, message) : new Error(message);
    return Object.assign(plain, { stack, ...(isOurs ? {} : { name }) });
  }

  /** Whether a value can travel to another thread. */
  isEncodable(value: unknown): boolean {
    return this.#codec.isEncodable(value);
  }

  /** Throws `unencodable`, naming the path, for what cannot travel. */
  refuseUnencodable(value: unknown): void {
    this.#codec.check(value);
  }

  /** Those of a list that can travel. */
  travelling<T>(values: readonly T[]): readonly T[] {
    return values.filter((value) => this.#codec.isEncodable(value));
  }

  /** A frame that carries an exit reason. */
  writeReason(head: FrameHead, from: LocalPid, reason: ExitReason): void {
    this.writer.write(head, from, this.portable(reason));
  }
}
