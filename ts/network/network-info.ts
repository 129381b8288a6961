import type { AcceptorInfo } from './acceptor-info.ts';
import type { NetworkFlags } from './network-flags.ts';
import type { NetworkMode } from './network-options.ts';
import type { NetworkRouteInfo } from './route-info.ts';

/** What is known of the registrar that a node uses. Source: Ergo `gen.RegistrarInfo`. */
export interface RegistrarInfo {
  /** Its name and version. */
  readonly name: string;
  /** Its address and port; of a registrar of one's own what that says. */
  readonly server: string;
  /** Whether this node serves it. */
  readonly isServing: boolean;
  /** Whether this node is registered there. */
  readonly isRegistered: boolean;
}

/** What is known of a connection. All since it was made. Source: Ergo `gen.RemoteNodeInfo`. */
export interface RemoteNodeInfo {
  readonly name: string;
  readonly creation: number;
  /** Which software the peer runs, such as `tergo 0.1.0`: what it says of itself. */
  readonly version: string;
  /** How long it has stood, ms. */
  readonly connectionUptimeMs: number;
  /** Whether this node has dialled. */
  readonly isDialler: boolean;
  /** What is in force between the two nodes. */
  readonly flags: NetworkFlags;
  /** The largest message that the peer takes, bytes. */
  readonly maxMessageSize: number;
  /** Links in its pool, and those that were lost and replaced. */
  readonly links: number;
  readonly reconnects: number;
  /** Messages of processes, and what nodes tell each other besides. */
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Frames of the wire, each with many messages. */
  readonly batchesIn: number;
  readonly batchesOut: number;
  readonly fragmentsIn: number;
  readonly fragmentsOut: number;
  /** Bytes after compression for each byte before it; 1 when nothing was compressed. */
  readonly compressionRatioIn: number;
  readonly compressionRatioOut: number;
  /** Bytes that wait here for the peer. */
  readonly queueBytes: number;
  /** How often a message had to wait because the peer had no room. */
  readonly blocked: number;
  /** Messages that went nowhere: they were larger than the peer takes. */
  readonly refused: number;
  /** Time to the peer and back, ms; 0: not known yet. */
  readonly roundTripMs: number;
}

/** What may be asked for by name, and by whom. */
export interface AllowedInfo {
  readonly name: string;
  /** `undefined`: every connected node. */
  readonly nodes: readonly string[] | undefined;
}

/** What there is to know of the network of a node. Source: Ergo `gen.NetworkInfo`. */
export interface NetworkInfo {
  readonly mode: NetworkMode;
  readonly flags: NetworkFlags;
  readonly maxMessageSize: number;
  readonly acceptors: readonly AcceptorInfo[];
  /** `undefined`: it uses none. */
  readonly registrar: RegistrarInfo | undefined;
  readonly routes: readonly NetworkRouteInfo[];
  /** Connected nodes. */
  readonly nodes: readonly RemoteNodeInfo[];
  readonly enabledSpawn: readonly AllowedInfo[];
  readonly enabledApplicationStart: readonly AllowedInfo[];
}
