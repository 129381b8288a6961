import type { Drill } from './drill.ts';
import type { RemotePool } from './remote-pool.ts';

/** How it is counted. */
export interface Plan {
  /** In each pool. */
  readonly workers: number;
  /** Those of other nodes. */
  readonly remotePools: readonly RemotePool[];
  /** `undefined`: nothing goes wrong on purpose. */
  readonly drill: Drill | undefined;
}
