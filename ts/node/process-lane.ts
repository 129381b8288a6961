import type { LogRecord } from '../log/log-record.ts';
import type { LoggerOptions } from '../log/logger.ts';
import { MailboxLane } from '../log/mailbox-lane.ts';
import { KIND_LOG, QUEUE_LOG } from '../native/layout.ts';
import { BOUNDED, type ProcessRecord } from '../process/process-record.ts';
import { kindAndQueue } from '../scheduler/outbox.ts';

/**
 * The way to a process that serves as logger: its records wait in its mailbox, but no more than the queue
 * may hold. Its own log is off meanwhile: its records would come back to it without end.
 */
export class ProcessLane extends MailboxLane {
  readonly #process: ProcessRecord;

  /** Throws `incorrect`, naming the key. */
  constructor(name: string, process: ProcessRecord, options: LoggerOptions) {
    super(name, options, process.runtime.hub);
    this.#process = process;
    process.more.logger = this;
  }

  /** Those of an earlier registration that it has not taken yet count, too. */
  override get queued(): number {
    return this.#process.more.logQueued;
  }

  protected override put(record: LogRecord): boolean {
    const { runtime, flags, more } = this.#process;
    if (more.logQueued >= this.queueSize) return false;
    if ((flags & BOUNDED) !== 0 && !runtime.gauges.accept(this.#process, QUEUE_LOG)) {
      runtime.counters.mailboxFull += 1;
      return false;
    }
    more.logQueued += 1;
    runtime.driver.outbox.send(this.#process, kindAndQueue(KIND_LOG, QUEUE_LOG), record, undefined);
    return true;
  }

  override close(): void {
    this.#process.more.logger = undefined;
  }
}
