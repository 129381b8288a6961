import { DEADLINE_SHIFT } from '../native/layout.ts';
import type { LocalAlias } from '../process/alias.ts';
import type { LocalPid } from '../process/pid.ts';
import { Control } from './control.ts';
import type { Far } from './far.ts';
import { NO_VALUE } from './frame-reader.ts';
import { FORM_MASK, PREFIX_ADDRESSED } from './frame-head.ts';
import { isAddressed } from './peer-rules.ts';
import { isOfPeer, type Station } from './station.ts';

/** Where a call from elsewhere came from. */
export interface CallOrigin {
  readonly station: Station;
  readonly number: number;
}

/** A request as it arrives. */
export interface ArrivedRequest extends CallOrigin {
  /** When its call is over, ms since the start of this node; -1: it does not say. */
  readonly deadline: number;
  readonly address: string | LocalAlias | undefined;
  readonly request: unknown;
  /** Who calls, if its frame does not say. */
  readonly first: LocalPid | undefined;
}

type Parts = readonly [
  address: string | LocalAlias | undefined,
  request: unknown,
  first?: LocalPid,
  origin?: Station,
];

/** What a request says; `undefined` for one that cannot be read, which is seen to. */
export function openRequest(far: Far, frame: number): ArrivedRequest | undefined {
  const { reader, thread } = far;
  const station = reader.stationOf(frame);
  const prefix = reader.prefix(frame);
  const number = prefix[0];
  // A call of this thread that comes back: it is known here.
  if (station === thread) return plain(station, number, -1, undefined);
  const value = reader.value(frame);
  if (value === NO_VALUE) return unread(far, station, number);
  const arrived = plain(station, number, far.clock.hear(prefix[1] >>> DEADLINE_SHIFT), value);
  const form = prefix[1] & FORM_MASK;
  return form === PREFIX_ADDRESSED ? openAddressed(far, arrived) : arrived;
}

/** Its caller would wait in vain. A peer that sends such a thing loses its connection. */
function unread({ controls, reader }: Far, station: Station, number: number): undefined {
  if (!isOfPeer(station)) controls.tell(station, Control.replyError, number, reader.trouble);
}

/** One for a process, from whom its frame says. */
function plain(
  station: Station,
  number: number,
  deadline: number,
  request: unknown,
): ArrivedRequest {
  return { station, number, deadline, address: undefined, request, first: undefined };
}

function openAddressed(far: Far, arrived: ArrivedRequest): ArrivedRequest | undefined {
  const { station, request: parts } = arrived;
  if (!isAddressed(parts)) {
    far.violated(station, 'a request is no list of address and value');
    return undefined;
  }
  const [address, request, first, forwarded] = parts as Parts;
  // Only a thread of this node says that a call is of another node.
  const isForwarded = forwarded !== undefined && !isOfPeer(station);
  return { ...arrived, station: isForwarded ? forwarded : station, address, request, first };
}
