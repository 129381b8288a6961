import type { Pid } from 'tergo';
import type { CounterProtocol } from './protocols.ts';

/** A pool of workers on another node. */
export interface RemotePool {
  readonly node: string;
  /** The number of the OS process in which that node runs. */
  readonly osProcess: number;
  readonly pool: Pid<CounterProtocol>;
}
