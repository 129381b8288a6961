import type { Drill } from './drill.ts';

/** How it is counted. */
export interface Plan {
  readonly workers: number;
  /** `undefined`: nothing goes wrong on purpose. */
  readonly drill: Drill | undefined;
}
