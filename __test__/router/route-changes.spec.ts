import test from 'ava';
import { processName, routeTo, type ProcessName } from 'tergo';
import { workerPlaces } from '../support/child-places.ts';
import { closeShared } from '../support/places.ts';
import type { HandProtocol } from '../support/pooled.ts';
import { routed, type TestRouter } from '../support/routed.ts';
import { holdings, holdsAgain } from '../support/witness.ts';

const broken = new Error('broken');

test.after.always(closeShared);

function failNew(number: number): void {
  if (number > 2) throw broken;
}

for (const place of workerPlaces) {
  const it = place.isThreaded ? test.serial : test;
  /** The very error of one thread, its like from another one. */
  const isBroken = place.isThreaded ? { message: 'broken' } : { is: broken };

  it(`routes are added and removed; a removed process does before what waits for it${place.title}`, async (t) => {
    const world = await routed(t, undefined, { place });
    await world.inside((self) => self.addRoute(world.owned('c')));
    t.is(await world.who('c'), 3);
    world.node.send(world.pid, 'a: !hold');
    for (let i = 0; i < 3; i++) world.node.send(world.pid, `a: ${i}`);
    await world.settle();
    await world.inside((self) => self.removeRoute('a'));
    await t.throwsAsync(world.who('a'), { code: 'route-unknown' });
    world.release();
    await world.settle();
    t.is(world.got.length, 3);
    t.deepEqual(world.ends, ['1 normal']);
    t.is(world.population(), 3);
    t.deepEqual(
      (await world.inside((self) => self.routes())).map(({ name }) => name),
      ['b', 'c'],
    );
  });

  it(`a route is replaced when the new process is up, and nothing is lost${place.title}`, async (t) => {
    const world = await routed(t, undefined, { place });
    world.node.send(world.pid, 'a: !hold');
    world.node.send(world.pid, 'a: old');
    await world.settle();
    await world.inside((self) => self.replaceRoute(world.owned('a')));
    world.node.send(world.pid, 'a: new');
    t.is(await world.who('a'), 3);
    world.release();
    await world.settle();
    t.deepEqual(world.got.map(({ by, item }) => `${by} ${String(item)}`).toSorted(), [
      '1 a: old',
      '3 a: new',
    ]);
    t.deepEqual(world.ends, ['1 normal']);
    await world.inside((self) => self.respawnRoute('a'));
    t.is(await world.who('a'), 4);
    // The new one is kept alive like the first.
    world.node.kill(await world.pidOf('a'));
    await world.settle();
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
    t.is(world.population(), 3);
  });

  for (const change of ['removed', 'replaced'] as const) {
    it(`a route that is ${change} while its process starts keeps none too many, and what waits for it is done${place.title}`, async (t) => {
      const gate = Promise.withResolvers<void>();
      const onInit = (number: number): Promise<void> | void =>
        number === 3 ? gate.promise : undefined;
      const world = await routed(t, undefined, { place, shared: { onInit } });
      world.node.kill(await world.pidOf('a'));
      await world.settle();
      world.node.send(world.pid, 'a: waits');
      await world.settle();
      await world.inside((self) =>
        change === 'removed' ? self.removeRoute('a') : self.replaceRoute(world.owned('a')),
      );
      gate.resolve();
      await world.settle();
      t.deepEqual(
        world.got.map(({ item }) => item),
        ['a: waits'],
      );
      t.deepEqual(world.ends, ['1 kill', '3 normal']);
      t.is(world.population(), change === 'removed' ? 2 : 3);
    });
  }

  it(`a change that fails changes nothing${place.title}`, async (t) => {
    const world = await routed(t, undefined, { place, shared: { onInit: failNew } });
    await world.settle();
    const before = await holdings(world.node);
    const routes = await world.inside((self) => self.routes());
    const changes: readonly (readonly [(self: TestRouter) => Promise<void>, object])[] = [
      [(self) => self.addRoute(world.owned('c')), isBroken],
      [(self) => self.replaceRoute(world.owned('a')), isBroken],
      [(self) => self.respawnRoute('a'), isBroken],
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

  for (const change of ['replaceRoute', 'respawnRoute', 'enableRoute'] as const)
    it(`a route that is removed during ${change} leaves no process behind${place.title}`, async (t) => {
      const world = await routed(t, undefined, { place });
      if (change === 'enableRoute') {
        await world.inside((self) => self.disableRoute('a'));
        world.node.kill(await world.inside((self) => self.routes()[0]!.pid!));
        await world.settle();
      }
      const [changed] = await world.inside((self) =>
        Promise.allSettled([
          change === 'replaceRoute' ? self[change](world.owned('a')) : self[change]('a'),
          self.removeRoute('a'),
        ]),
      );
      t.like(changed, { status: 'rejected', reason: { code: 'route-unknown' } });
      await world.settle();
      t.is(world.population(), 2);
      t.is(world.ends.length, 2);
    });

  it(`of two routes of one name that start at the same time the second is taken${place.title}`, async (t) => {
    const world = await routed(t, undefined, { place });
    const results = await world.inside((self) =>
      Promise.allSettled(['c', 'c'].map((name) => self.addRoute(world.owned(name)))),
    );
    t.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    );
    t.is(world.population(), 4);
  });
}
