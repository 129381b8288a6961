import type { Runtime } from '../../node/runtime.ts';
import { tapInjections } from './injection.ts';
import { tapCalls } from './tap-calls.ts';
import { tapCron } from './tap-cron.ts';
import { tapMessages } from './tap-messages.ts';
import { tapProcesses } from './tap-processes.ts';
import { tapRelations } from './tap-relations.ts';
import { type Listener, Tap } from './tap.ts';

const taps = new WeakMap<Runtime, Tap>();

/** Lets a listener hear of everything that is done on a runtime; gives what ends that. */
export function listen(runtime: Runtime, listener: Listener): () => void {
  const tap = taps.get(runtime) ?? tapped(runtime);
  tap.add(listener);
  return () => {
    if (!tap.remove(listener)) return;
    tap.takeAway();
    taps.delete(runtime);
  };
}

function tapped(runtime: Runtime): Tap {
  const tap = new Tap(runtime);
  tapMessages(tap);
  tapCalls(tap);
  tapProcesses(tap);
  tapRelations(tap);
  tapCron(tap);
  tapInjections(tap);
  taps.set(runtime, tap);
  return tap;
}
