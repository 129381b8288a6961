import {
  Actor,
  childSpec,
  eventName,
  noreply,
  Pool,
  poolSpec,
  processName,
  reply,
  Supervisor,
  type Answer,
  type EventName,
  type Next,
  type PoolSpec,
  type ProcessName,
  type Publisher,
  type Request,
  type SupervisorSpec,
} from 'tergo';

export type Count = Request<{ type: 'count'; below: number }, number>;
export type Sum = Request<{ type: 'sum'; bytes: Uint8Array }, number>;
export interface PrimesProtocol {
  message: { type: 'crash the thread' };
  request: Count | Sum;
}

/** Computes for long: on thread 0 it would hold everybody up. */
export class Primes extends Actor<PrimesProtocol> {
  override handleCall(request: Count | Sum): Answer {
    if (request.type === 'count') return reply(request, primesBelow(request.below));
    return reply(
      request,
      request.bytes.reduce((sum, byte) => sum + byte, 0),
    );
  }

  override handleMessage(): Next {
    process.exit(1); // what an old library might do: on a worker it ends that thread only
  }
}

function primesBelow(limit: number): number {
  const isComposite = new Uint8Array(limit);
  let count = 0;
  for (let n = 2; n < limit; n++) {
    if (isComposite[n] === 1) continue;
    count += 1;
    for (let multiple = 2 * n; multiple < limit; multiple += n) isComposite[multiple] = 1;
  }
  return count;
}

export class PrimePool extends Pool<PrimesProtocol> {
  override init(size: number): PoolSpec<PrimesProtocol> {
    return poolSpec(Primes, { size }); // on all threads, one after the other
  }
}

export const primesName: ProcessName<PrimesProtocol> = processName('primes');

export class PrimeSupervisor extends Supervisor {
  override init(): SupervisorSpec {
    return {
      strategy: 'one-for-one',
      children: [childSpec(primesName, Primes, { thread: 1 })],
    };
  }
}

export interface Found {
  readonly prime: number;
  readonly note?: unknown;
}
export const found: EventName<Found> = eventName('found');

/** Publishes what it is told; subscribers may live on any thread. */
export class Finder extends Actor<{ message: Found }> {
  #found!: Publisher<Found>;

  override init(): void {
    this.#found = this.registerEvent(found, { buffer: 10 });
  }

  override handleMessage(message: Found): Next {
    this.sendEvent(this.#found, message);
    return noreply;
  }
}
