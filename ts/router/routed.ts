import type { AnyPid } from '../process/pid.ts';

/** Returned by `routeMessage`, `routeCall` or `routeEvent`: it goes nowhere, on purpose. A caller gets the error `discarded`. */
export const discard: unique symbol = Symbol('tergo.discard');

/** Where something goes: the name of a route; nowhere; nothing said, that is the fallback. */
export type Routed = string | typeof discard | undefined;

/**
 * Why something did not get where it was to go.
 *
 * - `route-unknown`: there is no such route, or none was named and there is no fallback.
 * - `route-disabled`: it was disabled, or its process ended too often.
 * - `process-mailbox-full`: the mailbox at its end is full.
 * - `process-terminated`: its own process has ended, and no other one came up.
 * - `name-unknown`, `process-unknown`: nobody has the name, or who had it is about to end.
 * - `not-allowed`: the name is that of the router itself.
 */
export type RouteFailureCode =
  | 'route-unknown'
  | 'route-disabled'
  | 'process-mailbox-full'
  | 'process-terminated'
  | 'name-unknown'
  | 'process-unknown'
  | 'not-allowed';

/** What a router tells of something that it could not hand on. Source: Ergo `act.MessageRouteFailed`. */
export interface RouteFailure {
  /** Who could not. */
  readonly router: AnyPid;
  /** The route that it was to take; `undefined` where none was named. */
  readonly route: string | undefined;
  readonly code: RouteFailureCode;
  readonly kind: 'message' | 'call' | 'event';
  /** The message, the request, or what was published. */
  readonly message: unknown;
  /** Who sent, called or published. */
  readonly from: AnyPid;
}

/** A failure on its way to a mailbox; only Tergo makes one, so that no message passes for it. @internal */
export class FailureNotice {
  readonly failure: RouteFailure;

  constructor(failure: RouteFailure) {
    this.failure = failure;
  }
}
