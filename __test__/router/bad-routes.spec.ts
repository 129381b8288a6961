import test from 'ava';
import { processName, route, Router, routeTo } from 'tergo';
import { everyValue } from '../support/bad-values.ts';
import { Hand, type HandProtocol } from '../support/pooled.ts';
import { handRoute, routed } from '../support/routed.ts';

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
