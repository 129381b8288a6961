import type { BindingConnectionInfo } from '../native/load.ts';
import { flagsOf } from './features.ts';
import type { Standing } from './network-host.ts';
import type { RemoteNodeInfo } from './network-info.ts';

/** What the network counts of a connection, as users are told. */
export function connectionInfo(
  counted: BindingConnectionInfo,
  { home, maxMessage, isDialler, version }: Standing,
  connectionUptimeMs: number,
): RemoteNodeInfo {
  const { links, messagesIn, messagesOut, bytesIn, bytesOut, batchesIn, batchesOut } = counted;
  const { fragmentsIn, fragmentsOut, blocked, refused } = counted;
  return {
    ...{ name: home.node, creation: home.creation, version, connectionUptimeMs, isDialler },
    ...{ flags: flagsOf(home.features), maxMessageSize: maxMessage },
    ...{ links, reconnects: counted.relinks },
    ...{ messagesIn, messagesOut, bytesIn, bytesOut, batchesIn, batchesOut },
    ...{ fragmentsIn, fragmentsOut, blocked, refused },
    compressionRatioIn: ratio(counted.compressedIn, counted.rawIn),
    compressionRatioOut: ratio(counted.compressedOut, counted.rawOut),
    queueBytes: counted.queuedBytes + counted.waitingBytes,
    roundTripMs: counted.roundTripUs / 1000,
  };
}

function ratio(after: number, before: number): number {
  return before === 0 ? 1 : after / before;
}
