import { KIND_RESPONSE, QUEUE_SYSTEM } from '../../native/layout.ts';
import type { Runtime } from '../../node/runtime.ts';
import type { Envelope } from '../../process/envelope.ts';
import { type ProcessRecord, TAKES_EXITS, TRAP_EXIT } from '../../process/process-record.ts';
import { kindAndQueue } from '../../scheduler/outbox.ts';
import type { Tap } from './tap.ts';

/** What a test may put into a mailbox without anything having happened. */
export type Notice = Extract<
  Envelope,
  { readonly kind: 'exit' | 'down' | 'event' | 'event-start' | 'event-stop' | 'response' }
>;

/** A notice on its way. It travels as a response: these count for no mailbox's limit. */
class Injection {
  readonly notice: Notice;

  constructor(notice: Notice) {
    this.notice = notice;
  }
}

/** Puts a notice into a mailbox. */
export function inject(record: ProcessRecord, notice: Notice): void {
  const bits = kindAndQueue(KIND_RESPONSE, QUEUE_SYSTEM);
  record.runtime.driver.outbox.send(record, bits, new Injection(notice), undefined);
}

/** Hands such notices to their process. */
export function tapInjections(tap: Tap): void {
  const { runtime } = tap;
  const { deliveries, driver } = runtime;
  tap.lay(deliveries, 'take', (take) => (record, tag, payload) => {
    const value = (tag & 0xf) === KIND_RESPONSE ? driver.slab.at(payload) : undefined;
    if (!(value instanceof Injection)) return take.call(deliveries, record, tag, payload);
    driver.slab.release(payload);
    hand(runtime, record, value.notice);
  });
}

function hand(runtime: Runtime, record: ProcessRecord, notice: Notice): void {
  if (notice.kind === 'exit' && !isTaken(record, notice)) {
    const { exit } = notice;
    return runtime.lifecycle.end(record, exit.reason, exit);
  }
  const result: unknown = record.instance.receive(notice);
  if (result !== undefined) runtime.outcomes.take(record, result);
}

/** Whether an exit comes to the process instead of ending it. */
function isTaken(record: ProcessRecord, { exit }: Extract<Notice, { kind: 'exit' }>): boolean {
  if ((record.flags & TAKES_EXITS) !== 0) return true;
  return (record.flags & TRAP_EXIT) !== 0 && !(exit.kind === 'pid' && record.obeys(exit.pid));
}
