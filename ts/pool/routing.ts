import { QUEUE_MAIN } from '../native/layout.ts';
import type { Runtime } from '../node/runtime.ts';
import { INIT, WAITING } from '../process/process-record.ts';
import { LocalConsistentHash } from './consistent-hash.ts';
import { HashRing } from './hash-ring.ts';
import type { PoolRoute, PoolRouteName } from './pool-route.ts';
import type { Seat } from './seat.ts';

/** How a pool chooses. Seats are in the order of age, oldest first. */
export interface Routing {
  readonly name: PoolRouteName;
  /** Whether an entry belongs to one seat, whatever the state of that. */
  readonly isBound: boolean;
  /** The index of the seat to try first. */
  choose(seats: readonly Seat[], kind: number, payload: number): number;
  /** It went to another seat than was chosen. */
  tookInstead(seats: readonly Seat[], index: number): void;
  /** Seats came, or the `removed` oldest went. */
  changed(seats: readonly Seat[], removed: number): void;
}

/** The routing that a spec names. */
export function routingOf(route: PoolRoute<never>, runtime: Runtime): Routing {
  if (route instanceof LocalConsistentHash) return new HashRouting(route, runtime);
  return route === 'least-loaded' ? new LeastLoaded(runtime) : new RoundRobin();
}

class RoundRobin implements Routing {
  readonly name: PoolRouteName = 'round-robin';
  readonly isBound = false;
  #next = 0;

  choose(seats: readonly Seat[]): number {
    const index = this.#next;
    this.#next = index + 1 === seats.length ? 0 : index + 1;
    return index;
  }

  tookInstead(seats: readonly Seat[], index: number): void {
    this.#next = index + 1 === seats.length ? 0 : index + 1;
  }

  changed(seats: readonly Seat[], removed: number): void {
    this.#next = Math.max(0, this.#next - removed) % seats.length;
  }
}

/** More than can wait: the load of a worker whose `init` is not over. */
const STARTING = 2 ** 32;

class LeastLoaded implements Routing {
  readonly name: PoolRouteName = 'least-loaded';
  readonly isBound = false;
  readonly #turn = new RoundRobin();
  readonly #runtime: Runtime;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  choose(seats: readonly Seat[]): number {
    const first = this.#turn.choose(seats);
    let best = first;
    let least = this.#loadOf(seats[first]!);
    for (let step = 1; step < seats.length && least > 0; step++) {
      const index = (first + step) % seats.length;
      const load = this.#loadOf(seats[index]!);
      if (load >= least) continue;
      best = index;
      least = load;
    }
    if (best !== first) this.#turn.tookInstead(seats, best);
    return best;
  }

  tookInstead(seats: readonly Seat[], index: number): void {
    this.#turn.tookInstead(seats, index);
  }

  changed(seats: readonly Seat[], removed: number): void {
    this.#turn.changed(seats, removed);
  }

  /** Who has ended has nothing to do: it is tried, and replaced. Who cannot take anything now comes last. */
  #loadOf({ worker, isResting }: Seat): number {
    if (!worker.isAlive) return isResting ? Infinity : 0;
    const waiting = this.#runtime.waitingOf(worker, QUEUE_MAIN);
    if ((worker.flags & INIT) !== 0) return waiting + STARTING;
    return (worker.flags & WAITING) === 0 ? waiting : waiting + 1;
  }
}

class HashRouting implements Routing {
  readonly name: PoolRouteName = 'consistent-hash';
  readonly isBound = true;
  readonly #ring = new HashRing();
  readonly #hash: LocalConsistentHash;
  readonly #runtime: Runtime;

  constructor(hash: LocalConsistentHash, runtime: Runtime) {
    this.#hash = hash;
    this.#runtime = runtime;
  }

  choose(_seats: readonly Seat[], kind: number, payload: number): number {
    return this.#ring.find(this.#hash.hashOf(this.#runtime.forwarding.bodyOf(kind, payload)));
  }

  /** Never: an entry belongs to its seat. */
  tookInstead(): void {}

  changed(seats: readonly Seat[]): void {
    this.#ring.rebuild(seats.map(({ number }) => number));
  }
}
