import { MAX_THREADS } from '../native/layout.ts';
import { RemotePid } from './remote-pid.ts';
import { seatOf, type Station } from './station.ts';

/** What is gone at once, with all that was there. */
export interface Loss {
  readonly reason: Error;
  /** Whether a thread has ended, and its processes with it; those of a node that is lost may live on. */
  readonly isEnd: boolean;
  /** Whether a station is gone, or of a station a process. */
  takes(station: Station, process?: unknown): boolean;
}

/** A thread of this node has ended, or the connection to another node. */
export function lossOfSeat(seat: number, reason: Error): Loss {
  return { reason, isEnd: seat < MAX_THREADS, takes: (station) => seatOf(station) === seat };
}

/** A thread of another node has ended. It may be back already: then its processes have higher ids. */
export function lossOfThread(station: Station, reason: Error, lastId: number): Loss {
  const isNew = (process: unknown): boolean =>
    process instanceof RemotePid && process.station === station && process.id > lastId;
  return { reason, isEnd: true, takes: (other, process) => other === station && !isNew(process) };
}
