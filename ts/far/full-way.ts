import { TergoError } from '../error/tergo-error.ts';
import type { Far } from './far.ts';
import { FarPid } from './far-pid.ts';
import { RemotePid } from './remote-pid.ts';
import type { FarPeer } from './request-frame.ts';

const MIB = 1024 * 1024;

/** The error for what finds no room on the way to another thread or node: the mailbox there may be empty. */
export function fullWay(far: Far, to: FarPeer): TergoError {
  const text =
    to instanceof FarPid
      ? `the way from thread ${far.thread} to thread ${to.thread} is full${amount(far, to.thread)}`
      : wayToNode(far, to);
  const remedy = 'try later, send less at once, or see why nothing is taken there';
  return new TergoError('process-mailbox-full', `${String(to.pid)}: ${text}; ${remedy}`);
}

function wayToNode(far: Far, to: Exclude<FarPeer, FarPid>): string {
  const node = to instanceof RemotePid ? to.home.node : to.node;
  const home = far.peers.connectedAs(node);
  if (home === undefined) return `as much waits for a connection to ${node} as may`;
  return `the way to ${node} is full${amount(far, home.seat)}`;
}

/** How much is on it, and may be. */
function amount({ runtime }: Far, member: number): string {
  const { ownBytes, limit } = runtime.native.onTheWay(member);
  return ` (${(ownBytes / MIB).toFixed(1)} of ${limit / MIB} MiB)`;
}
