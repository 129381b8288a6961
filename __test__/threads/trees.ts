import {
  Actor,
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
  type EventName,
  type PoolRoute,
  type PoolSpec,
  type SupervisorSpec,
} from 'tergo';
import { Puppet, type PuppetOptions, type PuppetProtocol } from './puppet.ts';

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

const warden = processName<PuppetProtocol>('warden');

/** Calls `listens` once it does, and resolves when the channel `slow` says that name. */
async function released(name: string | undefined, listens: () => void): Promise<void> {
  const channel = new BroadcastChannel('slow');
  const { promise, resolve } = Promise.withResolvers<void>();
  channel.addEventListener('message', (event) => {
    if ((event as MessageEvent).data === name) resolve();
  });
  listens();
  await promise;
  channel.close();
}

/** A puppet whose `terminate` goes on until the channel `slow` says its name; tells `warden` when it begins. */
export class Slow extends Puppet {
  #called: string | undefined;

  override init(options?: PuppetOptions): void {
    super.init(options);
    this.#called = this.name;
  }

  override async terminate(): Promise<void> {
    const terminating = this.#called;
    await released(terminating, () => this.send(warden, { terminating }));
  }
}

/** Its `init` goes on until the channel `slow` says its name; tells `warden` when it begins. */
export class Tardy extends Actor<TreeProtocol> {
  override async init(): Promise<void> {
    const starting = this.name;
    await released(starting, () => this.send(warden, { starting }));
  }

  override handleCall(request: unknown): Answer {
    return reply(request, 'up' as never);
  }
}

/** Supervises a tardy child on thread 1 and another one on thread 2; answers every call with its children. */
export class TardyTree extends Supervisor<TreeProtocol> {
  override init(): SupervisorSpec {
    const name = processName<TreeProtocol>('tardy');
    const tardy = childSpec(name, Tardy, { thread: 1, logLevel: 'disabled' });
    const children = [branch(['sibling', 2]), tardy];
    return { strategy: 'one-for-one', children, restart: 'permanent', intensity: 5 };
  }

  override handleCall(request: unknown): Answer {
    return reply(request, this.children().map(({ name, pid }) => [name, pid]) as never);
  }
}

/** Lets the `terminate` of a slow puppet end, or the `init` of a tardy one. */
export function release(name: string): void {
  const channel = new BroadcastChannel('slow');
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has no origin
  channel.postMessage(name);
  channel.close();
}

/** A tree with one slow child on thread 2. */
export class SlowTree extends Supervisor<TreeProtocol> {
  override init(): SupervisorSpec {
    const name = processName<PuppetProtocol>('slow child');
    const child = childSpec(name, Slow, {
      ...{ thread: 2, logLevel: 'disabled', shutdownTimeoutMs: 60_000 },
      args: [{}],
    });
    return { strategy: 'one-for-one', children: [child], restart: 'permanent' };
  }

  override handleCall(request: unknown): Answer {
    return reply(request, this.children().map(({ name, pid }) => [name, pid]) as never);
  }
}

/** An application with a slow member on thread 2, which ends first, and another one on thread 1. */
export class SlowSpread extends Application {
  override load(): ApplicationSpec {
    const slow = processName<PuppetProtocol>('slow member');
    const last = childSpec(slow, Slow, { thread: 2, shutdownTimeoutMs: 60_000, args: [{}] });
    const group = [branch(['quick member', 1]), last];
    return { name: 'slow', description: '', version: '1.0.0', group, mode: 'temporary' };
  }
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

/** Supervises one tree, on a thread of its own. */
export class Grove extends Supervisor {
  override init(thread: number, branches: readonly Branch[]): SupervisorSpec {
    const name = processName<TreeProtocol>('tree');
    const tree = childSpec(name, Tree, { thread, logLevel: 'disabled', args: [branches] });
    return { strategy: 'one-for-one', children: [tree], intensity: 30, periodMs: 10_000 };
  }
}

/** A pool of puppets; what is asked at high priority it answers with its statistics. */
export class Puppets extends Pool<PuppetProtocol> {
  override init(
    size: number,
    route: PoolRoute<unknown> = 'round-robin',
    thread?: number | 'here',
    workerMailboxSize = 0,
  ): PoolSpec<PuppetProtocol> {
    const placed = thread === undefined ? {} : { thread };
    const workers = { size, route, workerMailboxSize, logLevel: 'disabled', ...placed } as const;
    return poolSpec(Puppet, { ...workers, args: [{}] });
  }

  override async handleCall(request: unknown): Promise<Answer> {
    const { subscribe } = request as { subscribe?: EventName<unknown> };
    if (subscribe !== undefined) await this.monitorEvent(subscribe);
    if (subscribe !== undefined) return reply(request, undefined as never);
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
