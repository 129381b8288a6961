import type { StartOptions } from '../application/applications.ts';

/** How an application of another node is started. */
export interface RemoteStartOptions extends StartOptions {
  /**
   * How long its node may take to say that it has started, with all that it depends on, ms; 0: as long as the connection stands. 5 s by
   * default. Source: Ergo `gen.DefaultRequestTimeout`.
   */
  readonly timeoutMs?: number;
}
