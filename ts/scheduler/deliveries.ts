import type { PendingCall } from '../call/pending-call.ts';
import type { Response } from '../call/response.ts';
import type { ExitReason } from '../error/exit-reason.ts';
import { TergoError } from '../error/tergo-error.ts';
import type { EventMessage } from '../event/event-message.ts';
import type { LogRecord } from '../log/log-record.ts';
import { NO_VALUE } from '../far/frame-reader.ts';
import { isFittingMessage } from '../far/peer-rules.ts';
import { isOfPeer } from '../far/station.ts';
import { Watch } from '../far/watches.ts';
import type { LocalPid } from '../process/pid.ts';
import {
  FAR,
  KIND_ADDRESSED,
  KIND_DOWN,
  KIND_EVENT,
  KIND_EVENT_START,
  KIND_EVENT_STOP,
  KIND_EXIT,
  KIND_FAR,
  KIND_INSPECT,
  KIND_LOG,
  KIND_MESSAGE,
  KIND_REQUEST,
  KIND_RESPONSE,
  KIND_SIGNAL,
  TAG_CAME_LATE,
  TAG_EXTRA_SHIFT,
} from '../native/layout.ts';
import { AddressedMessage, type Signal } from '../node/messaging.ts';
import type { Runtime } from '../node/runtime.ts';
import type { Envelope } from '../process/envelope.ts';
import {
  PLAIN_CALLS,
  type ProcessRecord,
  SPLIT,
  TAKES_EXITS,
  TRAP_EXIT,
  VALIDATED,
} from '../process/process-record.ts';
import type { Exit } from '../relation/ended.ts';
import { FailureNotice } from '../router/routed.ts';
import { SharedValue, type Slab } from './slab.ts';

/** Hands mailbox entries to a process, and frees those that nobody will take. */
export class Deliveries {
  readonly #runtime: Runtime;
  readonly #slab: Slab;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.#slab = runtime.driver.slab;
  }

  /** One entry of a slice goes to the callback that it is for. What that throws is the process's end. */
  take(record: ProcessRecord, tag: number, payload: number): void {
    switch (tag & 0xf) {
      case KIND_REQUEST:
        return this.#request(record, payload);
      case KIND_EVENT:
        return this.#event(record, payload);
      case KIND_MESSAGE:
        if (payload >= FAR) return this.#unexpected(KIND_MESSAGE, payload);
        return this.#message(record, payload);
      case KIND_ADDRESSED:
        if (payload >= FAR) return this.#farMessage(record, KIND_ADDRESSED, payload);
        return this.#message(record, payload);
      case KIND_FAR:
        return this.#farMessage(record, KIND_FAR, payload);
      case KIND_SIGNAL:
        return this.#signalled(record, payload);
      case KIND_EXIT:
      case KIND_DOWN:
        if (payload >= FAR) return this.#unexpected(tag & 0xf, payload);
        return this.#ended(record, tag, payload);
      case KIND_EVENT_START:
      case KIND_EVENT_STOP:
        if (payload >= FAR) return this.#unexpected(tag & 0xf, payload);
        return this.#notice(record, tag, payload);
      default:
        return this.#rare(record, tag, payload);
    }
  }

  /** An entry that was not delivered: its target is gone. */
  drop(tag: number, payload: number): void {
    const { calls, counters } = this.#runtime;
    if (payload >= FAR) return this.#dropFar(tag, payload);
    switch (tag & 0xf) {
      case KIND_EVENT_START:
      case KIND_EVENT_STOP:
        return;
      case KIND_EXIT:
      case KIND_DOWN:
        this.#runtime.driver.tokens.release(tag >>> TAG_EXTRA_SHIFT);
        this.#shared(payload);
        return;
      case KIND_EVENT:
        this.#shared(payload);
        return;
      case KIND_REQUEST:
      case KIND_INSPECT:
        calls.rejectEnded(this.#slab.take(payload) as PendingCall);
        return;
      default:
        counters.dropped += 1;
        this.#slab.release(payload);
    }
  }

  /** Nobody will decode it; the core gives its memory back. */
  #dropFar(tag: number, frame: number): void {
    const { far, counters } = this.#runtime;
    const kind = tag & 0xf;
    const isLate = (tag & TAG_CAME_LATE) !== 0;
    if (kind === KIND_REQUEST || kind === KIND_INSPECT) return far!.calls.drop(frame, isLate);
    counters.dropped += 1;
    // A confirmation may be under way already: what was in the mailbox of a process that ended was placed.
    if (!far!.reader.isImportant(frame)) return;
    far!.messages.forget(frame);
    far!.remote.refuse(frame, far!.isOrphan(frame) ? 'thread-terminated' : 'process-unknown');
  }

  #message(record: ProcessRecord, payload: number): void {
    this.#accept(record, this.#slab.senderAt(payload)!, this.#slab.take(payload));
  }

  #farMessage(record: ProcessRecord, kind: number, frame: number): void {
    const { far, dispatcher } = this.#runtime;
    const value = far!.messages.take(record, kind, frame);
    if (value === NO_VALUE) return;
    const first = value instanceof AddressedMessage ? value.from : undefined;
    if (first !== undefined) dispatcher.setFrom(first);
    this.#accept(record, first ?? far!.reader.from(frame), value);
  }

  /** An important message of another node is in the mailbox. */
  confirm(tag: number, frame: number): void {
    if (!isRequest(tag)) this.#runtime.far!.remote.confirm(frame);
  }

  /** What another node has sent found the mailbox full: its sender could not know. */
  refuse(tag: number, frame: number): void {
    const { far, counters } = this.#runtime;
    counters.mailboxFull += 1;
    if (isRequest(tag)) return far!.calls.refuseFull(frame);
    const isTaken = far!.messages.fallBack(tag & 0xf, frame);
    if (!far!.reader.isImportant(frame)) return;
    if (isTaken) far!.remote.confirm(frame);
    else far!.remote.refuse(frame, 'process-mailbox-full');
  }

  #event(record: ProcessRecord, payload: number): void {
    const value = payload < FAR ? this.#shared(payload) : this.checked(KIND_EVENT, payload);
    if (value === NO_VALUE) return;
    this.#receive(record, { kind: 'event', event: value as EventMessage<unknown> });
  }

  #signalled(record: ProcessRecord, payload: number): void {
    if (payload < FAR) return this.#signal(record, this.#slab.take(payload) as Signal);
    const { far, core } = this.#runtime;
    const value = this.checked(KIND_SIGNAL, payload);
    const isOwn = !isOfPeer(far!.reader.stationOf(payload));
    // One whose reason cannot be read must not be lost.
    const reason = value === NO_VALUE && isOwn ? far!.reader.trouble : value;
    // No honest node sends one to the node itself.
    if (reason === NO_VALUE || record === core) return;
    this.#signal(record, { from: far!.reader.from(payload), reason: reason as ExitReason });
  }

  /** What a frame of that kind carries; what another node sends may be anything. */
  checked(kind: number, frame: number): unknown {
    const { reader } = this.#runtime.far!;
    const value = reader.value(frame);
    if (value === NO_VALUE || isFittingMessage(kind, value)) return value;
    const how = `a message of the kind ${kind} does not carry what it must`;
    return this.#runtime.far!.violated(reader.stationOf(frame), how);
  }

  #accept(record: ProcessRecord, from: LocalPid, value: unknown): void {
    if (value instanceof AddressedMessage) {
      const address = (record.flags & SPLIT) !== 0 ? value.address : undefined;
      return this.#receive(record, { kind: 'message', message: value.message, from, address });
    }
    this.#receive(record, { kind: 'message', message: value, from });
  }

  #request(record: ProcessRecord, payload: number): void {
    const call = this.#take(record, payload);
    // Timed out or aborted while it waited in the mailbox: nobody wants the answer any more.
    if (call === undefined || call.isSettled) return;
    if (!this.isValid(record, payload, call)) return;
    const { request, from } = call;
    const address = (record.flags & SPLIT) !== 0 ? (call.address as string | undefined) : undefined;
    call.isHeld = false;
    record.current = call;
    try {
      const isPlain = (record.flags & (PLAIN_CALLS | SPLIT)) === PLAIN_CALLS;
      const result =
        isPlain && record.instance.handleCall !== undefined
          ? record.instance.handleCall(request, from)
          : record.instance.receive({ kind: 'request', request, from, address });
      this.#runtime.outcomes.answer(record, call, result);
    } finally {
      // Also when it has failed: it may have handed the call on before.
      if (payload >= FAR && !call.isSettled) this.#runtime.far!.calls.keep(call);
    }
  }

  /** The call behind a request that a process takes; `undefined` when it was given up on another thread. */
  callOf(record: ProcessRecord, payload: number): PendingCall | undefined {
    const call = this.#take(record, payload);
    if (payload >= FAR && call !== undefined) this.#runtime.far!.calls.keep(call);
    return call;
  }

  /** Whether a request that a process takes passes what it must if it is of another node; it is rejected else. */
  isValid(record: ProcessRecord, payload: number, call: PendingCall): boolean {
    if ((record.flags & VALIDATED) === 0 || payload < FAR) return true;
    return this.#runtime.far!.validation!.request(record, payload, call);
  }

  #take(record: ProcessRecord, payload: number): PendingCall | undefined {
    if (payload >= FAR) return this.#runtime.far!.calls.take(record, payload);
    return this.#slab.take(payload) as PendingCall;
  }

  /** An exit signal from a process; that of the parent is always obeyed. */
  #signal(record: ProcessRecord, { from, reason }: Signal): void {
    const exit: Exit = { kind: 'pid', pid: from, reason };
    this.#exit(record, exit, record.obeys(from));
  }

  #ended(record: ProcessRecord, tag: number, payload: number): void {
    const reason = this.#shared(payload) as ExitReason;
    const watch = this.#runtime.relations.at(tag >>> TAG_EXTRA_SHIFT);
    if (watch instanceof Watch) return this.#fired(tag >>> TAG_EXTRA_SHIFT, watch, reason);
    const ended = this.#runtime.relations.take(tag >>> TAG_EXTRA_SHIFT, reason);
    if ((tag & 0xf) === KIND_DOWN) return this.#receive(record, { kind: 'down', down: ended });
    this.#exit(record, ended, ended.kind === 'pid' && ended.pid === record.parent);
  }

  /** Somebody on another thread is related to what has ended. */
  #fired(token: number, watch: Watch, reason: ExitReason): void {
    this.#runtime.driver.tokens.release(token);
    this.#runtime.far!.watches.fired(watch, reason);
  }

  #exit(record: ProcessRecord, exit: Exit, isParent: boolean): void {
    const isTaken =
      (record.flags & TAKES_EXITS) !== 0 || ((record.flags & TRAP_EXIT) !== 0 && !isParent);
    if (isTaken) return this.#receive(record, { kind: 'exit', exit });
    this.#runtime.lifecycle.end(record, exit.reason, exit);
  }

  #notice(record: ProcessRecord, tag: number, index: number): void {
    const event = this.#runtime.events.at(index, tag >>> TAG_EXTRA_SHIFT);
    if (event === undefined) return;
    const kind = (tag & 0xf) === KIND_EVENT_START ? 'event-start' : 'event-stop';
    this.#receive(record, { kind, event: event.name });
  }

  #rare(record: ProcessRecord, tag: number, payload: number): void {
    if ((tag & 0xf) === KIND_INSPECT) return this.#inspect(record, this.callOf(record, payload));
    if (payload >= FAR) return this.#rareFar(record, tag & 0xf, payload);
    const value = this.#slab.take(payload);
    switch (tag & 0xf) {
      case KIND_RESPONSE:
        return this.#receive(record, responseOf(value as Response | FailureNotice));
      case KIND_LOG:
        return this.#log(record, value as LogRecord);
      default:
        throw new TergoError(
          'internal',
          `a mailbox entry of the kind ${tag & 0xf}, which there is not`,
        );
    }
  }

  #rareFar(record: ProcessRecord, kind: number, frame: number): void {
    const { far } = this.#runtime;
    if (kind !== KIND_LOG || isOfPeer(far!.reader.stationOf(frame)))
      return this.#unexpected(kind, frame);
    const entry = far!.loggers.take(record, frame);
    if (entry !== undefined) this.#receive(record, { kind: 'log', record: entry });
  }

  /** Only this node itself puts those into mailboxes. */
  #unexpected(kind: number, frame: number): void {
    const { far } = this.#runtime;
    const how = `it may not send messages of the kind ${kind}`;
    far!.violated(far!.reader.stationOf(frame), how);
  }

  #log(record: ProcessRecord, entry: LogRecord): void {
    const { more } = record;
    more.logQueued -= 1;
    more.logger?.taken();
    this.#receive(record, { kind: 'log', record: entry });
  }

  #inspect(record: ProcessRecord, call: PendingCall | undefined): void {
    if (call === undefined || call.isSettled) return;
    const items = call.request as readonly string[];
    if (!isFittingMessage(KIND_INSPECT, items))
      return void this.#runtime.far!.violated(
        call.origin!.station,
        'an inspection asks for no texts',
      );
    record.current = call;
    const result = record.instance.receive({ kind: 'inspect', items, from: call.from });
    this.#runtime.outcomes.answer(record, call, result);
  }

  #receive(record: ProcessRecord, envelope: Envelope): void {
    const result = record.instance.receive(envelope);
    if (result !== undefined) this.#runtime.outcomes.take(record, result);
  }

  /** A value that stands in several mailboxes; the last one frees its slot. */
  #shared(payload: number): unknown {
    const shared = this.#slab.at(payload) as SharedValue<unknown>;
    shared.uses -= 1;
    if (shared.uses === 0) this.#slab.release(payload);
    return shared.value;
  }
}

/** An answer, or what a router tells of a message that it could not hand on. */
function responseOf(value: Response | FailureNotice): Envelope {
  if (value instanceof FailureNotice) return { kind: 'route-failed', failure: value.failure };
  return { kind: 'response', response: value };
}

function isRequest(tag: number): boolean {
  const kind = tag & 0xf;
  return kind === KIND_REQUEST || kind === KIND_INSPECT;
}
