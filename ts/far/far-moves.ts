import type { PendingCall } from '../call/pending-call.ts';
import type { ExitReason } from '../error/exit-reason.ts';
import type { Runtime } from '../node/runtime.ts';
import { LocalPid } from '../process/pid.ts';
import { Control } from './control.ts';
import type { Arrived } from './controls.ts';
import type { Far } from './far.ts';
import { FarPid } from './far-pid.ts';
import { RemotePid } from './remote-pid.ts';
import { isOfPeer, seatOf, type Station } from './station.ts';

/** The calls that may be handed on. */
export interface OpenCalls {
  /** The unsettled call of that number that is answered elsewhere. */
  at(number: number): PendingCall | undefined;
  /** Whoever was to answer it has ended. */
  end(number: number, reason: ExitReason | undefined): void;
  /** Whether a call of this thread may have had that number. */
  wasGiven(number: number): boolean;
}

/** Calls of this thread that were handed on elsewhere: who has them now, and what if that one has ended. */
export class FarMoves {
  readonly #runtime: Runtime;
  readonly #far: Far;
  readonly #calls: OpenCalls;
  /** By call and thread: to whom it was handed on there, told before this thread has heard that it came there. */
  readonly #early = new Map<number, Map<Station, LocalPid>>();

  constructor(runtime: Runtime, far: Far, calls: OpenCalls) {
    this.#runtime = runtime;
    this.#far = far;
    this.#calls = calls;
    far.controls.on(Control.moved, (arrived) => this.#moved(arrived));
    far.questions.on('was-yours', ({ id }: LocalPid) => id >= runtime.spawner.oldestId);
  }

  /** The call has settled. */
  settled(number: number): void {
    if (this.#early.size > 0) this.#early.delete(number);
  }

  #moved({ station, number, value }: Arrived): void {
    // A node hands calls on among its own threads: it may not say who else has one.
    if (isOfPeer(station) && !this.#far.peers.isOf(station, value))
      return void this.#far.violated(
        station,
        'it hands a call on to a process that is none of its own',
      );
    const call = this.#calls.at(number);
    // It has settled meanwhile: whoever has it now need not take it.
    if (call === undefined) return this.#cancelAt(value, number);
    if (!(value instanceof LocalPid)) return;
    if (seatOf(call.station) === seatOf(station)) return this.#move(call, number, value);
    // Handed on twice, and the second one tells first.
    if (!isOfPeer(station)) this.#earlyOf(number).set(station, value);
  }

  #move(call: PendingCall, number: number, to: LocalPid): void {
    if (to instanceof RemotePid) {
      call.target = to;
      if (to.home.isConnected) call.station = to.station;
    } else if (to instanceof FarPid) this.#moveTo(call, number, to);
    else call.target = this.#runtime.peerOf(to) ?? call.target;
  }

  #moveTo(call: PendingCall, number: number, to: FarPid): void {
    call.target = to;
    call.station = to.thread;
    const next = this.#early.get(number)?.get(to.thread);
    if (next !== undefined) {
      this.#early.get(number)!.delete(to.thread);
      this.#move(call, number, next);
    } else if (!to.isAlive) void this.#askForEnd(call, number, to);
  }

  /** Its thread may have ended before the call came there, so that nobody will tell. If it has not, it tells itself. */
  async #askForEnd(call: PendingCall, number: number, to: FarPid): Promise<void> {
    const { thread } = to;
    const isThere = this.#far.isUp(thread) && (await this.#wasOf(thread, to));
    if (!isThere && this.#calls.at(number) === call && call.target === to)
      this.#calls.end(number, this.#far.absences.endOf(thread));
  }

  /** Whether a process has lived on the thread that there is now. */
  #wasOf(thread: number, pid: FarPid): Promise<boolean> {
    const asked = this.#far.questions.ask(thread, 'was-yours', pid) as Promise<boolean>;
    return asked.catch(() => false);
  }

  #earlyOf(number: number): Map<Station, LocalPid> {
    const known = this.#early.get(number);
    if (known !== undefined) return known;
    const early = new Map<Station, LocalPid>();
    this.#early.set(number, early);
    return early;
  }

  #cancelAt(value: unknown, number: number): void {
    // It would cancel a call that is yet to come.
    if (!this.#calls.wasGiven(number)) return;
    if (value instanceof FarPid && value.isAlive)
      this.#far.controls.send(value.thread, Control.cancel, number);
    if (value instanceof RemotePid && value.home.isConnected)
      this.#far.controls.send(value.station, Control.cancel, number);
  }
}
