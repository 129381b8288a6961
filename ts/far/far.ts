import { Codec } from '../codec/codec.ts';
import type { ExitReason } from '../error/exit-reason.ts';
import { TergoError } from '../error/tergo-error.ts';
import { MAX_THREADS, ORPHAN_SLOT } from '../native/layout.ts';
import { failure } from '../node/messaging.ts';
import type { Runtime } from '../node/runtime.ts';
import type { Compression } from '../process/compression.ts';
import type { LocalPid } from '../process/pid.ts';
import type { Fallback } from '../process/process-options.ts';
import { EXPORTED, type ProcessRecord } from '../process/process-record.ts';
import { RemoteApplications } from '../network/remote-applications.ts';
import { RemoteSpawns } from '../network/remote-spawns.ts';
import type { BehaviourRegistry } from '../thread/behaviour-registry.ts';
import { Placement } from '../thread/placement.ts';
import { ThreadStatistics } from '../thread/thread-statistics.ts';
import { Absences } from './absences.ts';
import { Chunks } from './chunks.ts';
import { CompressionProfiles } from './compression-profiles.ts';
import { ConfirmedAnswers } from './confirmed-answers.ts';
import { Control } from './control.ts';
import { Controls } from './controls.ts';
import { Endings } from './endings.ts';
import { FarAliases } from './far-aliases.ts';
import { FarApplications } from './far-applications.ts';
import { FarCalls } from './far-calls.ts';
import { FarLinks } from './far-links.ts';
import { FarLoggers } from './far-loggers.ts';
import { FarMessages } from './far-messages.ts';
import { FarNames } from './far-names.ts';
import { FarPid } from './far-pid.ts';
import { FarPids } from './far-pids.ts';
import { FarReplies } from './far-replies.ts';
import { FarSpawns } from './far-spawns.ts';
import { FarWorld } from './far-world.ts';
import { FrameReader, NO_VALUE } from './frame-reader.ts';
import { FrameWriter } from './frame-writer.ts';
import { SteadyClock } from './steady-clock.ts';
import { type Loss, lossOfSeat } from './loss.ts';
import { NodeWide } from './node-wide.ts';
import { OpenChunks } from './open-chunks.ts';
import { PeerEvents } from './peer-events.ts';
import { PeerThreads } from './peer-threads.ts';
import { lostError, Peers } from './peers.ts';
import { Presence } from './presence.ts';
import { Proxies } from './proxies.ts';
import { Questions } from './questions.ts';
import { RemoteMessages } from './remote-messages.ts';
import { RemotePid } from './remote-pid.ts';
import { RouteNotices } from './route-notices.ts';
import { HOME_THREAD, isOfPeer, NOWHERE, seatOf, type Station } from './station.ts';
import type { Validation } from '../network/validation.ts';
import { Watches } from './watches.ts';

/** Which thread of which node this is. */
export interface ThreadPlace {
  readonly thread: number;
  readonly threads: number;
  /** How often a thread of this number was started before. */
  readonly incarnation: number;
  readonly behaviours: BehaviourRegistry;
  /** Whether the node has a network. */
  readonly hasNetwork: boolean;
  /** How what processes send to other nodes is compressed that have set nothing. */
  readonly compression: Compression;
  /** Through what that goes which other nodes send; `undefined`: nothing. */
  readonly validation: Validation | undefined;
}

/** Numbers of calls, proxies and spawns begin anew with each incarnation of a thread, far from those of the last one. */
const NUMBERS_EACH = 2 ** 24;

/** A reference: the short form of the node that made it, and its number, which says the thread. */
const REF = /^Ref#<([0-9A-F]{8})\.([0-9]+)\./;

/** What connects the runtime of this thread with those of other threads and nodes; docs/design/threads.md, network.md. */
export class Far {
  readonly runtime: Runtime;
  readonly thread: number;
  readonly threads: number;
  readonly behaviours: BehaviourRegistry;
  readonly validation: Validation | undefined;
  readonly firstNumber: number;
  readonly presence: Presence;
  readonly pids: FarPids;
  readonly peers: Peers;
  readonly peerEvents: PeerEvents;
  readonly clock: SteadyClock;
  readonly peerThreads: PeerThreads;
  readonly open: OpenChunks;
  readonly writer: FrameWriter;
  readonly reader: FrameReader;
  readonly controls: Controls;
  readonly endings: Endings = new Endings();
  readonly names: FarNames;
  readonly messages: FarMessages;
  readonly remote: RemoteMessages;
  readonly replies: FarReplies;
  readonly calls: FarCalls;
  readonly answers: ConfirmedAnswers;
  readonly proxies: Proxies;
  readonly links: FarLinks;
  readonly loggers: FarLoggers;
  readonly watches: Watches;
  readonly spawns: FarSpawns;
  readonly applications: FarApplications;
  readonly remoteSpawns: RemoteSpawns;
  readonly remoteApplications: RemoteApplications;
  readonly questions: Questions;
  readonly routeNotices: RouteNotices;
  readonly profiles: CompressionProfiles;
  readonly nodeWide: NodeWide;
  readonly statistics: ThreadStatistics;
  readonly placement: Placement;
  readonly absences: Absences = new Absences();
  readonly #codec: Codec;
  readonly #world: FarWorld;

  constructor(runtime: Runtime, place: ThreadPlace) {
    this.runtime = runtime;
    this.thread = place.thread;
    this.threads = place.threads;
    this.behaviours = place.behaviours;
    this.validation = place.validation;
    this.firstNumber = (place.incarnation % 250) * NUMBERS_EACH;
    const { native, driver } = runtime;
    this.clock = new SteadyClock(runtime);
    this.presence = new Presence(native);
    this.pids = new FarPids(runtime, this.thread, this.presence);
    const aliases = new FarAliases(runtime, this.thread, this.presence);
    this.peers = new Peers(runtime, this);
    const world = (this.#world = new FarWorld(runtime, this.pids, aliases, this.peers));
    this.#codec = new Codec(world);
    const chunks = new Chunks(native);
    this.profiles = new CompressionProfiles(native, place.compression);
    this.open = new OpenChunks(native, driver, chunks);
    this.writer = new FrameWriter(
      { native, codec: this.#codec, open: this.open, world, profiles: this.profiles },
      this.thread,
    );
    const violated = (station: Station, how: unknown): unknown => this.violated(station, how);
    const unread = (station: Station, error: Error): void => this.#unread(station, error);
    this.reader = new FrameReader(native, this.#codec, world, chunks, unread);
    const { pid } = runtime.core;
    this.controls = new Controls(this.writer, this.reader, pid, violated, this.profiles);
    this.questions = new Questions(this);
    this.routeNotices = new RouteNotices(runtime, this);
    this.names = new FarNames(runtime, this);
    this.messages = new FarMessages(runtime, this);
    this.remote = new RemoteMessages(runtime, this);
    this.replies = new FarReplies(this.controls);
    this.calls = new FarCalls(runtime, this);
    this.answers = new ConfirmedAnswers(runtime, this);
    this.proxies = new Proxies(runtime, this);
    this.links = new FarLinks(runtime, this);
    this.loggers = new FarLoggers(runtime, this);
    this.watches = new Watches(runtime, this);
    this.spawns = new FarSpawns(runtime, this);
    this.applications = new FarApplications(this);
    this.remoteSpawns = new RemoteSpawns(runtime, this);
    this.remoteApplications = new RemoteApplications(runtime, this);
    this.nodeWide = new NodeWide(runtime, this);
    this.statistics = new ThreadStatistics(native);
    this.placement = new Placement(this, this.statistics);
    this.absences.cameUp(place.thread, place.incarnation);
    this.#hearOfThreads();
    this.peerEvents = new PeerEvents(runtime, this);
    this.peerThreads = new PeerThreads(runtime, this);
    // Thread 0 sets its own when it has a network.
    if (place.hasNetwork && place.thread !== HOME_THREAD)
      this.peers.dial = (node) => this.questions.ask(HOME_THREAD, 'dial', node);
  }

  /** The other threads of the node, whether or not they are up. */
  get others(): readonly number[] {
    return Array.from({ length: this.threads }, (_, thread) => thread).filter(
      (thread) => thread !== this.thread,
    );
  }

  isUp(thread: number): boolean {
    return this.absences.isUp(thread);
  }

  /** A thread has ended: so has everything that was there. */
  ended(thread: number, reason: Error, restarts: number): void {
    this.absences.ended(thread, reason, restarts);
    this.#seatEnded(thread, reason);
    if (this.thread === HOME_THREAD) this.peerThreads.tell(thread, reason);
    this.spawns.threadEnded(thread, reason);
    this.applications.threadEnded(thread, reason);
  }

  /** The connection to a node is gone: for us, so is everything that was there. */
  peerEnded(seat: number, node: string, reason: Error): void {
    this.#seatEnded(seat, reason);
    this.peerThreads.forget(seat);
    this.runtime.relations.nodeEnded(node, reason);
  }

  /** Whether a process elsewhere has ended with its thread, as far as is known. */
  hasLost(pid: LocalPid): boolean {
    if (pid instanceof FarPid) return this.absences.endOf(pid.thread) !== undefined && !pid.isAlive;
    return pid instanceof RemotePid && this.peerThreads.hasLost(pid);
  }

  /** Why a process of another node is out of reach, or has ended with its thread; `undefined`: as far as is known, neither. */
  lossOf(pid: RemotePid): Error | undefined {
    const { node, isConnected } = pid.home;
    if (!isConnected) return lostError(node, 'it was lost meanwhile');
    if (!this.hasLost(pid)) return undefined;
    return new TergoError('thread-terminated', `thread ${pid.thread} of ${node} has ended`);
  }

  /** Whether the core says by this frame that the thread has ended which had what it is about by name. */
  isOrphan(frame: number): boolean {
    return this.reader.firstOf(frame) === ORPHAN_SLOT;
  }

  /** Why whom a frame was for has ended, as far as is known. */
  reasonOf(frame: number): ExitReason | undefined {
    const [first, second] = [this.reader.firstOf(frame), this.reader.secondOf(frame)];
    if (!this.isOrphan(frame)) return this.endings.reasonOf(first, second);
    // Its thread has ended: the core may say so first.
    const text = `thread ${second} has ended`;
    return this.absences.endOf(second) ?? new TergoError('thread-terminated', text);
  }

  /** The node has stopped: nobody reads any more what comes, and whoever waits for that hears so. */
  stopped(): void {
    const reason = failure('node-terminated', this.runtime.home.node);
    const all = { reason, isEnd: false, takes: () => true };
    this.questions.lose(all);
    this.remote.lose(all);
    this.peers.stopped(reason);
  }

  /** What depended on those that are gone is told so. */
  lose(loss: Loss): void {
    this.calls.lose(loss);
    this.proxies.lose(loss);
    this.watches.lose(loss);
    this.questions.lose(loss);
    this.remote.lose(loss);
  }

  /** Whether what is sent there can arrive. */
  canReach(station: Station): boolean {
    return isOfPeer(station) ? this.peers.isUp(seatOf(station)) : this.isUp(station);
  }

  /** Who made the reference of a call; `NOWHERE` for one that is none, or of a node that is not connected. */
  stationOfRef(ref: string): Station {
    const [, short, serial] = REF.exec(ref) ?? [];
    const thread = Number(serial) % MAX_THREADS;
    if (short === undefined || !Number.isSafeInteger(thread)) return NOWHERE;
    if (short === this.runtime.home.short) return this.isUp(thread) ? thread : NOWHERE;
    const home = this.peers.connected.find((peer) => peer.short === short);
    return home === undefined ? NOWHERE : home.stationOf(thread);
  }

  /** A peer has broken the protocol: it loses its connection, and nothing else happens. */
  violated(station: Station, how: unknown): typeof NO_VALUE {
    this.peerEvents.violated(seatOf(station), how instanceof Error ? how.message : String(how));
    return NO_VALUE;
  }

  /** What thread 0 tells the others. */
  #hearOfThreads(): void {
    this.controls.on(Control.gone, ({ number, value }) =>
      this.ended(number, ...(value as [Error, number])),
    );
    this.controls.on(Control.cameUp, ({ number, value }) =>
      this.absences.cameUp(number, (value as [undefined, number])[1]),
    );
    this.controls.on(Control.lost, ({ number, value }) =>
      this.absences.lost(number, (value as [Error, number])[0]),
    );
  }

  /** What cannot be read is lost: from a peer it breaks the protocol, from a thread of this node it is told. */
  #unread(station: Station, error: Error): void {
    if (isOfPeer(station)) return void this.violated(station, error);
    const { log } = this.runtime;
    log.error('what another thread sent cannot be read, and is lost', { thread: station, error });
  }

  #seatEnded(seat: number, reason: Error): void {
    this.open.forget(seat);
    this.lose(lossOfSeat(seat, reason));
  }

  /** The thread has no work for now, or lets its event loop go on. */
  rest(): void {
    this.endings.rest();
    this.#showCounters();
  }

  /** Shows the other threads what this one counts itself. */
  #showCounters(): void {
    const { driver, calls, counters, applications, cron } = this.runtime;
    const now = driver.now;
    if (this.thread === HOME_THREAD && this.threads > 1)
      this.statistics.showHome({ ...applications.counts(), cronJobs: cron.size });
    this.statistics.show(this.thread, {
      busyMs: driver.slice.busy.total,
      longestMs: driver.slice.busy.longestOf(now),
      pendingCalls: calls.size,
      mailboxFull: counters.mailboxFull,
      blocked: counters.blocked,
      dropped: counters.dropped,
      slabEntries: driver.slab.size + driver.tokens.size,
      watches: this.watches.size,
    });
  }

  /** A process of this thread has ended. */
  left({ pid, flags }: ProcessRecord, reason: ExitReason): void {
    this.endings.add(pid.slot, pid.generation, reason);
    if ((flags & EXPORTED) !== 0) this.pids.ended(pid);
  }

  /** What finds the mailbox of a process of this thread full goes elsewhere. */
  showFallback(pid: LocalPid, fallback: Fallback): void {
    this.presence.showFallback(this.thread, pid, fallback);
  }

  /** A process of this thread wants to hear what routers cannot hand on. */
  showHearsRouters({ slot }: LocalPid): void {
    this.presence.slot(this.thread, slot)?.showHearsRouters();
  }

  /** The `init` of a process of this thread is to begin: should it hang, others are to see whose it is. The core shows it only after that. */
  showBegun({ slot, generation }: LocalPid): void {
    this.presence.slot(this.thread, slot)?.show(generation);
  }

  /** A process of this thread was killed inside a callback: nobody is to reach it any more. */
  hide({ slot }: LocalPid): void {
    this.presence.slot(this.thread, slot)?.hide();
  }

  /** Whether a value can travel to another thread or node. */
  isEncodable(value: unknown): boolean {
    return this.#codec.isEncodable(value);
  }

  /** Whether a value is being written: what runs then is a getter of it. */
  get isWriting(): boolean {
    return this.#codec.isBusy;
  }

  /** Throws in a getter of a value that is being written: for what would be done by half, since others can be told nothing. */
  refuseNested(): void {
    this.writer.refuseNested();
  }

  /** Throws `unencodable`, naming the path, for what cannot travel. */
  refuseUnencodable(value: unknown): void {
    this.#codec.check(value);
  }

  /** How many bytes a value takes on its way there, with what travels beside it; `Infinity`: it cannot travel. */
  sizeFor(station: Station, value: unknown): number {
    this.#world.aim(seatOf(station), true);
    try {
      const bytes = this.#codec.encodeWhole(value);
      return bytes === undefined ? Infinity : bytes.length + this.#world.blobBytes;
    } catch {
      return Infinity;
    } finally {
      this.#codec.forgetBlobs();
    }
  }
}
