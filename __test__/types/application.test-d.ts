import { Actor, Application, childSpec, env, envKey, startNode } from 'tergo';
import type {
  ApplicationInfo,
  ApplicationMode,
  ApplicationSpec,
  AnyPid,
  EnvKey,
  ExitReason,
  MaybePromise,
  Node,
  ProcessTree,
  StopReport,
} from 'tergo';
import { type Equal, expect } from './expect.ts';

declare const node: Node;

class Idle extends Actor {}
const quality: EnvKey<number> = envKey('quality');

class Images extends Application {
  override load(): ApplicationSpec {
    return {
      name: 'images',
      mode: 'permanent',
      depends: ['metrics'],
      group: [childSpec('x', Idle)],
    };
  }
  override init(mode: ApplicationMode): void {
    expect<Equal<typeof mode, ApplicationMode>>();
    const value = this.env(quality, 80);
    expect<Equal<typeof value, number>>();
    const perhaps = this.env(quality);
    expect<Equal<typeof perhaps, number | undefined>>();
  }
  override async stop(_reason: ExitReason): Promise<void> {}
}
class Sized extends Application {
  override load(_size: number, _label?: string): MaybePromise<ApplicationSpec> {
    return { name: 'sized', env: [env(quality, 5)], group: [childSpec('x', Idle)] };
  }
}
class Speechless extends Application {
  // @ts-expect-error: load gives a spec
  override load(): string {
    return 'images';
  }
}
class Modeless extends Application {
  override load(): ApplicationSpec {
    // @ts-expect-error: there is no such mode
    return { name: 'a', mode: 'eternal', group: [childSpec('x', Idle)] };
  }
}
class Groupless extends Application {
  override load(): ApplicationSpec {
    // @ts-expect-error: a member is made by childSpec
    return { name: 'a', group: [{ name: 'x' }] };
  }
}
class Plain {}

// A node takes classes whose load needs no arguments.
void startNode('a@localhost', { applications: [Images] });
// @ts-expect-error: load needs its arguments
void startNode('a@localhost', { applications: [Sized] });
// @ts-expect-error: no application
void startNode('a@localhost', { applications: [Plain] });
// @ts-expect-error: an instance is no class
void startNode('a@localhost', { applications: [new Images()] });

// The arguments are those of load.
void node.applications.load(Images);
void node.applications.load(Sized, { args: [3] });
void node.applications.load(Sized, { args: [3, 'wide'] });
// @ts-expect-error: they are required
void node.applications.load(Sized);
// @ts-expect-error: size is a number
void node.applications.load(Sized, { args: ['3'] });
// @ts-expect-error: load takes none
void node.applications.load(Images, { args: [3] });
// @ts-expect-error: a process is no application
void node.applications.load(Idle);

void node.applications.start('images', { mode: 'transient', env: [env(quality, 70)] });
// @ts-expect-error: there is no such mode
void node.applications.start('images', { mode: 'eternal' });
const stopped = node.applications.stop('images', { timeoutMs: 5 });
expect<Equal<typeof stopped, Promise<StopReport>>>();
const info = node.applications.info('images');
expect<Equal<typeof info, ApplicationInfo>>();
const tree = node.applications.tree('images');
expect<Equal<typeof tree, readonly ProcessTree[]>>();
const pids = node.applications.processes('images');
expect<Equal<typeof pids, readonly AnyPid[]>>();
void [Speechless, Modeless, Groupless];
