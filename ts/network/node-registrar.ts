import type { ApplicationRoute, ResolveOptions } from './application-route.ts';
import type { RegistrarInfo } from './network-info.ts';
import type { NetworkMode } from './network-options.ts';

/** What a node asks of the registrar that it uses, whichever that is. What dials ask goes past this: see `BindingNetwork`. */
export interface NodeRegistrar {
  /** Resolves when the node is registered; rejects when it cannot be. */
  start(mode: NetworkMode, applications: readonly ApplicationRoute[]): Promise<void>;
  /** These are the node's applications now. What fails is logged. */
  announce(applications: readonly ApplicationRoute[]): void;
  /** How it stands; `undefined` once it is closed. */
  info(): RegistrarInfo | undefined;
  /** The nodes that are not hidden, in order. */
  nodes(): Promise<readonly string[]>;
  /** Which nodes have an application, highest weight first; none: nobody has. */
  resolveApplication(name: string, options: ResolveOptions): Promise<readonly ApplicationRoute[]>;
  /** Nothing is asked any more; resolves when the registrar knows, or has had time enough. */
  close(): Promise<void>;
}
