import { Control } from './control.ts';
import { isOfPeer, seatOf, type Station } from './station.ts';

/** A proxy on another thread or node. */
export interface Watcher {
  readonly station: Station;
  readonly number: number;
}

/** Where one frame of what is published goes, and what its head says. */
export interface Recipient {
  readonly station: Station;
  /** The op, and for a node the other threads there that get it, too. */
  readonly first: number;
  /** For a thread of this node the proxy there, for a node the feed. */
  readonly second: number;
}

/** So many bits in the first word of a control frame tell which threads after the first get it, too; docs/protocol.md, Items. */
const BITS = 16;
const BITS_SHIFT = 8;
/** For how many threads each of them stands, less one. */
const STEP_SHIFT = 6;

/** Above the op: for all threads of the node that the first one belongs to. */
export const ALL_THREADS: number = (3 << STEP_SHIFT) | (0xffff << BITS_SHIFT);

/** Who gets what is published for some watchers: each thread of this node a frame, each other node one. Threads come first. */
export function audienceOf(watchers: Iterable<Watcher>, feed: number): readonly Recipient[] {
  const threads: Recipient[] = [];
  const peers = new Map<number, Set<Station>>();
  for (const { station, number } of watchers) {
    if (!isOfPeer(station)) threads.push({ station, first: Control.published, second: number });
    else {
      const seat = seatOf(station);
      const stations = peers.get(seat) ?? new Set();
      peers.set(seat, stations.add(station));
    }
  }
  const nodes = Array.from(peers.values(), (stations) => nodeOf(stations, feed));
  return [...threads, ...nodes];
}

/** All those threads of one node. Where they are far apart, some between them get what they drop. */
function nodeOf(stations: ReadonlySet<Station>, feed: number): Recipient {
  const station = Math.min(...stations);
  const step = Math.max(1, Math.ceil((Math.max(...stations) - station) / BITS));
  let first: number = Control.published | ((step - 1) << STEP_SHIFT);
  for (const other of stations) {
    const bit = Math.ceil((other - station) / step) - 1;
    if (other !== station) first |= 1 << (BITS_SHIFT + bit);
  }
  return { station, first, second: feed };
}
