import test from 'ava';
import {
  childSpec,
  Pool,
  poolSpec,
  processName,
  route,
  Router,
  routeTo,
  Supervisor,
  type Pid,
  type PoolSpec,
  type ProcessName,
  type RouterSpec,
  type SupervisorSpec,
} from 'tergo';
import { everyValue } from '../support/bad-values.ts';
import { Hand, type HandProtocol, type Shared } from '../support/pooled.ts';
import { handRoute, routed, TestRouter, type RoutedWorld } from '../support/routed.ts';
import { holdings, holdsAgain } from '../support/witness.ts';

const broken = new Error('broken');
const never = new Promise<never>(() => undefined);

async function pidOf(world: RoutedWorld, name: string) {
  const routes = await world.inside((self) => self.routes());
  return routes.find((info) => info.name === name)!.pid!;
}

test('the process of an owned route is respawned at once, whatever its end was', async (t) => {
  const world = await routed(t);
  const { node, clock } = world;
  const ends = [
    async () => node.kill(await pidOf(world, 'a')),
    async () => void node.sendExit(await pidOf(world, 'a'), 'normal'),
    () => void node.send(world.pid, () => Promise.reject(broken)),
  ];
  for (const [at, end] of ends.entries()) {
    await end();
    await clock.settle();
    t.is(world.started, 3 + at);
    t.is(await world.who('a'), 3 + at);
    t.is(await world.who('b'), 2);
  }
  t.like(await world.inside((self) => self.routes()), [{ restarts: 3 }, { restarts: 0 }]);
});

test('what comes while the new process starts waits for it', async (t) => {
  const gate = Promise.withResolvers<void>();
  const onInit = (number: number): Promise<void> | void => (number > 2 ? gate.promise : undefined);
  const world = await routed(t, undefined, { shared: { onInit } });
  world.node.kill(await pidOf(world, 'a'));
  for (let i = 0; i < 5; i++) world.node.send(world.pid, `a: ${i}`);
  const call = world.who('a');
  await world.clock.settle();
  t.deepEqual(world.self.failures, []);
  gate.resolve();
  t.is(await call, 3);
  t.deepEqual(
    world.got.map(({ item }) => item),
    [0, 1, 2, 3, 4].map((i) => `a: ${i}`),
  );
  t.is(world.started, 3);
});

test('what comes just when the process has ended, before the router can have heard of it, waits for the new one', async (t) => {
  const world = await routed(t);
  const first = (await pidOf(world, 'a')) as Pid<HandProtocol>;
  world.node.send(first, () => {
    throw broken;
  });
  t.is(await world.who('a'), 3);
  await world.clock.settle();
  t.is(world.started, 3);
  t.like(await world.inside((self) => self.routes()), [
    { restarts: 1, failed: 0 },
    { restarts: 0 },
  ]);
});

test('a route whose process ends too often is disabled, which is logged once; enabling starts it again', async (t) => {
  const world = await routed(t, (shared) => ({
    ...{ routes: [handRoute(shared, 'a')], intensity: 2, periodMs: 1000 },
  }));
  const { node, clock } = world;
  const die = async (): Promise<void> => {
    node.kill(await pidOf(world, 'a'));
    await clock.settle();
  };
  await die();
  await die();
  await clock.advance(1001);
  await die();
  await die();
  t.is(await world.who('a'), 5);
  await die();
  await t.throwsAsync(world.who('a'), { code: 'route-disabled' });
  const errors = world.log.filter(({ level }) => level === 'error');
  t.is(errors.length, 1);
  t.is(errors[0]!.fields['route'], 'a');
  await world.inside((self) => self.enableRoute('a'));
  t.is(await world.who('a'), 6);
  await die();
  t.is(await world.who('a'), 7);
});

for (const how of ['throws', 'rejects'] as const) {
  test(`a process whose init ${how} counts as ended: it is tried until that is too often`, async (t) => {
    let isBroken = false;
    const onInit = (): Promise<void> | void => {
      if (!isBroken) return;
      if (how === 'rejects') return Promise.reject(broken);
      throw broken;
    };
    const world = await routed(t, undefined, { shared: { onInit } });
    isBroken = true;
    world.node.kill(await pidOf(world, 'a'));
    await world.clock.settle();
    t.is(world.started, 2 + 5);
    await t.throwsAsync(world.who('a'), { code: 'route-disabled' });
    t.is(await world.who('b'), 2);
    const enabled = world.inside((self) => self.enableRoute('a'));
    t.is(await t.throwsAsync(enabled), broken);
    await t.throwsAsync(world.who('a'), { code: 'route-disabled' });
    isBroken = false;
    await world.inside((self) => self.enableRoute('a'));
    t.is(await world.who('a'), 9);
  });
}

test('a disabled route takes nothing, its process lives on and is not respawned before it is enabled', async (t) => {
  const world = await routed(t);
  await world.inside((self) => self.disableRoute('a'));
  t.is(world.node.info().processes, 3);
  await t.throwsAsync(world.who('a'), { code: 'route-disabled' });
  await world.inside((self) => self.enableRoute('a'));
  t.is(await world.who('a'), 1);
  await world.inside((self) => self.disableRoute('a'));
  world.node.kill(await pidOf(world, 'a'));
  await world.clock.settle();
  t.is(world.started, 2);
  await world.inside((self) => self.enableRoute('a'));
  t.is(await world.who('a'), 3);
});

test('routes are added and removed; a removed process does before what waits for it', async (t) => {
  const world = await routed(t);
  await world.inside((self) => self.addRoute(world.owned('c')));
  t.is(await world.who('c'), 3);
  const gate = Promise.withResolvers<void>();
  world.node.send(world.pid, () => gate.promise);
  for (let i = 0; i < 3; i++) world.node.send(world.pid, `a: ${i}`);
  await world.clock.settle();
  await world.inside((self) => self.removeRoute('a'));
  await t.throwsAsync(world.who('a'), { code: 'route-unknown' });
  gate.resolve();
  await world.clock.settle();
  t.is(world.got.length, 3);
  t.deepEqual(world.ends, ['1 normal']);
  t.is(world.node.info().processes, 3);
  t.deepEqual(
    (await world.inside((self) => self.routes())).map(({ name }) => name),
    ['b', 'c'],
  );
});

test('a route is replaced when the new process is up, and nothing is lost', async (t) => {
  const world = await routed(t);
  const gate = Promise.withResolvers<void>();
  world.node.send(world.pid, () => gate.promise);
  world.node.send(world.pid, 'a: old');
  await world.clock.settle();
  await world.inside((self) => self.replaceRoute(world.owned('a')));
  world.node.send(world.pid, 'a: new');
  t.is(await world.who('a'), 3);
  gate.resolve();
  await world.clock.settle();
  t.deepEqual(world.got.map(({ by, item }) => `${by} ${String(item)}`).toSorted(), [
    '1 a: old',
    '3 a: new',
  ]);
  t.deepEqual(world.ends, ['1 normal']);
  await world.inside((self) => self.respawnRoute('a'));
  t.is(await world.who('a'), 4);
  // The new one is kept alive like the first.
  world.node.kill(await pidOf(world, 'a'));
  await world.clock.settle();
  t.is(await world.who('a'), 5);
  const name: ProcessName<HandProtocol> = processName('other');
  await world.inside((self) => self.replaceRoute(routeTo('a', name)));
  await t.throwsAsync(world.who('a'), { code: 'name-unknown' });
  await t.throwsAsync(
    world.inside((self) => self.respawnRoute('a')),
    { code: 'not-allowed' },
  );
  await world.inside((self) => self.replaceRoute(world.owned('a')));
  t.is(await world.who('a'), 6);
  t.is(world.node.info().processes, 3);
});

test('a change that fails changes nothing', async (t) => {
  const onInit = (number: number): void => {
    if (number > 2) throw broken;
  };
  const world = await routed(t, undefined, { shared: { onInit } });
  const before = await holdings(world.node);
  const routes = await world.inside((self) => self.routes());
  const changes: readonly (readonly [(self: TestRouter) => Promise<void>, object])[] = [
    [(self) => self.addRoute(world.owned('c')), { is: broken }],
    [(self) => self.replaceRoute(world.owned('a')), { is: broken }],
    [(self) => self.respawnRoute('a'), { is: broken }],
    [(self) => self.addRoute(world.owned('a')), { code: 'taken' }],
    [(self) => self.replaceRoute(world.owned('c')), { code: 'route-unknown' }],
    [(self) => self.respawnRoute('c'), { code: 'route-unknown' }],
    [(self) => self.removeRoute('c'), { code: 'route-unknown' }],
    [(self) => self.enableRoute('c'), { code: 'route-unknown' }],
    [(self) => self.disableRoute('c'), { code: 'route-unknown' }],
  ];
  for (const [change, expected] of changes) {
    await t.throwsAsync(world.inside(change), expected);
    t.deepEqual(await world.inside((self) => self.routes()), routes);
    await holdsAgain(world.node, before);
  }
  t.is(await world.who('a'), 1);
});

test('of two routes of one name that start at the same time the second is taken', async (t) => {
  const world = await routed(t);
  const results = await world.inside((self) =>
    Promise.allSettled(['c', 'c'].map((name) => self.addRoute(world.owned(name)))),
  );
  t.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
  t.is(world.node.info().processes, 4);
});

const named = ['removeRoute', 'enableRoute', 'disableRoute', 'respawnRoute'] as const;

test('bad names and routes are refused, with the argument named', async (t) => {
  const world = await routed(t);
  for (const [, value] of everyValue) {
    for (const method of ['addRoute', 'replaceRoute'] as const) {
      await t.throwsAsync(
        world.inside((self) => self[method](value as never)),
        { code: 'incorrect', message: /^route must be what route or routeTo gives/ },
      );
    }
    for (const method of named) {
      await t.throwsAsync(
        world.inside((self) => self[method](value as never)),
        { code: 'incorrect', message: /^name must be/ },
      );
    }
    t.throws(() => routeTo(value as never, 'x' as never), { code: 'incorrect' });
    t.throws(() => routeTo('x', value as never), { code: 'incorrect', message: /^to must be/ });
    t.throws(() => route('x', value as never), { code: 'incorrect', message: /^behaviour must/ });
    if (value === undefined) continue;
    if (typeof value === 'object' && value !== null && Object.keys(value).length === 0) continue;
    t.throws(() => route('x', Hand, value as never), { code: 'incorrect', message: /^options/ });
  }
  t.throws(() => route('x', Hand, { name: 'y' } as never), { message: /^options.name must be/ });
  t.throws(() => route('x', Hand, { shutdownTimeoutMs: -1 } as never), { code: 'incorrect' });
});

const a = routeTo('a', processName<HandProtocol>('x'));
const badSpecs: readonly (readonly [spec: unknown, says: string, code?: string])[] = [
  [undefined, 'spec must be what init returns'],
  [null, 'spec must be what init returns'],
  ['a', 'spec must be what init returns'],
  [{}, 'spec.routes must be a list'],
  [{ routes: a }, 'spec.routes must be a list'],
  [{ routes: [a, { name: 'b' }] }, 'spec.routes[1] must be what route or routeTo gives'],
  [{ routes: [a, a] }, "spec.routes[1].name must be of its own, but there is a route 'a'", 'taken'],
  [{ routes: [a], fallback: '' }, 'spec.fallback must be'],
  [{ routes: [a], fallback: a }, 'spec.fallback must be'],
  [{ routes: [a], intensity: -1 }, 'spec.intensity must be'],
  [{ routes: [a], periodMs: 0 }, 'spec.periodMs must be'],
  [{ routes: [a], route: [] }, 'spec.route must be left out'],
];

test('a spec that is none makes the spawn reject, with the key named', async (t) => {
  for (const [spec, says, code = 'incorrect'] of badSpecs) {
    const error = await t.throwsAsync(
      routed(t, () => spec as never),
      { code },
    );
    t.true(error!.message.startsWith(says), error!.message);
  }
  const world = await routed(t);
  class Empty extends (Router as unknown as typeof Hand) {}
  await t.throwsAsync(world.node.spawn(Empty, { args: [world] }), {
    message: /^init of Empty must be/,
  });
});

test('when the process of a route does not come up, the others end and the spawn rejects', async (t) => {
  const ends: string[] = [];
  const onInit = (number: number): void => {
    if (number === 2) throw broken;
  };
  t.is(await t.throwsAsync(routed(t, undefined, { shared: { ends, onInit } })), broken);
  t.deepEqual(ends, ['1 broken']);
});

test('routes cannot be changed before init has returned the spec or after the end', async (t) => {
  const codes: unknown[] = [];
  const world = await routed(t, async (shared, self) => {
    codes.push(await self.addRoute(handRoute(shared, 'x')).catch((error) => error.code));
    t.throws(() => self.routes(), { code: 'not-allowed' });
    return { routes: [] };
  });
  t.deepEqual(codes, ['not-allowed']);
  world.node.kill(world.pid);
  await world.clock.settle();
  await t.throwsAsync(world.self.addRoute(world.owned('a')), { code: 'not-allowed' });
  await t.throwsAsync(world.self.removeRoute('a'), { code: 'not-allowed' });
  t.is(world.node.info().processes, 0);
});

test('processes of owned routes follow their router, also a stubborn one in its time; a node that stops asks the router', async (t) => {
  const world = await routed(t);
  world.node.send(world.pid, () => never);
  await world.clock.settle();
  const stopped = world.node.stop();
  await world.clock.advance(299);
  t.deepEqual(world.ends, ['router shutdown', '2 shutdown']);
  await world.clock.advance(1);
  t.deepEqual(await stopped, { killed: [] });
  t.deepEqual(world.ends.slice(2), ['1 kill']);
});

test('an exit of somebody else ends a router, unless it traps; that of its parent always', async (t) => {
  const trapped: unknown[] = [];
  const world = await routed(t);
  await world.inside((self) => {
    self.trapExit = true;
    self.handleExit = (exit) => {
      trapped.push(exit.reason);
      return undefined as never;
    };
  });
  world.node.sendExit(world.pid, broken);
  await world.clock.settle();
  t.is(world.node.processState(world.pid), 'terminated');
  const parent = await routed(t);
  const child = await parent.inside(async (self) => {
    const pid = await self.spawn(TestRouter, { args: [parent, () => ({ routes: [] })] });
    return pid;
  });
  await new Promise<void>((resolve) => {
    parent.node.send(
      child,
      (self: unknown) => {
        (self as TestRouter).trapExit = true;
        (self as TestRouter).handleExit = (exit) => {
          trapped.push(exit.reason);
          return undefined as never;
        };
        resolve();
      },
      { priority: 'high' },
    );
  });
  parent.node.sendExit(child, broken);
  await parent.clock.settle();
  t.deepEqual(trapped, [broken]);
  await parent.inside((self) => void self.sendExit(child, 'shutdown'));
  await parent.clock.settle();
  t.is(parent.node.processState(child), 'terminated');
});

test('routers, pools and supervisors nest', async (t) => {
  const world = await routed(t, () => ({ routes: [] }));
  class Hands extends Pool<HandProtocol> {
    override init(shared: Shared): PoolSpec<HandProtocol> {
      return poolSpec(Hand, { size: 2, args: [shared] });
    }
  }
  class Inner extends Router<HandProtocol> {
    override init(shared: Shared): RouterSpec<HandProtocol> {
      return { routes: [route('pool', Hands, { args: [shared] })], fallback: 'pool' };
    }
  }
  const name: ProcessName<HandProtocol> = processName('inner');
  class Top extends Supervisor {
    override init(): SupervisorSpec {
      return {
        strategy: 'one-for-one',
        restart: 'permanent',
        children: [childSpec(name, Inner, { args: [world] })],
      };
    }
  }
  const top = await world.node.spawn(Top);
  await world.inside((self) => self.addRoute(routeTo('r', name)));
  t.deepEqual([await world.who('r'), await world.who('r'), await world.who('r')], [1, 2, 1]);
  world.node.kill(world.node.whereis(name)!);
  await world.clock.settle();
  t.deepEqual([await world.who('r'), await world.who('r')], [3, 4]);
  world.node.sendExit(top, 'shutdown');
  await world.clock.settle();
  t.is(world.node.info().processes, 1);
});

test('a router describes itself', async (t) => {
  const world = await routed(t, (shared) => ({
    ...{ routes: [handRoute(shared, 'a')], fallback: 'a', intensity: 7 },
  }));
  await world.who('a');
  t.deepEqual(await world.node.inspect(world.pid, 'fallback', 'intensity', 'forwarded'), {
    ...{ fallback: 'a', intensity: '7', forwarded: '1' },
  });
  const { routes = '' } = await world.node.inspect(world.pid, 'routes');
  const [info] = await world.inside((self) => self.routes());
  t.deepEqual(JSON.parse(routes), [{ ...info, pid: String(info!.pid) }]);
  t.like(info, { name: 'a', isOwned: true, target: 'Hand', isDisabled: false, failed: 0 });
});
