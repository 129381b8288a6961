import { Actor, noreply, type Next, type Pid } from 'tergo';
import { Puppet, type PuppetProtocol } from './puppet.ts';

export interface HeraldOptions {
  readonly thread: number;
  readonly linkChild?: boolean;
  readonly linkParent?: boolean;
  readonly args: [to: Pid<unknown>, gate?: Pid<PuppetProtocol>];
}

/** Tells who it is in its `init`, which goes on until the gate has answered what it was asked by `keep`. */
export class Herald extends Actor<{ message: unknown }> {
  override async init(to: Pid<unknown>, gate?: Pid<PuppetProtocol>): Promise<void> {
    this.send(to, this.pid);
    if (gate !== undefined) await this.call(gate, { type: 'keep' } as never, { timeoutMs: 60_000 });
  }

  override handleMessage(): Next {
    return noreply;
  }
}

/** Says farewell to the log. */
export class Mortal extends Puppet {
  override terminate(): void {
    this.log.warning('farewell');
  }
}

/** Spawns heralds. */
export class Court extends Puppet {
  spawnHerald(options: HeraldOptions): Promise<Pid<{ message: unknown }>> {
    return this.spawn(Herald, options);
  }

  spawnPuppets(count: number): Promise<readonly Pid<PuppetProtocol>[]> {
    return Promise.all(Array.from({ length: count }, () => this.spawn(Puppet)));
  }

  /** In one callback, during which calls to them may come. */
  killAll(pids: readonly Pid<PuppetProtocol>[]): void {
    const until = performance.now() + 1000;
    while (performance.now() < until);
    for (const pid of pids) this.node.kill(pid);
  }

  /** The herald is asked for, and its parent ends with this callback. */
  spawnAndEnd(options: HeraldOptions): void {
    this.spawnHerald(options).catch(() => undefined);
    this.node.kill(this.pid);
  }
}
