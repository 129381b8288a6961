/**
 * What one scheduler thread of a node counts, since it was last started where nothing else is said. Of other threads it is what
 * they have shown last, at the end of their last turn. What is told of the event loop and of what is on its way is of this moment, whatever the
 * thread does; so is all of the thread that asks.
 */
export interface ThreadInfo {
  /** Its number; 0 is the thread that started the node. */
  readonly thread: number;
  /** False between its end and its restart, and for good when it ended too often. */
  readonly isUp: boolean;
  /** How often it was started anew since the node started. */
  readonly restarts: number;
  /** Processes that live there now. */
  readonly processes: number;
  /** Processes there that have messages to take. */
  readonly runQueue: number;
  /** Entries that were put into mailboxes of its processes. */
  readonly messagesIn: number;
  /** Entries that its processes took out of them. */
  readonly messagesOut: number;
  /** Messages whose target ended before it took them. */
  readonly messagesDropped: number;
  /** Frames that came from other threads: messages, and what threads tell each other besides. */
  readonly framesIn: number;
  /** Batches of frames that went to other threads. */
  readonly batchesOut: number;
  /** How often frames woke it from sleep. */
  readonly wakeUps: number;
  /** How often the way to another thread had no room: then a send from here gives `process-mailbox-full`. */
  readonly refusals: number;
  /** How often what must not be lost, an end or an answer, went beyond that room. */
  readonly forced: number;
  /**
   * How long its event loop has worked and not waited for something to do, ms, by whomever it was kept at work: callbacks of
   * processes, what they do after an `await` and in timers, all else that the program does there, collecting garbage. The same as
   * `active` of `performance.eventLoopUtilization()` there. On Windows only callbacks of processes count.
   */
  readonly busyMs: number;
  /**
   * The longest in the last ten to twenty seconds that its event loop worked without looking for what has come meanwhile, ms: so
   * late was what came then. What lasts until now counts, too. Up to 1 ms more than it was. On Windows as for `busyMs`.
   */
  readonly eventLoopDelayMs: number;
  /** Bytes of the arena that are in use for frames towards it: whole chunks of 256 KiB. */
  readonly arenaBytes: number;
  /** Bytes of large values on their way to it. */
  readonly blobBytes: number;
}
