import { MAX_THREADS } from '../native/layout.ts';

/**
 * A scheduler thread of this node or of a connected one: its number for a thread of this node, else seat of the connection and thread there
 * in one number.
 */
export type Station = number;

/** Below it stands the thread. */
const SEAT_SHIFT = Math.log2(MAX_THREADS);

/** The thread that started its node, and ends with it: loggers, applications, the stop and the network are there. */
export const HOME_THREAD = 0;

/** No station. */
export const NOWHERE: Station = -1;

/** A thread of the node that sits in `seat`: of this node a seat is a thread. */
export function stationOf(seat: number, thread: number): Station {
  return seat < MAX_THREADS ? seat : seat * MAX_THREADS + thread;
}

/** The member of the fabric by which a station is reached: a thread, or a connection. */
export function seatOf(station: Station): number {
  return station < MAX_THREADS ? station : station >> SEAT_SHIFT;
}

/** The thread on its own node. */
export function threadOf(station: Station): number {
  return station % MAX_THREADS;
}

/** Whether it belongs to another node. */
export function isOfPeer(station: Station): boolean {
  return station >= MAX_THREADS;
}
