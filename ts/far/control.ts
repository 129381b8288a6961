/** What threads and nodes tell each other besides messages; what the number and the value are stands at each. `peer-rules.ts` says which of it another node may say. */
export const Control = {
  /** Number: the call; value: the answer. */
  reply: 1,
  /** Number: the call; value: the error. */
  replyError: 2,
  /** Number: the call, whose target ended before it took it; value: the reason, if it is known. */
  replyEnded: 3,
  /** The same as `CONTROL_CANCEL`. Number: the call, for whose answer nobody waits any more. */
  cancel: 4,
  /** Number: the call; value: the pid to which it was handed on. */
  moved: 5,
  /** Value: who waits for the answer to a call that is kept there, its reference, and the answer or the error. */
  respond: 6,
  /** The same as `CONTROL_WATCH`. Number: the proxy; value: the target that it stands for. */
  watch: 7,
  /** Number: the proxy; value: an error code, or a list: of an event its feed and its backlog. */
  watched: 8,
  /** Number: the proxy, which nobody needs any more. */
  unwatch: 9,
  /** Number: the proxy whose target ended; value: the reason, and whether its `terminate` still runs. */
  fired: 10,
  /** Number: the proxy; the `terminate` of its target is over. */
  over: 11,
  /** The same as `CONTROL_PUBLISHED`. Number: the proxy of an event, from another node its feed; value: what was published, its queue, and by whom if not by the producer. */
  published: 12,
  /** Number: the spawn; value: what to spawn. */
  spawn: 13,
  /** Number: the spawn; value: the pid, or the error. */
  spawned: 14,
  /** Value: the pid of a process to kill. */
  kill: 15,
  /** Number: the generation of an address; value: its index, and the name there, which was taken away. */
  unregister: 16,
  /** Value: a pid and a message that found its mailbox full. */
  overflow: 17,
  /** Value: a log record and the logger that it is for. */
  log: 18,
  /** Number: the run of an application; value: the process that belongs to it. */
  joined: 19,
  /** Value: the run of an application, the pid that ended, the reason, and whether its `terminate` still runs. */
  left: 20,
  /** Value: the run of an application and the pid that is over. */
  leftBehind: 21,
  /** Number: the thread that has ended; value: the error that says so, and how often it was started anew before. */
  gone: 22,
  /** Number: the question; value: its name and arguments. */
  ask: 23,
  /** Number: the question; value: the answer or the error. */
  answer: 24,
  /** Value: the name of an event of that thread, the token, the message and its queue. */
  publish: 25,
  /** Number: the thread that is back; value: nothing, and how often it was started anew. */
  cameUp: 26,
  /** Number: the thread that has ended and will not come back; value: why, and how often it was started anew. */
  lost: 27,
  /** Number: the run of an application; value: what has changed of it, or that it is over. */
  run: 28,
  /** Value: a pid of that thread and the name that was reserved for it. */
  register: 29,
  /** Value: a pid of that thread and as which logger it serves from now on; without a name: as none. */
  serve: 30,
  /** Value: the process that serves as logger and has taken a record. */
  logTaken: 31,
  /** Number: the important message, which is in the mailbox. */
  placed: 32,
  /** Number: the important message; value: the code of the error by which it is not. */
  notPlaced: 33,
  /** Number: the seat of a peer that has broken the protocol; value: how. */
  misbehaved: 34,
  /** The same as `CONTROL_THREAD_ENDED`. Number: the thread of the other node that has ended; value: why, and the highest id that a process of it had. */
  threadEnded: 36,
  /** Number: the call by name, whose thread has ended; value: why. Not for one that was handed on before. */
  orphaned: 37,
  /** Value: who sent a message that a router of the other thread could not hand on, and the failure. */
  routeFailed: 38,
  /** From the network itself (`CONTROL_PEER_UP`): a node is connected and has the seat that the frame comes from. */
  peerUp: 62,
  /** The same (`CONTROL_PEER_GONE`): the connection is gone; value: a number for the reason. */
  peerGone: 63,
} as const;

export type ControlOp = (typeof Control)[keyof typeof Control];
