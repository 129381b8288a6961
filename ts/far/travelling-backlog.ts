import type { EventMessage } from '../event/event-message.ts';
import type { Far } from './far.ts';
import { seatOf, type Station } from './station.ts';

/** What stands beside the messages in the answer to who subscribes, bytes. */
const REST_BYTES = 64;

/** What of a backlog can travel there in one message: without what is too large, and then without the oldest. */
export function travellingBacklog(
  far: Far,
  station: Station,
  backlog: readonly EventMessage<unknown>[],
): readonly EventMessage<unknown>[] {
  const limit = far.open.limitOf(seatOf(station)) - REST_BYTES;
  let room = limit;
  const travelling: EventMessage<unknown>[] = [];
  for (const message of backlog.toReversed()) {
    const size = far.sizeFor(station, message);
    // Between threads there is no limit, but there are values that do not travel.
    if (size === Infinity || size > limit) continue;
    if (size > room) break;
    room -= size;
    travelling.push(message);
  }
  return travelling.toReversed();
}
