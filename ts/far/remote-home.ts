import { dataShapeReader } from '../codec/shape-readers.ts';
import { ShapeTable } from '../codec/shape-table.ts';
import { TergoError } from '../error/tergo-error.ts';
import { flagsOf } from '../network/features.ts';
import { Home } from '../process/home.ts';
import type { Peers } from './peers.ts';
import { type RemotePlace, RemotePid } from './remote-pid.ts';
import { type Station, stationOf } from './station.ts';

/** In place of the seat while there is no connection. */
export const NO_SEAT = -1;
/** So many pids are found without looking through the weakly held ones: a power of two. */
const RECENT = 1024;

/** An incarnation of another node, as one thread knows it. */
export class RemoteHome extends Home {
  /** By which thread of which node it is known so. */
  readonly peers: Peers;
  /** The seat of the connection to it. */
  seat: number = NO_SEAT;
  /** How many connections to it there have been, the one that stands included: the next one may have the same seat. */
  connections = 0;
  /** Whether it is known that it will not come back: a later one has been seen. */
  isGone = false;
  /** What both nodes can do, one bit each. */
  features = 0;
  /** The object shapes of its values. */
  readonly shapes: ShapeTable;
  /** By id: equal pids are identical while anybody holds one. */
  readonly #pids = new Map<number, WeakRef<RemotePid>>();
  readonly #recent: (RemotePid | undefined)[] = [];
  readonly #collected = new FinalizationRegistry<number>((id) => {
    if (this.#pids.get(id)?.deref() === undefined) this.#pids.delete(id);
  });

  constructor(peers: Peers, node: string, creation: number) {
    super(node, creation);
    this.peers = peers;
    const textOf = (number: number): string | undefined => peers.shapeText(this, number);
    this.shapes = new ShapeTable(textOf, dataShapeReader);
  }

  get isConnected(): boolean {
    return this.seat !== NO_SEAT;
  }

  /** Throws `unsupported` when important messages are off between the two nodes. */
  requireImportant(): void {
    if (flagsOf(this.features).importantDelivery) return;
    const text = `${this.node} or this node has important delivery off (options.network.flags.importantDelivery): nothing would be confirmed`;
    throw new TergoError('unsupported', text);
  }

  /** One of its threads, while there is a connection. */
  stationOf(thread: number): Station {
    return stationOf(this.seat, thread);
  }

  /** The pid of a process that lives or lived there. */
  pid(place: RemotePlace): RemotePid {
    const { id } = place;
    const recent = this.#recent[id & (RECENT - 1)];
    if (recent !== undefined && recent.isAt(place)) return recent;
    const known = this.#pids.get(id)?.deref();
    const pid = known !== undefined && known.isAt(place) ? known : new RemotePid(this, place);
    // A node that says two things of one id is wrong once: what it said first stays what it is.
    if (known === undefined) this.#remember(pid);
    this.#recent[id & (RECENT - 1)] = pid;
    return pid;
  }

  #remember(pid: RemotePid): void {
    this.#pids.set(pid.id, new WeakRef(pid));
    this.#collected.register(pid, pid.id);
  }
}
