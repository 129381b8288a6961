import { childSpec, noreply, Supervisor, type Next, type SupervisorSpec } from 'tergo';
import { write } from './journal.ts';
import { Player, type Origin } from './player.ts';
import { textOf } from './words.ts';

/** So many players each has. */
export const CREW_SIZE = 3;

export type Strategy = 'one-for-one' | 'all-for-one' | 'rest-for-one';

/** Supervises players on all threads of its node; however often they end, it starts them anew. */
export class Crew extends Supervisor {
  override init(id: number, strategy: Strategy, threads: number): SupervisorSpec {
    write(id, 'crew', textOf(this.pid));
    const children = Array.from({ length: CREW_SIZE }, (_, child) => {
      const origin: Origin = { of: 'crew', id, child };
      const args: [number, boolean, Origin] = [0, child === 1, origin];
      return childSpec(`child ${child} of ${id}`, Player, { args, thread: child % threads });
    });
    return { strategy, restart: 'permanent', intensity: 1_000_000, periodMs: 5000, children };
  }

  override handleChildStart(): Next {
    return noreply;
  }

  override handleChildTerminate(): Next {
    return noreply;
  }
}
