import type { PendingCall } from '../call/pending-call.ts';
import { DEADLINE_SHIFT } from '../native/layout.ts';
import type { LocalAlias } from '../process/alias.ts';
import { ProcessRecord } from '../process/process-record.ts';
import type { Far } from './far.ts';
import { FarPid } from './far-pid.ts';
import { PREFIX_ADDRESSED, PREFIX_PLAIN } from './frame-head.ts';
import { type ToldDeadline, UNTOLD } from './steady-clock.ts';
import { RemoteName } from './remote-name.ts';
import { RemotePid } from './remote-pid.ts';
import { isOfPeer, type Station } from './station.ts';

/** Whoever is called and is none of this thread. */
export type FarPeer = FarPid | RemotePid | RemoteName;

/** What a request says besides its value. */
export interface RequestHead {
  readonly number: number;
  /** Into which mailbox it goes. */
  readonly kind: number;
  readonly queue: number;
  /** The thread of the caller, for a call that is handed on. */
  readonly origin: Station | undefined;
}

/**
 * Writes the request of a call; false when there is no room on the way. When another node is asked, a caller that
 * is none of this thread stands in the value: the answer must come here. So does one of another node, with where the
 * answer goes, when the call is handed on to another thread.
 */
export function writeRequest(
  far: Far,
  call: PendingCall,
  to: FarPeer,
  { number, kind, queue, origin }: RequestHead,
): boolean {
  const { caller, request } = call;
  const { pid } = caller;
  const isOwn = !(pid instanceof FarPid) && !(pid instanceof RemotePid);
  // Its frame is written here: what it carries must not be read as if its first sender had written it.
  const isOfPeers = pid instanceof RemotePid;
  const isDetached = isOfPeers || (!isOwn && !(to instanceof FarPid));
  const alias = to instanceof RemoteName ? undefined : addressIn(call);
  const isPlain = alias === undefined && !isDetached;
  const form = isPlain ? PREFIX_PLAIN : PREFIX_ADDRESSED;
  const deadline = toldDeadline(far, call, to);
  const way = far.profiles.wayOf(caller instanceof ProcessRecord ? caller.extra : undefined);
  const isOrigin = origin !== undefined && isOfPeer(origin);
  const from = isDetached ? far.runtime.core.pid : pid;
  const isNamed = to instanceof RemoteName;
  far.writer.refuseNested();
  const head = far.writer.requestHead;
  head.station = to instanceof FarPid ? to.thread : call.station;
  head.kind = kind;
  head.queue = queue;
  head.first = isNamed ? 0 : to.farSlot;
  head.second = isNamed ? 0 : to.generation;
  head.prefix[0] = number;
  head.prefix[1] = ((deadline << DEADLINE_SHIFT) | form) >>> 0;
  head.origin = isOrigin ? undefined : origin;
  head.name = isNamed ? to.name : undefined;
  head.way = way;
  if (isPlain) return far.writer.write(head, from, request);
  const first = isDetached ? [pid, ...(isOrigin ? [origin] : [])] : [];
  return far.writer.write(head, from, [alias, request, ...first]);
}

/** When the call is over, as who is called reads it. */
function toldDeadline({ clock, runtime }: Far, call: PendingCall, to: FarPeer): ToldDeadline {
  // One of this thread that begins now: all of its time is left, and the clock need not be read.
  const isNew = call.deadline < 0 && call.origin === undefined;
  if (isNew && !(to instanceof FarPid)) return clock.tellLeft(call.timeoutMs);
  const deadline = runtime.calls.knownDeadlineOf(call);
  if (deadline < 0) return UNTOLD;
  return to instanceof FarPid ? clock.tellThread(deadline) : clock.tellPeer(deadline);
}

/** The name or alias that a call was sent to. */
function addressIn(call: PendingCall): string | LocalAlias | undefined {
  return call.address as string | LocalAlias | undefined;
}
