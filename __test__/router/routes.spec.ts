import test from 'ava';
import {
  childSpec,
  Pool,
  processName,
  route,
  Router,
  routeTo,
  Supervisor,
  type ExitReason,
  type Pid,
  type PoolSpec,
  type ProcessName,
  type RouterSpec,
  type SupervisorSpec,
} from 'tergo';
import { workerPlaces } from '../support/child-places.ts';
import { closeShared } from '../support/places.ts';
import { handPool, type HandProtocol, type Shared } from '../support/pooled.ts';
import { handRoute, routed, TestRouter } from '../support/routed.ts';
import { waitFor } from '../support/wait-for.ts';

const broken = new Error('broken');
const never = new Promise<never>(() => undefined);

test.after.always(closeShared);

function failSecond(number: number): void {
  if (number === 2) throw broken;
}

// The clocks of threads go: what time decides is tested on one thread.
for (const place of workerPlaces) {
  const it = place.isThreaded ? test.serial : test;
  /** The very error of one thread, its like from another one. */
  const isBroken = place.isThreaded ? { message: 'broken' } : { is: broken };

  it(`the process of an owned route is respawned at once, whatever its end was${place.title}`, async (t) => {
    const world = await routed(t, undefined, { place });
    const { node } = world;
    const ends = [
      async () => node.kill(await world.pidOf('a')),
      async () => void node.sendExit(await world.pidOf('a'), 'normal'),
      () => void node.send(world.pid, 'a: !crash'),
    ];
    for (const [at, end] of ends.entries()) {
      await end();
      await world.settle();
      t.is(world.started, 3 + at);
      t.is(await world.who('a'), 3 + at);
      t.is(await world.who('b'), 2);
    }
    t.like(await world.inside((self) => self.routes()), [{ restarts: 3 }, { restarts: 0 }]);
  });

  it(`processes that end at the same time are all respawned${place.title}`, async (t) => {
    const world = await routed(t, undefined, { place });
    const pids = [await world.pidOf('a'), await world.pidOf('b')];
    for (const pid of pids) world.node.kill(pid);
    await world.settle();
    t.deepEqual(
      [await world.who('a'), await world.who('b')].toSorted((a, b) => a - b),
      [3, 4],
    );
    t.like(await world.inside((self) => self.routes()), [{ restarts: 1 }, { restarts: 1 }]);
    t.is(world.population(), 3);
  });

  it(`what comes while the new process starts waits for it${place.title}`, async (t) => {
    const gate = Promise.withResolvers<void>();
    const onInit = (number: number): Promise<void> | void =>
      number > 2 ? gate.promise : undefined;
    const world = await routed(t, undefined, { place, shared: { onInit } });
    world.node.kill(await world.pidOf('a'));
    await world.settle();
    for (let i = 0; i < 5; i++) world.node.send(world.pid, `a: ${i}`);
    const call = world.who('a');
    await world.settle();
    t.deepEqual(world.self.failures, []);
    gate.resolve();
    t.is(await call, 3);
    t.deepEqual(
      world.got.map(({ item }) => item),
      [0, 1, 2, 3, 4].map((i) => `a: ${i}`),
    );
    t.is(world.started, 3);
  });

  for (const how of ['throws', 'rejects'] as const) {
    it(`a process whose init ${how} counts as ended: it is tried until that is too often${place.title}`, async (t) => {
      let fails = false;
      const onInit = (): Promise<void> | void => {
        if (!fails) return;
        if (how === 'rejects') return Promise.reject(broken);
        throw broken;
      };
      const world = await routed(t, undefined, { place, shared: { onInit } });
      fails = true;
      world.node.kill(await world.pidOf('a'));
      await world.settle();
      t.is(world.started, 2 + 5);
      await t.throwsAsync(world.who('a'), { code: 'route-disabled' });
      t.is(await world.who('b'), 2);
      const enabled = world.inside((self) => self.enableRoute('a'));
      await t.throwsAsync(enabled, isBroken);
      await t.throwsAsync(world.who('a'), { code: 'route-disabled' });
      fails = false;
      await world.inside((self) => self.enableRoute('a'));
      t.is(await world.who('a'), 9);
    });
  }

  it(`a disabled route takes nothing, its process lives on and is not respawned before it is enabled${place.title}`, async (t) => {
    const world = await routed(t, undefined, { place });
    await world.inside((self) => self.disableRoute('a'));
    t.is(world.population(), 3);
    await t.throwsAsync(world.who('a'), { code: 'route-disabled' });
    await world.inside((self) => self.enableRoute('a'));
    t.is(await world.who('a'), 1);
    await world.inside((self) => self.disableRoute('a'));
    world.node.kill(await world.pidOf('a'));
    await world.settle();
    t.is(world.started, 2);
    await world.inside((self) => self.enableRoute('a'));
    t.is(await world.who('a'), 3);
  });

  it(`when the process of a route does not come up, the others end and the spawn rejects${place.title}`, async (t) => {
    const ends: string[] = [];
    await t.throwsAsync(
      routed(t, undefined, { place, shared: { ends, onInit: failSecond } }),
      isBroken,
    );
    await waitFor('the end of the other', () => ends.length > 0);
    t.deepEqual(ends, ['1 broken']);
  });

  it(`routers, pools and supervisors nest${place.title}`, async (t) => {
    const world = await routed(t, () => ({ routes: [] }), { place });
    class Hands extends Pool<HandProtocol> {
      override init(shared: Shared): PoolSpec<HandProtocol> {
        return handPool(shared, { size: 2 }, place);
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
    await world.settle();
    t.deepEqual([await world.who('r'), await world.who('r')], [3, 4]);
    world.node.sendExit(top, 'shutdown');
    await world.settle();
    t.is(world.population(), 1);
  });

  it(`processes of owned routes follow their router${place.title}`, async (t) => {
    for (const reason of ['normal', 'shutdown', 'kill', broken] as readonly ExitReason[]) {
      const world = await routed(t, undefined, { place });
      if (reason === 'kill') world.node.kill(world.pid);
      else world.node.sendExit(world.pid, reason);
      await world.settle();
      const text = reason instanceof Error ? reason.message : reason;
      t.deepEqual(world.ends.toSorted(), [`1 ${text}`, `2 ${text}`, `router ${text}`]);
      t.is(world.population(), 0);
    }
  });

  it(`a route whose process ends too often is disabled; enabling starts it again${place.title}`, async (t) => {
    const world = await routed(t, undefined, { place });
    for (let ends = 0; ends < 6; ends++) {
      t.is(await world.who('a'), ends === 0 ? 1 : ends + 2);
      world.node.kill(await world.pidOf('a'));
      await world.settle();
    }
    await t.throwsAsync(world.who('a'), { code: 'route-disabled' });
    await world.inside((self) => self.enableRoute('a'));
    t.is(await world.who('a'), 8);
  });
}

// Across threads it is on its way to a process that has ended, and is lost with that.
test('what comes just when the process has ended, before the router can have heard of it, waits for the new one', async (t) => {
  const world = await routed(t);
  const first = (await world.pidOf('a')) as Pid<HandProtocol>;
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
    node.kill(await world.pidOf('a'));
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
