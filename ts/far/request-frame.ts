import type { PendingCall } from '../call/pending-call.ts';
import { asMessage } from '../codec/unencodable.ts';
import { DEADLINE_SHIFT, FRAME_MESSAGE } from '../native/layout.ts';
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

/** Writes the request of a call; false when there is no room on the way. Throws `unencodable`. */
export function writeRequest(far: Far, call: PendingCall, to: FarPeer, head: RequestHead): boolean {
  const { caller, address } = call;
  const isPlain = address === undefined && head.origin === undefined;
  return isPlain && caller instanceof ProcessRecord && !(to instanceof RemoteName)
    ? writePlain(far, call, to, head)
    : writeAddressed(far, call, to, head);
}

/** What nearly all are: of a process of this thread, to a pid. */
function writePlain(
  far: Far,
  call: PendingCall,
  to: FarPid | RemotePid,
  { number, kind, queue }: RequestHead,
): boolean {
  const { writer, profiles } = far;
  const { pid, extra } = call.caller as ProcessRecord;
  const deadline = toldDeadline(far, call, to);
  writer.refuseNested();
  const head = writer.requestHead;
  head.station = call.station;
  head.kind = kind;
  head.queue = queue;
  head.first = to.farSlot;
  head.second = to.generation;
  head.number = number;
  head.form = formWord(deadline, PREFIX_PLAIN);
  head.way = profiles.wayOf(extra);
  return writer.writeShort(head, pid, call.request);
}

/**
 * When another node is asked, a caller that is none of this thread stands in the value: the answer must come here. So
 * does, with where the answer goes, the caller of a call that another node has sent and that is handed on to another thread.
 */
function writeAddressed(
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
  // Another node waits for the answer, though the caller may be of this one.
  const isOrigin = origin !== undefined && isOfPeer(origin);
  const isDetached = isOfPeers || isOrigin || (!isOwn && !(to instanceof FarPid));
  const isNamed = to instanceof RemoteName;
  const alias = isNamed ? undefined : addressIn(call);
  const isPlain = alias === undefined && !isDetached;
  const form = formWord(toldDeadline(far, call, to), isPlain ? PREFIX_PLAIN : PREFIX_ADDRESSED);
  const from = isDetached ? far.runtime.core.pid : pid;
  const head = {
    station: to instanceof FarPid ? to.thread : call.station,
    op: FRAME_MESSAGE,
    kind,
    queue,
    first: isNamed ? 0 : to.farSlot,
    second: isNamed ? 0 : to.generation,
    prefix: [number, form],
    isForced: false,
    origin: isOrigin ? undefined : origin,
    name: isNamed ? to.name : undefined,
    way: far.profiles.wayOf(caller instanceof ProcessRecord ? caller.extra : undefined),
  } as const;
  if (isPlain) return far.writer.write(head, from, request);
  const first = isDetached ? [pid, ...(isOrigin ? [origin] : [])] : [];
  return asMessage(/^message\[1\]/, () => far.writer.write(head, from, [alias, request, ...first]));
}

function formWord(deadline: ToldDeadline, form: number): number {
  return ((deadline << DEADLINE_SHIFT) | form) >>> 0;
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
