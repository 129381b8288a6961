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

/** So far after the first thread that a frame names can another one be that it is for; docs/protocol.md, Items. */
const FARTHEST = 16;
/** Above it, in the first word of a control frame, a bit for each of these. */
const OTHERS_SHIFT = 8;

/** Who gets what is published for some watchers: each thread of this node a frame, each other node one. Threads come first. */
export function audienceOf(watchers: Iterable<Watcher>, feed: number): readonly Recipient[] {
  const threads: Recipient[] = [];
  const peers = new Set<Station>();
  for (const { station, number } of watchers) {
    if (isOfPeer(station)) peers.add(station);
    else threads.push({ station, first: Control.published, second: number });
  }
  return [...threads, ...together([...peers], feed)];
}

function together(stations: readonly Station[], feed: number): readonly Recipient[] {
  const recipients: Recipient[] = [];
  for (const station of stations.toSorted((a, b) => a - b)) {
    const last = recipients.at(-1);
    const after = last === undefined ? Infinity : station - last.station;
    if (last === undefined || seatOf(last.station) !== seatOf(station) || after > FARTHEST)
      recipients.push({ station, first: Control.published, second: feed });
    else {
      const first = last.first | (1 << (OTHERS_SHIFT + after - 1));
      recipients[recipients.length - 1] = { ...last, first };
    }
  }
  return recipients;
}
