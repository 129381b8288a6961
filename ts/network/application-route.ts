import type { ApplicationState } from '../application/application-info.ts';
import type { ApplicationMode } from '../application/application-spec.ts';

/** A node that has an application, as the registrar tells. Source: Ergo `gen.ApplicationRoute`. */
export interface ApplicationRoute {
  readonly node: string;
  readonly name: string;
  /** How much of the work is for that node. */
  readonly weight: number;
  readonly tags: readonly string[];
  readonly mode: ApplicationMode;
  readonly state: ApplicationState;
}

/** Which applications to find. */
export interface ResolveOptions {
  /** The host to ask; this one by default. */
  readonly host?: string;
  /** Only those that have all of these tags. */
  readonly withTags?: readonly string[];
  /** Only those that have none of these. */
  readonly withoutTags?: readonly string[];
  /** Only those in this state; in any by default. */
  readonly withState?: ApplicationState;
}
