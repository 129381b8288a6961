import test from 'ava';
import {
  Actor,
  childSpec,
  cronSpawn,
  env,
  envKey,
  Pool,
  poolSpec,
  route,
  Router,
  startNode,
  Supervisor,
  type ChildSpec,
  type Node,
  type PoolSpec,
  type RouterSpec,
  type SupervisorSpec,
} from 'tergo';

const colour = envKey<string>('colour');
let begun: unknown[] = [];

class Child extends Actor {
  override init(number: number): void {
    begun.push([number, this.env(colour)]);
  }
}

class Parent extends Supervisor {
  override init(spec: ChildSpec): SupervisorSpec {
    return { strategy: 'one-for-one', children: [spec] };
  }
}

class Workers extends Pool<{}> {
  override init(spec: PoolSpec<{}>): PoolSpec<{}> {
    return spec;
  }
}

class Routes extends Router<{}> {
  override init(spec: RouterSpec<{}>): RouterSpec<{}> {
    return spec;
  }
}

type Options = { args: [number]; env: ReturnType<typeof env>[] };

/** Describes a child by these options; gives what starts one. */
const makers: Readonly<Record<string, (options: Options) => (node: Node) => Promise<unknown>>> = {
  childSpec: (options) => {
    const spec = childSpec('child', Child, options);
    return (node) => node.spawn(Parent, { args: [spec] });
  },
  poolSpec: (options) => {
    const spec = poolSpec(Child, { ...options, size: 1 });
    return (node) => node.spawn(Workers, { args: [spec] });
  },
  route: (options) => {
    const routes = [route('child', Child, options)];
    return (node) => node.spawn(Routes, { args: [{ routes }] });
  },
  cronSpawn: (options) => {
    const action = cronSpawn(Child, options);
    return (node) => {
      node.cron.addJob({ name: 'job', spec: '@monthly', action });
      return node.cron.runJob('job');
    };
  },
};

for (const [maker, describe] of Object.entries(makers)) {
  test.serial(`what ${maker} was given is not changed by what becomes of its lists`, async (t) => {
    await using node = await startNode('kept@localhost', { log: { disableConsole: true } });
    begun = [];
    const options: Options = { args: [1], env: [env(colour, 'red')] };
    const start = describe(options);
    options.args[0] = 2;
    options.env[0] = env(colour, 'blue');
    await start(node);
    t.deepEqual(begun, [[1, 'red']]);
  });
}
