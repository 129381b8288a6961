import { Actor, type Answer, type Request } from 'tergo';
import type { RemotePool } from './remote-pool.ts';

/** What goes wrong on purpose while files are counted: a worker crashes, then the reader, and before them a whole thread and a whole node. */
export interface Drill {
  /** The thread that is ended; `undefined` where there is only one. */
  readonly thread: number | undefined;
  /** Whose OS process is killed; `undefined` where there is only one node. */
  readonly node: RemotePool | undefined;
}

export interface SaboteurProtocol {
  /** Never answered. */
  request: Request<{ type: 'end the thread' }, never>;
}

/** Ends the thread that it lives on, and everybody there with it. Never to be spawned on the first one: that is the program. */
export class Saboteur extends Actor<SaboteurProtocol> {
  override handleCall(): Answer {
    process.exit(1);
  }
}
