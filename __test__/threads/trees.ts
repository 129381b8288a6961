import {
  Application,
  childSpec,
  Pool,
  poolSpec,
  processName,
  reply,
  Supervisor,
  type Answer,
  type ApplicationSpec,
  type ChildSpec,
  type PoolRoute,
  type PoolSpec,
  type SupervisorSpec,
} from 'tergo';
import { Puppet, type PuppetProtocol } from './puppet.ts';

/** A child of a tree: its name and its thread. */
export type Branch = readonly [name: string, thread: number | 'any' | 'here'];

export function branch([name, thread]: Branch): ChildSpec {
  return childSpec(processName<PuppetProtocol>(name), Puppet, {
    thread,
    logLevel: 'disabled',
    args: [{}],
  });
}

export interface TreeProtocol {
  request: unknown;
}

/** Supervises puppets on threads of their own; answers every call with its children. */
export class Tree extends Supervisor<TreeProtocol> {
  override init(
    branches: readonly Branch[],
    strategy: 'one-for-one' | 'all-for-one' = 'one-for-one',
  ): SupervisorSpec {
    const children = branches.map(branch);
    return { strategy, children, restart: 'permanent', intensity: 30, periodMs: 10_000 };
  }

  override handleCall(request: unknown): Answer {
    return reply(request, this.children().map(({ name, pid }) => [name, pid]) as never);
  }
}

/** A pool of puppets; what is asked at high priority it answers with its statistics. */
export class Puppets extends Pool<PuppetProtocol> {
  override init(
    size: number,
    route: PoolRoute<unknown> = 'round-robin',
    thread?: number | 'here',
  ): PoolSpec<PuppetProtocol> {
    const placed = thread === undefined ? {} : { thread };
    return poolSpec(Puppet, { size, route, logLevel: 'disabled', ...placed, args: [{}] });
  }

  override handleCall(request: unknown): Answer {
    return reply(request, this.statistics() as never);
  }
}

/** An application whose members live on several threads. */
export class Spread extends Application {
  override load(): ApplicationSpec {
    const group = (
      [
        ['spread-0', 0],
        ['spread-1', 1],
        ['spread-2', 2],
      ] as const
    ).map(branch);
    return { name: 'spread', description: '', version: '1.0.0', group, mode: 'temporary' };
  }
}
