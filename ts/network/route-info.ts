/** A static route as it was laid. */
export interface LaidRoute {
  readonly pattern: string;
  readonly host: string | undefined;
  readonly port: number;
  readonly weight: number;
  readonly isTls: boolean;
}

/** Why a dial along a route failed. */
export interface NetworkRouteFailure {
  /** What was wrong, for people. */
  readonly message: string;
  /** When, ms since 1970. */
  readonly timeMs: number;
}

/** What is known of a static route. Source: Ergo `gen.RouteInfo`. */
export interface NetworkRouteInfo extends LaidRoute {
  /** How often a link was dialled along it, and how often that became one. */
  readonly dials: number;
  readonly successes: number;
  /** The last dial that failed, also if later ones did not; `undefined`: none has. */
  readonly lastFailure: NetworkRouteFailure | undefined;
}
