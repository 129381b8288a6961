import { LoggerLane } from './logger-lane.ts';

/** The way to a process that serves as logger: its records wait in its mailbox. */
export abstract class MailboxLane extends LoggerLane {
  /** The process has taken a record. */
  taken(): void {
    this.written += 1;
    this.tellDropped();
  }

  /** What is in its mailbox is its own matter. */
  override drained(): undefined {
    return undefined;
  }

  override flush(): void {
    // A process runs no callback any more when the OS process ends.
  }
}
