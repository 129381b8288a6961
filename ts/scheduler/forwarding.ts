import type { PendingCall } from '../call/pending-call.ts';
import { reasonOf } from '../error/exit-reason.ts';
import type { TergoError } from '../error/tergo-error.ts';
import type { EventMessage } from '../event/event-message.ts';
import {
  FAR,
  KIND_ADDRESSED,
  KIND_EVENT,
  KIND_FAR,
  KIND_MESSAGE,
  KIND_REQUEST,
  OP_SEND,
  QUEUE_MAIN,
} from '../native/layout.ts';
import { FarPid } from '../far/far-pid.ts';
import { NO_VALUE } from '../far/frame-reader.ts';
import type { FarPeer } from '../far/request-frame.ts';
import { AddressedMessage } from '../node/messaging.ts';
import type { Runtime } from '../node/runtime.ts';
import type { LocalPid } from '../process/pid.ts';
import { handOn } from '../process/process-context.ts';
import type { Peer } from '../process/peer.ts';
import { ProcessRecord } from '../process/process-record.ts';
import { kindAndQueue } from './outbox.ts';
import { SharedValue, type Slab } from './slab.ts';

/**
 * Hands on entries of a mailbox as they are: the value stays in its slot of the slab, together with its
 * sender, and only the slot's number goes to the next mailbox. A call is answered by whom it reaches.
 */
export class Forwarding {
  readonly #runtime: Runtime;
  readonly #slab: Slab;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.#slab = runtime.driver.slab;
  }

  /** An entry of the main queue of a process that hands on; false when it is for the process itself. */
  take(record: ProcessRecord, kind: number, payload: number): boolean {
    if (payload >= FAR) return this.#takeFar(record, kind, payload);
    switch (kind) {
      case KIND_MESSAGE:
      case KIND_EVENT:
        break;
      case KIND_REQUEST:
        if (!this.isWanted(kind, payload)) return true;
        break;
      case KIND_ADDRESSED:
        this.#unwrap(payload);
        break;
      default:
        return false;
    }
    this.#handOn(record, kind === KIND_ADDRESSED ? KIND_MESSAGE : kind, payload);
    return true;
  }

  /** False for a call that has timed out or was aborted while it waited: nobody wants the answer any more, and its slot is free. */
  isWanted(kind: number, payload: number): boolean {
    if (kind !== KIND_REQUEST || !this.#callOf(payload).isSettled) return true;
    this.#slab.release(payload);
    return false;
  }

  /** Puts the entry into the mailbox of `target`; false, and nothing done, when that is full. */
  forward(target: Peer, kind: number, payload: number): boolean {
    const { driver } = this.#runtime;
    if (!(target instanceof ProcessRecord)) return this.#forwardFar(target, kind, payload);
    if (!this.#runtime.accepts(target, QUEUE_MAIN)) return false;
    if (kind === KIND_REQUEST) {
      const call = this.#callOf(payload);
      call.target = target;
      call.address = undefined;
    }
    const op = OP_SEND | kindAndQueue(kind, QUEUE_MAIN);
    driver.outbox.write(op, target.pid.slot, target.generation, payload);
    return true;
  }

  /** What should have gone somewhere: a call is rejected with `error`, everything else is lost and counted. */
  lose(kind: number, payload: number, isFull: boolean, error: () => TergoError): void {
    const { counters } = this.#runtime;
    if (kind !== KIND_REQUEST) counters[isFull ? 'mailboxFull' : 'dropped'] += 1;
    this.refuse(kind, payload, error);
  }

  /** The entry goes nowhere: a call is rejected with what `error` gives, everything else is gone. */
  refuse(kind: number, payload: number, error: () => Error): void {
    if (kind === KIND_EVENT) return this.#runtime.deliveries.drop(kind, payload);
    const value = this.#slab.take(payload);
    if (kind === KIND_REQUEST) this.#runtime.calls.reject(value as PendingCall, error());
  }

  /** What the sender gave: the message, the request, what was published. */
  bodyOf(kind: number, payload: number): unknown {
    const value = this.#slab.at(payload);
    if (kind === KIND_REQUEST) return (value as PendingCall).request;
    return kind === KIND_EVENT ? this.eventOf(payload).message : value;
  }

  /** The event in an entry of that kind. */
  eventOf(payload: number): EventMessage<unknown> {
    return (this.#slab.at(payload) as SharedValue<EventMessage<unknown>>).value;
  }

  senderOf(payload: number): LocalPid {
    return this.#slab.senderAt(payload)!;
  }

  /** What came from another thread gets a slot of the slab first: whoever decides may look at it. */
  #takeFar(record: ProcessRecord, kind: number, frame: number): boolean {
    const { far, deliveries } = this.#runtime;
    if (kind === KIND_REQUEST) {
      const call = deliveries.callOf(record, frame);
      if (call !== undefined && deliveries.isValid(record, frame, call))
        this.#handOn(record, kind, this.#slab.put(call, call.from));
      return true;
    }
    if (kind === KIND_EVENT) {
      const value = deliveries.checked(kind, frame);
      if (value === NO_VALUE) return true;
      const event = new SharedValue(value);
      event.uses = 1;
      this.#handOn(record, kind, this.#slab.put(event, far!.reader.from(frame)));
      return true;
    }
    if (kind !== KIND_FAR && kind !== KIND_ADDRESSED) return false;
    const value = far!.messages.take(record, kind, frame);
    if (value === NO_VALUE) return true;
    const isAddressed = value instanceof AddressedMessage;
    const from = (isAddressed ? value.from : undefined) ?? far!.reader.from(frame);
    const message = isAddressed ? value.message : value;
    this.#handOn(record, KIND_MESSAGE, this.#slab.put(message, from));
    return true;
  }

  /** Encodes the entry for another thread or node; the slot is free then. */
  #forwardFar(target: FarPeer, kind: number, payload: number): boolean {
    const value = this.#slab.at(payload);
    try {
      const isAccepted =
        kind === KIND_REQUEST
          ? this.#forwardCall(target, value as PendingCall)
          : this.#handToFar(target, kind, value, this.senderOf(payload));
      if (!isAccepted) return false;
    } catch (error) {
      this.#cannotTravel(target, kind, payload, reasonOf(error));
      return true;
    }
    if (kind === KIND_EVENT) this.#runtime.deliveries.drop(kind, payload);
    else this.#slab.release(payload);
    return true;
  }

  #handToFar(target: FarPeer, kind: number, value: unknown, from: LocalPid): boolean {
    const { messages, remote } = this.#runtime.far!;
    if (target instanceof FarPid) return messages.handOn(target, kind, value, from);
    const isEvent = kind === KIND_EVENT;
    const body = isEvent ? (value as SharedValue<unknown>).value : value;
    return remote.handOn(target, isEvent ? KIND_EVENT : KIND_FAR, body, from);
  }

  /** Its sender gave it to a process of its own thread, where everything can be sent. */
  #cannotTravel({ pid: to }: FarPeer, kind: number, payload: number, error: Error): void {
    const { log, counters } = this.#runtime;
    const fields = { from: this.senderOf(payload), to, error };
    log.error(
      'what was to be handed on to another thread or node cannot travel; it is lost',
      fields,
    );
    if (kind !== KIND_REQUEST) counters.dropped += 1;
    this.refuse(kind, payload, () => error);
  }

  #forwardCall(target: FarPeer, call: PendingCall): boolean {
    if (!this.#runtime.accepts(target, QUEUE_MAIN)) return false;
    const { target: before, address } = call;
    call.target = target;
    call.address = undefined;
    let isForwarded = false;
    try {
      isForwarded = this.#runtime.far!.calls.forward(call, target, QUEUE_MAIN);
    } finally {
      if (!isForwarded) {
        this.#runtime.retract(target, QUEUE_MAIN);
        call.target = before;
        call.address = address;
      }
    }
    return isForwarded;
  }

  /** What a decision throws is the end of the process, and of the entry with it. */
  #handOn(record: ProcessRecord, kind: number, payload: number): void {
    try {
      record.instance[handOn]!(kind, payload);
    } catch (error) {
      if (kind === KIND_REQUEST) this.#keepForEnd(record, payload);
      else this.#runtime.deliveries.drop(kind, payload);
      throw error;
    }
  }

  /** The end of the process rejects the call in hand. */
  #keepForEnd(record: ProcessRecord, payload: number): void {
    const call = this.#slab.take(payload) as PendingCall;
    call.isHeld = false;
    record.current = call;
  }

  /** By which address the process was reached is of no meaning to whom it hands on to. */
  #unwrap(payload: number): void {
    this.#slab.set(payload, (this.#slab.at(payload) as AddressedMessage).message);
  }

  #callOf(payload: number): PendingCall {
    return this.#slab.at(payload) as PendingCall;
  }
}
