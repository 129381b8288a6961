import type { NetworkFlags } from './network-flags.ts';

/** What an acceptor has done. Source: Ergo `gen.AcceptorInfo`. */
export interface AcceptorInfo {
  /** The address on which it listens. */
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  /** What the node does for those who dial it here, and the largest message that it takes of them, bytes. */
  readonly flags: NetworkFlags;
  readonly maxMessageSize: number;
  /** Sockets that came. */
  readonly arrived: number;
  /** Handshakes that ended in a link, those that failed, and those that are going on. */
  readonly admitted: number;
  readonly rejected: number;
  readonly pending: number;
  /** Sockets that were closed because there were too many: those that came, and those that had said nothing for longest. */
  readonly turnedAway: number;
}
