import { FRAME_CONTROL } from '../native/layout.ts';
import type { LocalPid } from '../process/pid.ts';
import type { FrameReader } from './frame-reader.ts';
import type { FrameHead, FrameWriter } from './frame-writer.ts';

/** What the threads of a node tell each other besides messages; what the number and the value are stands at each. */
export const Control = {
  /** Number: the call; value: the answer. */
  reply: 1,
  /** Number: the call; value: the error. */
  replyError: 2,
  /** Number: the call, whose target ended before it took it; value: the reason, if it is known. */
  replyEnded: 3,
  /** Number: the call, for whose answer nobody waits any more. */
  cancel: 4,
  /** Number: the call; value: the pid to which it was handed on. */
  moved: 5,
  /** Value: reference of a call that is answered there, and the answer or the error. */
  respond: 6,
  /** Number: the proxy; value: the target that it stands for. */
  watch: 7,
  /** Number: the proxy; value: an error code, or the backlog of an event. */
  watched: 8,
  /** Number: the proxy, which nobody needs any more. */
  unwatch: 9,
  /** Number: the proxy whose target ended; value: the reason, and whether its `terminate` still runs. */
  fired: 10,
  /** Number: the proxy; the `terminate` of its target is over. */
  over: 11,
  /** Number: the proxy of an event; value: what was published, and its queue. */
  published: 12,
  /** Number: the spawn; value: what to spawn. */
  spawn: 13,
  /** Number: the spawn; value: the pid, or the error. */
  spawned: 14,
  /** Value: the pid of a process to kill. */
  kill: 15,
  /** Value: the name to be given up. */
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
  /** Number: the thread that has ended; value: the error that says so. */
  gone: 22,
  /** Number: the question; value: its name and arguments. */
  ask: 23,
  /** Number: the question; value: the answer or the error. */
  answer: 24,
  /** Value: the name of an event of that thread, the token, the message and its queue. */
  publish: 25,
  /** Number: the thread that is back. */
  cameUp: 26,
  /** Number: the thread that has ended and will not come back; value: why. */
  lost: 27,
  /** Number: the run of an application; value: what has changed of it, or that it is over. */
  run: 28,
} as const;

export type ControlOp = (typeof Control)[keyof typeof Control];

/** One control frame as it arrives. */
export interface Arrived {
  readonly thread: number;
  readonly number: number;
  readonly frame: number;
  /** Decoded on first use. */
  readonly value: unknown;
}

/** Sends control frames, and hands those that arrive to whom they concern. */
export class Controls {
  readonly #writer: FrameWriter;
  readonly #reader: FrameReader;
  readonly #node: LocalPid;
  readonly #handlers: ((arrived: Arrived) => void)[] = [];

  constructor(writer: FrameWriter, reader: FrameReader, node: LocalPid) {
    this.#writer = writer;
    this.#reader = reader;
    this.#node = node;
  }

  on(op: ControlOp, handler: (arrived: Arrived) => void): void {
    this.#handlers[op] = handler;
  }

  /** Cannot be refused for want of room; lost when the thread has ended. Throws `unencodable`. */
  send(thread: number, op: ControlOp, number: number, value?: unknown): void {
    this.#write(thread, op, number, value, true);
  }

  /** The same, but false when there is no room. */
  offer(thread: number, op: ControlOp, number: number, value: unknown): boolean {
    return this.#write(thread, op, number, value, false);
  }

  /** A published message to several threads, encoded once; counts those that had no room. */
  publish(
    watchers: readonly { readonly thread: number; readonly number: number }[],
    from: LocalPid,
    value: unknown,
  ): number {
    let refused = 0;
    let isWritten = false;
    for (const { thread, number } of watchers) {
      const head = headOf(thread, Control.published, number, false);
      const isAccepted: boolean = isWritten
        ? this.#writer.repeat(head, from, value)
        : this.#writer.write(head, from, value);
      isWritten ||= isAccepted;
      if (!isAccepted) refused += 1;
    }
    return refused;
  }

  take(frame: number): void {
    const reader = this.#reader;
    const arrived = {
      thread: reader.threadOf(frame),
      number: reader.secondOf(frame),
      frame,
      get value(): unknown {
        return reader.value(frame);
      },
    };
    this.#handlers[reader.firstOf(frame)]!(arrived);
  }

  #write(
    thread: number,
    op: ControlOp,
    number: number,
    value: unknown,
    isForced: boolean,
  ): boolean {
    return this.#writer.write(headOf(thread, op, number, isForced), this.#node, value);
  }
}

function headOf(thread: number, op: ControlOp, number: number, isForced: boolean): FrameHead {
  const target = { thread, first: op, second: number, isForced };
  return { ...target, op: FRAME_CONTROL, kind: 0, queue: 0, prefix: undefined };
}
