/**
 * What one scheduler thread of a node counts, since it was last started where nothing else is said. Of other threads it is what
 * they have shown last, at the end of their last turn; how long it has run callbacks, some 25 ms later at most. What is on its way to
 * them, and all of the thread that asks, is that of now.
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
  /** How long it has run callbacks of processes, ms. */
  readonly busyMs: number;
  /** The longest that its event loop had to wait for callbacks of processes in the last ten to twenty seconds, ms. */
  readonly eventLoopDelayMs: number;
  /** Bytes of the arena that are in use for frames towards it: whole chunks of 256 KiB. */
  readonly arenaBytes: number;
  /** Bytes of large values on their way to it. */
  readonly blobBytes: number;
}
