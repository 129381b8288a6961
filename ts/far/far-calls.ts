import { type CallEnd, PendingCall, type Settlement } from '../call/pending-call.ts';
import { DEFAULT_TIMEOUT_MS } from '../call/call-options.ts';
import type { ExitReason } from '../error/exit-reason.ts';
import { KIND_REQUEST } from '../native/layout.ts';
import { failure } from '../node/messaging.ts';
import type { Runtime } from '../node/runtime.ts';
import { LocalAlias } from '../process/alias.ts';
import { LocalPid } from '../process/pid.ts';
import type { ProcessRecord } from '../process/process-record.ts';
import { AliasChecks } from './alias-checks.ts';
import { type CallOrigin, openRequest } from './arrived-request.ts';
import { answerBy, valueOrError } from './arrived-value.ts';
import { ByStation } from './by-station.ts';
import { CancelledCalls } from './cancelled-calls.ts';
import { Control } from './control.ts';
import type { Arrived } from './controls.ts';
import type { Far } from './far.ts';
import { FarMoves } from './far-moves.ts';
import { FarPid } from './far-pid.ts';
import type { FarReplies } from './far-replies.ts';
import { type Answering, FarSettlement } from './far-settlement.ts';
import { fullWay } from './full-way.ts';
import type { Loss } from './loss.ts';
import { NamedCalls } from './named-calls.ts';
import { NumberTable } from './number-table.ts';
import type { RemoteHome } from './remote-home.ts';
import { RemoteName } from './remote-name.ts';
import { RemotePid } from './remote-pid.ts';
import { type FarPeer, type RequestHead, writeRequest } from './request-frame.ts';
import { HOME_THREAD, isOfPeer, NOWHERE, seatOf, type Station } from './station.ts';

/** Numbers go up to here before they begin anew, without those of calls that last that long. */
const LAST_NUMBER = 2 ** 32 - 1;

/** Calls between threads and nodes: those of this thread to others, and those of others that are answered here. */
export class FarCalls {
  readonly #runtime: Runtime;
  readonly #far: Far;
  readonly #replies: FarReplies;
  /** Unsettled calls of this thread that are answered elsewhere. */
  readonly #out = new NumberTable<PendingCall>();
  /** Unsettled calls of others that were taken here. */
  readonly #in = new ByStation<PendingCall>();
  readonly #cancelled = new CancelledCalls();
  readonly #named: NamedCalls;
  readonly #aliases: AliasChecks;
  readonly #moves: FarMoves;
  #lastNumber: number;
  /** The last number before they began anew. */
  #highestBefore = 0;

  constructor(runtime: Runtime, far: Far) {
    this.#runtime = runtime;
    this.#far = far;
    this.#replies = far.replies;
    this.#named = new NamedCalls(runtime.native);
    this.#lastNumber = far.firstNumber;
    const { controls } = far;
    controls.on(Control.reply, (arrived) => this.#replied(arrived));
    controls.on(Control.replyError, (arrived) => this.#refused(arrived));
    controls.on(Control.replyEnded, (arrived) => this.#ended(arrived));
    controls.on(Control.orphaned, (arrived) => this.#orphaned(arrived));
    controls.on(Control.cancel, (arrived) => this.#cancel(arrived));
    controls.on(Control.respond, (arrived) => this.#responded(arrived));
    this.#moves = new FarMoves(runtime, far, {
      at: (number) => this.#out.get(number),
      end: (number, reason) => this.#settleEnded(number, reason),
      wasGiven: (number) => number <= Math.max(this.#lastNumber, this.#highestBefore),
    });
    this.#aliases = new AliasChecks(runtime, far);
  }

  /** Sends the request of a call; false when there is no room on the way. Throws `unencodable`. */
  start(call: PendingCall, to: FarPeer, kind: number, queue: number): boolean {
    const number = this.#nextNumber();
    this.#far.pids.keep(call.caller.pid);
    call.farNumber = number;
    this.#out.set(number, call);
    let isSent = false;
    try {
      isSent = this.#send(call, to, { number, kind, queue, origin: undefined });
      return isSent;
    } finally {
      if (!isSent) this.#settled(number);
    }
  }

  /** The call has settled before its answer came: its request is dropped where it is met. */
  closed(call: PendingCall): void {
    const { farNumber: number, station, target } = call;
    this.#settled(number);
    const { pid } = target;
    const isAwaited = station !== NOWHERE && this.#far.canReach(station);
    if (!isAwaited || (pid instanceof FarPid && !pid.isAlive)) return;
    const { controls, isWriting } = this.#far;
    const cancel = (): void => {
      // On which thread there somebody has the name, is not known here.
      if (target instanceof RemoteName) controls.tellAll(station, Control.cancel, number);
      else controls.send(station, Control.cancel, number);
    };
    // What a getter of a message aborts, which may be this very request, is told behind the message.
    if (isWriting) queueMicrotask(cancel);
    else cancel();
  }

  /** A request from elsewhere, which a process takes; `undefined` when nobody waits for the answer. What is not answered before anything else happens is to be kept. */
  take(target: ProcessRecord, frame: number): PendingCall | undefined {
    const { reader } = this.#far;
    const arrived = openRequest(this.#far, frame);
    if (arrived === undefined) return undefined;
    const { station, number, address, request, first, deadline } = arrived;
    if (station === this.#far.thread) return this.#cameHome(number, target);
    if (this.#cancelled.take(arrived) || !this.#far.canReach(station)) return undefined;
    if (isOfPeer(station) && this.#in.get(station, number) !== undefined) {
      // The answer to one would be taken for that to the other, also by whoever has its seat later.
      this.#far.violated(station, `it gives the number ${number} to two calls at once`);
      return undefined;
    }
    // The word that it has timed out may be on its way yet.
    if (deadline >= 0 && deadline <= this.#runtime.driver.recentNow()) return undefined;
    // A thread of this node has looked when it called.
    const isSeen = !isOfPeer(reader.stationOf(frame));
    if (!isSeen && address instanceof LocalAlias && !address.alive)
      return this.#refuse(arrived, failure('alias-unknown', address));
    const from = first ?? reader.from(frame);
    if (this.#far.hasLost(from)) return undefined;
    const settlement = new FarSettlement(this.#answering, arrived, from, target);
    const call = this.#callFrom(from, request, target, settlement);
    const name = reader.nameOf(frame);
    settlement.isNamed = name !== undefined && this.#far.thread !== HOME_THREAD;
    call.address = address ?? name;
    call.deadline = deadline;
    return call;
  }

  /** A call that was taken, and not answered at once: it may be cancelled, or its caller be lost. */
  keep(call: PendingCall): void {
    const { origin } = call;
    if (origin === undefined) return;
    this.#in.set(origin.station, origin.number, call);
    if (!(origin instanceof FarSettlement) || !origin.isNamed || origin.onOver !== undefined)
      return;
    // As long as it waits in a mailbox or is in hand, the core knows of it by its frame.
    const place = this.#named.add(origin);
    origin.onOver = () => this.#named.remove(place);
  }

  /** A request from elsewhere that no process took; `isLate`: it has waited in no mailbox. */
  drop(frame: number, isLate: boolean): void {
    const arrived = openRequest(this.#far, frame);
    if (arrived === undefined) return;
    const { station, number } = arrived;
    if (this.#cancelled.take(arrived)) return;
    const isOrphan = this.#far.isOrphan(frame);
    // To another node nobody there could say at once that its target had ended before.
    const isUnknown = isLate && !isOrphan && isOfPeer(station);
    const reason = isUnknown ? undefined : this.#far.reasonOf(frame);
    if (station === this.#far.thread) return this.#settleEnded(number, reason);
    if (!this.#far.canReach(station)) return;
    const op = isOrphan ? Control.orphaned : Control.replyEnded;
    this.#far.controls.tell(station, op, number, reason);
  }

  /** A request of another node that found the mailbox full. */
  refuseFull(frame: number): void {
    const { reader } = this.#far;
    const origin = { station: reader.stationOf(frame), number: reader.prefix(frame)[0] };
    this.#refuse(origin, failure('process-mailbox-full', 'the called process'));
  }

  /** A call of this very thread, which another one has handed on to a process here. */
  #cameHome(number: number, target: ProcessRecord): PendingCall | undefined {
    const call = this.#settled(number);
    if (call !== undefined) call.target = target;
    return call;
  }

  /** Hands a call on to a process that is none of this thread. False when there is no room on the way. Throws `unencodable`. */
  forward(call: PendingCall, to: FarPeer, queue: number): boolean {
    const { origin } = call;
    // Another node answers this one, which passes the answer on.
    if (origin === undefined || !(to instanceof FarPid)) return this.#forwardOwn(call, to, queue);
    const { station, number } = origin;
    const head = { number, kind: KIND_REQUEST, queue, origin: station };
    if (!writeRequest(this.#far, call, to, head)) return false;
    this.#in.delete(station, number);
    this.#far.controls.send(station, Control.moved, number, to);
    this.#runtime.calls.abandon(call);
    return true;
  }

  /** Nobody there will answer, or waits for an answer. */
  lose(loss: Loss): void {
    const { calls } = this.#runtime;
    for (const [number, call] of [...this.#out.entries()]) {
      if (call.station === NOWHERE || !loss.takes(call.station, call.target.pid)) continue;
      this.#settled(number);
      if (loss.isEnd) calls.rejectEnded(call, loss.reason);
      else calls.reject(call, loss.reason);
    }
    const isLost = (station: Station, { caller }: PendingCall): boolean =>
      loss.takes(station, caller.pid);
    for (const call of this.#in.take(isLost)) calls.abandon(call);
    this.#cancelled.lose(loss);
  }

  #send(call: PendingCall, to: FarPeer, head: RequestHead): boolean {
    if (to instanceof FarPid) {
      call.station = to.thread;
      return writeRequest(this.#far, call, to, head);
    }
    const { peers } = this.#far;
    const home = this.#homeOf(to);
    if (home?.isConnected === true) {
      if (this.#sendRemote(call, to, home, head)) return true;
      if (!peers.isEnding(home)) return false;
      // As all that was said before it and has not arrived.
      this.#runtime.calls.reject(call, failure('no-connection', to.node));
      return true;
    }
    this.#far.refuseUnencodable(call.request);
    return this.#sendLater(call, to, head);
  }

  #full(to: RemotePid | RemoteName): Error {
    this.#runtime.counters.mailboxFull += 1;
    return fullWay(this.#far, to);
  }

  #homeOf(to: RemotePid | RemoteName): RemoteHome | undefined {
    // One that was found to be no earlier incarnation, whose place another one has taken.
    return to instanceof RemotePid ? to.home : this.#far.peers.connectedAs(to.node);
  }

  /** Once there is a connection, unless it has settled by then. */
  #sendLater(call: PendingCall, to: RemotePid | RemoteName, head: RequestHead): boolean {
    const { calls, driver } = this.#runtime;
    const { number } = head;
    // Nothing was written that would wake it; the call has no timer before it rests.
    driver.settleSoon();
    return this.#far.peers.reach(to.node, {
      go: (home) => {
        if (this.#out.get(number) !== call) return;
        if (to instanceof RemotePid && to.home !== home)
          return calls.reject(call, failure('process-incarnation', to));
        if (this.#sendRemote(call, to, home, head)) return;
        const isEnding = this.#far.peers.isEnding(home);
        calls.reject(call, isEnding ? failure('no-connection', to.node) : this.#full(to));
      },
      lost: (error) => {
        if (this.#out.get(number) === call) calls.reject(call, error);
      },
    });
  }

  #sendRemote(
    call: PendingCall,
    to: RemotePid | RemoteName,
    home: RemoteHome,
    head: RequestHead,
  ): boolean {
    if (call.isImportant) home.requireImportant();
    call.station = home.stationOf(to instanceof RemotePid ? to.thread : HOME_THREAD);
    const isWritten = writeRequest(this.#far, call, to, head);
    // Nothing of it is there to be cancelled.
    if (!isWritten) call.station = NOWHERE;
    if (isWritten && call.isImportant && call.address instanceof LocalAlias)
      void this.#aliases.check(call, call.address);
    return isWritten;
  }

  #callFrom(
    from: LocalPid,
    request: unknown,
    target: ProcessRecord,
    settlement: Settlement,
  ): PendingCall {
    const isFar = from instanceof FarPid || from instanceof RemotePid;
    const caller = isFar ? from : (this.#runtime.recordOf(from) ?? endedCaller(from));
    return new PendingCall(request, caller, target, DEFAULT_TIMEOUT_MS, settlement);
  }

  #refuse(origin: CallOrigin, error: Error): undefined {
    if (this.#far.canReach(origin.station)) this.#replies.reject(origin, error);
  }

  /** A call that this thread has to settle goes on to somebody else. */
  #forwardOwn(call: PendingCall, to: FarPeer, queue: number): boolean {
    if (call.farNumber >= 0) this.#settled(call.farNumber);
    return this.start(call, to, KIND_REQUEST, queue);
  }

  readonly #answering: Answering = {
    resolve: (call, value) => {
      this.#in.delete(call.station, call.number);
      const way = this.#far.profiles.orderedWayOf(call.target.extra);
      return this.#replies.reply(call, value, way);
    },
    reject: (origin, error) => {
      this.#in.delete(origin.station, origin.number);
      this.#replies.reject(origin, error);
    },
    confirm: (origin, caller, answer) => {
      const confirmed = this.#far.answers.settle(origin, caller, answer);
      this.#in.delete(origin.station, origin.number);
      return confirmed;
    },
  };

  #settled(number: number): PendingCall | undefined {
    const call = this.#out.get(number);
    if (call === undefined) return undefined;
    this.#out.delete(number);
    this.#moves.settled(number);
    call.farNumber = -1;
    call.station = NOWHERE;
    return call;
  }

  /** The call that a peer or thread answers; nobody but who was asked may. */
  answeredBy({ station, number }: CallOrigin): PendingCall | undefined {
    const call = this.#out.get(number);
    const isAsked = call !== undefined && seatOf(call.station) === seatOf(station);
    return isAsked || !isOfPeer(station) ? this.#settled(number) : undefined;
  }

  #replied(arrived: Arrived): void {
    const call = this.answeredBy(arrived);
    if (call !== undefined) answerBy(this.#runtime.calls, call, arrived);
  }

  #refused(arrived: Arrived): void {
    const call = this.answeredBy(arrived);
    if (call !== undefined) this.#runtime.calls.reject(call, valueOrError(arrived) as Error);
  }

  #ended(arrived: Arrived): void {
    const call = this.answeredBy(arrived);
    if (call !== undefined) this.#endOf(call, valueOrError(arrived) as ExitReason | undefined);
  }

  /** Whose thread has ended may have handed it on before, and said so: then somebody else answers it. */
  #orphaned(arrived: Arrived): void {
    if (this.#out.get(arrived.number)?.target instanceof RemoteName) this.#ended(arrived);
  }

  #settleEnded(number: number, reason: ExitReason | undefined): void {
    const call = this.#settled(number);
    if (call !== undefined) this.#endOf(call, reason);
  }

  /** Of whom nothing is known there, was not there when the request came. */
  #endOf(call: PendingCall, reason: ExitReason | undefined): void {
    const { calls } = this.#runtime;
    if (reason === undefined) calls.reject(call, failure('process-unknown', call.target.pid));
    else calls.rejectEnded(call, reason);
  }

  #cancel({ station, number }: Arrived): void {
    const call = this.#in.get(station, number);
    if (call === undefined) return this.#cancelled.add({ station, number });
    this.#in.delete(station, number);
    this.#runtime.calls.abandon(call);
  }

  #responded({ value }: Arrived): void {
    const [pid, ref, isValue, answer] = value as [LocalPid, string, boolean, unknown];
    const { calls } = this.#runtime;
    calls.answerHere({ pid, ref }, (call) => {
      if (isValue) calls.resolve(call, answer);
      else calls.reject(call, answer as Error);
    });
  }

  #nextNumber(): number {
    do {
      if (this.#lastNumber === LAST_NUMBER) {
        this.#highestBefore = LAST_NUMBER;
        this.#lastNumber = 0;
      }
      this.#lastNumber += 1;
    } while (this.#highestBefore > 0 && this.#out.get(this.#lastNumber) !== undefined);
    return this.#lastNumber;
  }
}

/** One of this thread that has called another node, and ended before its call came back here. */
function endedCaller(pid: LocalPid): CallEnd {
  return { pid, calls: undefined, sent: 0, reason: undefined };
}
