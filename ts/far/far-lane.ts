import type { LogHub } from '../log/log-hub.ts';
import type { LogRecord } from '../log/log-record.ts';
import type { LoggerOptions } from '../log/logger.ts';
import { MailboxLane } from '../log/mailbox-lane.ts';
import type { FarPid } from './far-pid.ts';

/** A process of another thread that serves as logger, or did; what it has not taken yet counts for the next time, too. */
export interface FarReader {
  readonly pid: FarPid;
  /** Records on their way to it or in its mailbox. */
  queued: number;
  /** Hands a record over; false when there is no room. Throws `unencodable`. */
  send(record: LogRecord): boolean;
  /** It serves no more. */
  leave(): void;
}

/** The way to a process of another thread that serves as logger: like `ProcessLane`, but its thread tells what it has taken. */
export class FarLane extends MailboxLane {
  readonly #reader: FarReader;

  /** Throws `incorrect`, naming the key. */
  constructor(name: string, reader: FarReader, options: LoggerOptions, hub: LogHub) {
    super(name, options, hub);
    this.#reader = reader;
  }

  override get queued(): number {
    return this.#reader.queued;
  }

  /** What it writes itself would come back to it without end; its thread may not have heard yet that its log is off. */
  override offer(record: LogRecord): boolean {
    const { source } = record;
    return source.type === 'process' && source.pid === this.#reader.pid
      ? false
      : super.offer(record);
  }

  protected override put(record: LogRecord): boolean {
    if (this.#reader.queued >= this.queueSize) return false;
    try {
      return this.#reader.send(record);
    } catch (error) {
      this.fail(error, 1);
      return true;
    }
  }

  override close(): void {
    this.#reader.leave();
  }
}
