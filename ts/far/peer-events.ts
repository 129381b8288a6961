import type { Runtime } from '../node/runtime.ts';
import { Control } from './control.ts';
import type { Arrived } from './controls.ts';
import type { Far } from './far.ts';
import { HOME_THREAD, seatOf } from './station.ts';

/** What a connection says at its end, by number. */
const REASONS: readonly string[] = [
  'its last link was lost',
  'nothing came from it for too long',
  'it has stopped, or has ended the connection',
  'it broke the protocol',
  'this node has ended the connection',
  'a later incarnation took its place',
];

/** What the network tells a thread of its peers, and what that says of those that break the rules. */
export class PeerEvents {
  readonly #runtime: Runtime;
  readonly #far: Far;
  /** Ends the connection of a seat; set on thread 0 of a node with a network. */
  cutOff: ((seat: number) => void) | undefined = undefined;
  /** Seats that have been told of: what else comes from them before their end says nothing new. */
  readonly #violators = new Set<number>();

  constructor(runtime: Runtime, far: Far) {
    this.#runtime = runtime;
    this.#far = far;
    const { controls } = far;
    controls.on(Control.peerUp, (arrived) => this.#up(arrived));
    controls.on(Control.peerGone, ({ station, value }) => this.#gone(seatOf(station), value));
    controls.on(Control.misbehaved, ({ number, value }) => this.#cut(number, String(value)));
  }

  /** A peer has broken the rules. */
  violated(seat: number, how: string): void {
    if (this.#violators.has(seat)) return;
    this.#violators.add(seat);
    if (this.#far.thread === HOME_THREAD) this.#cut(seat, how);
    else this.#far.controls.send(HOME_THREAD, Control.misbehaved, seat, how);
  }

  #cut(seat: number, how: string): void {
    const { peers } = this.#far;
    const node = peers.at(seat)?.node;
    this.#runtime.log.error('a peer broke the protocol; its connection is ended', { node, how });
    // Another thread may have said so after the end: the connection that has the place then is another one.
    if (peers.isUp(seat)) this.cutOff?.(seat);
  }

  /** Creation, features, the largest message that it takes, name. */
  #up({ station, frame }: Arrived): void {
    const seat = seatOf(station);
    const bytes = this.#far.reader.raw(frame);
    const creation = Number(bytes.readBigUInt64LE(0));
    // The first word of the features is all that there are so far.
    const features = bytes.readUInt32LE(8);
    const maxMessage = Number(bytes.readBigUInt64LE(16));
    const node = bytes.toString('utf8', 24);
    this.#violators.delete(seat);
    if (this.#far.peers.isUp(seat)) return this.violated(seat, 'it introduces itself twice');
    this.#far.peers.up(seat, { node, creation, features, maxMessage });
  }

  #gone(seat: number, reason: unknown): void {
    this.#far.peers.gone(seat, REASONS[Number(reason)] ?? REASONS[0]!);
  }
}
