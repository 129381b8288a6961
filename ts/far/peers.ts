import { TergoError } from '../error/tergo-error.ts';
import type { SendResult } from '../error/send-result.ts';
import { MAX_THREADS } from '../native/layout.ts';
import type { Runtime } from '../node/runtime.ts';
import { LocalPid } from '../process/pid.ts';
import type { Far } from './far.ts';
import { FarPid } from './far-pid.ts';
import { NO_SEAT, RemoteHome } from './remote-home.ts';
import { RemotePid } from './remote-pid.ts';
import { isOfPeer, seatOf, type Station } from './station.ts';
import { UnreachedLog } from './unreached-log.ts';

/** So much may wait for a connection that is being made, in frames. */
const MAX_WAITING = 1024;

/** What waits for a connection. */
export interface Waiting {
  /** The connection is there; what this throws is its end. */
  go(home: RemoteHome): void;
  /** It will not be. */
  lost(error: Error): void;
  /** Whether nobody hears of it when it is lost. */
  readonly isUnheard?: boolean;
}

/** What the threads hear of a new peer. */
export interface Introduction {
  readonly node: string;
  readonly creation: number;
  readonly features: number;
  /** The largest message that it takes, bytes. */
  readonly maxMessage: number;
}

/** The other nodes, as one thread knows them: which are connected, and what waits until one is. */
export class Peers {
  /** Makes a connection, or rejects; what it resolves with does not matter. `undefined` on a node without a network. */
  dial: ((node: string) => Promise<unknown>) | undefined = undefined;
  /** Hears of each connection, and of its loss with the reason. */
  onChange: ((home: RemoteHome, lost: Error | undefined) => void) | undefined = undefined;
  readonly #runtime: Runtime;
  readonly #far: Far;
  /** Incarnations by node and creation; those without a connection only while somebody holds one. */
  readonly #homes = new Map<string, Map<number, WeakRef<RemoteHome>>>();
  readonly #connected = new Map<string, RemoteHome>();
  /** Who had the seat last: what came from there may still wait in mailboxes. */
  readonly #bySeat: (RemoteHome | undefined)[] = [];
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #unreached: UnreachedLog;
  /** Dials that have failed while the connection before them is ending. */
  readonly #failures = new Map<string, Error>();
  readonly #collected = new FinalizationRegistry<readonly [string, number]>((key) =>
    this.#forget(...key),
  );

  constructor(runtime: Runtime, far: Far) {
    this.#runtime = runtime;
    this.#far = far;
    this.#unreached = new UnreachedLog(runtime);
  }

  /** The peers that are connected. */
  get connected(): readonly RemoteHome[] {
    return [...this.#connected.values()];
  }

  /** The connected incarnation of a node. */
  connectedAs(node: string): RemoteHome | undefined {
    return this.#connected.get(node);
  }

  /** Who sits there, or sat there last. */
  at(seat: number): RemoteHome | undefined {
    return this.#bySeat[seat - MAX_THREADS];
  }

  isUp(seat: number): boolean {
    return this.at(seat)?.seat === seat;
  }

  /** The connected node of a station; `undefined` for a thread of this node. */
  ownerOf(station: Station): RemoteHome | undefined {
    if (!isOfPeer(station)) return undefined;
    const home = this.at(seatOf(station));
    return home?.seat === seatOf(station) ? home : undefined;
  }

  /** Whether something is a process of the node that has or had the seat of a station. */
  isOf(station: Station, pid: unknown): boolean {
    return pid instanceof RemotePid && pid.home === this.at(seatOf(station));
  }

  /** Throws `unsupported` when important messages are off between this node and that of a station. */
  requireImportant(station: Station): void {
    this.ownerOf(station)?.requireImportant();
  }

  /**
   * The keys of an object shape of a node, whose number is the same over each connection to it. A value may wait to be read when the connection
   * is gone over which it came: the next one need not have told of its shape yet.
   */
  shapeText(home: RemoteHome, shape: number): string | undefined {
    for (const [index, owner] of this.#bySeat.entries()) {
      const text = owner === home && this.#runtime.native.peerShape(index + MAX_THREADS, shape);
      if (typeof text === 'string') return text;
    }
    return undefined;
  }

  /** An incarnation of another node. */
  home(node: string, creation: number): RemoteHome {
    const known = this.#homes.get(node)?.get(creation)?.deref();
    if (known !== undefined) return known;
    const home = new RemoteHome(this, node, creation);
    const incarnations = this.#homes.get(node) ?? new Map<number, WeakRef<RemoteHome>>();
    this.#homes.set(node, incarnations.set(creation, new WeakRef(home)));
    this.#collected.register(home, [node, creation]);
    return home;
  }

  /** The pid of a process of another node, whoever of this OS process made it. */
  remoteOf(pid: LocalPid): RemotePid {
    if (pid instanceof RemotePid && pid.home.peers === this) return pid;
    const home = this.home(pid.node, pid.creation);
    const { id, generation } = pid;
    const isFar = pid instanceof FarPid || pid instanceof RemotePid;
    const [thread, slot] = isFar ? [pid.thread, pid.farSlot] : [0, pid.slot];
    return home.pid({ thread, slot, generation, id });
  }

  /** Why nothing can be sent there, if that is known. */
  refusalOf(home: RemoteHome): Exclude<SendResult, 'ok'> | undefined {
    if (this.dial === undefined) return 'no-connection';
    if (home.isConnected) return undefined;
    const isReplaced = home.isGone || this.#connected.has(home.node);
    return isReplaced ? 'process-incarnation' : undefined;
  }

  /**
   * Does something as soon as there is a connection, at once if there is one, in the order of the calls;
   * connects if there is none. False when too much waits already.
   */
  reach(node: string, waiting: Waiting): boolean {
    const home = this.#connected.get(node);
    if (home === undefined || this.isEnding(home)) return this.#wait(node, waiting);
    waiting.go(home);
    return true;
  }

  /** Whether the connection to one that is connected has ended, and the frame that says so has not been read yet. */
  isEnding({ seat }: RemoteHome): boolean {
    return !this.#runtime.native.reaches(seat);
  }

  /** The connected incarnation of a node; rejects with `no-route`, `no-connection` and what else a dial fails with. */
  connect(node: string): Promise<RemoteHome> {
    return new Promise((resolve, reject) => {
      const isWaiting = this.reach(node, { go: resolve, lost: reject });
      if (!isWaiting) reject(lostError(node, 'too much waits for the connection already'));
    });
  }

  /** A peer has a seat from now on. */
  up(seat: number, { node, creation, features, maxMessage }: Introduction): void {
    const before = this.#connected.get(node);
    this.#failures.delete(node);
    // The end of its last connection is on its way.
    if (before !== undefined) this.gone(before.seat, 'another incarnation took its place');
    const home = this.home(node, creation);
    this.#outdate(home);
    home.seat = seat;
    home.connections += 1;
    home.features = features;
    this.#bySeat[seat - MAX_THREADS] = home;
    this.#connected.set(node, home);
    this.#far.open.limit(seat, maxMessage);
    this.#unreached.forget(node);
    this.#far.reader.forgetSender();
    this.onChange?.(home, undefined);
    for (const { go, lost } of this.#takeWaiting(node)) {
      try {
        go(home);
      } catch (error) {
        lost(error as Error);
      }
    }
  }

  /** The connection is gone, and with it all that was known of the node's processes. */
  gone(seat: number, why: string): void {
    const home = this.at(seat);
    if (home === undefined || home.seat !== seat) return;
    home.seat = NO_SEAT;
    this.#connected.delete(home.node);
    const error = lostError(home.node, why);
    this.#far.peerEnded(seat, home.node, error);
    this.onChange?.(home, error);
    const failure = this.#failures.get(home.node);
    if (failure !== undefined) this.#failed(home.node, failure);
  }

  /** The node has stopped: no connection will be made. */
  stopped(reason: Error): void {
    for (const node of [...this.#waiting.keys()])
      for (const { lost } of this.#takeWaiting(node)) lost(reason);
  }

  #wait(node: string, waiting: Waiting): boolean {
    const { dial } = this;
    if (dial === undefined || this.#runtime.isStopped) {
      waiting.lost(lostError(node, 'this node has no network'));
      return true;
    }
    const others = this.#waiting.get(node);
    if (others !== undefined) {
      if (others.length >= MAX_WAITING) return false;
      others.push(waiting);
      return true;
    }
    // From another thread than that of the network it throws in a getter of a value that is being written.
    const dialled = dial(node);
    this.#waiting.set(node, [waiting]);
    // When it succeeds, the frame that says so comes sooner or later.
    dialled.catch((error: Error) => this.#failed(node, error));
    return true;
  }

  #failed(node: string, error: Error): void {
    // Whoever hears of it must not find the connection before it standing yet.
    const home = this.#connected.get(node);
    if (home !== undefined && this.isEnding(home)) return void this.#failures.set(node, error);
    this.#failures.delete(node);
    this.#runtime.driver.letPromisesRun();
    const waiting = this.#takeWaiting(node);
    for (const { lost } of waiting) lost(error);
    if (waiting.length > 0 && waiting.every(({ isUnheard }) => isUnheard))
      this.#unreached.tell(node, error, waiting.length);
  }

  #takeWaiting(node: string): readonly Waiting[] {
    const waiting = this.#waiting.get(node) ?? [];
    this.#waiting.delete(node);
    return waiting;
  }

  /** Earlier incarnations do not come back. */
  #outdate(home: RemoteHome): void {
    for (const [creation, reference] of this.#homes.get(home.node) ?? []) {
      const other = reference.deref();
      if (other !== undefined && creation < home.creation) other.isGone = true;
    }
  }

  #forget(node: string, creation: number): void {
    const incarnations = this.#homes.get(node);
    if (incarnations?.get(creation)?.deref() !== undefined) return;
    incarnations?.delete(creation);
    if (incarnations?.size === 0) this.#homes.delete(node);
  }
}

/** Why something does not come to pass whose node is not connected. */
export function lostError(node: string, why: string): TergoError {
  return new TergoError('no-connection', `there is no connection to ${node}: ${why}`);
}
