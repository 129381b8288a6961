import test from 'ava';
import { childSpec, type ChildSpec } from 'tergo';
import { childPlaces, tendedAt } from '../support/child-places.ts';
import {
  keep,
  Tended,
  type Keeper,
  type Kept,
  type Manners,
  type Story,
} from '../support/keeper.ts';

const strategies = [
  { strategy: 'one-for-one', label: 'L40' },
  { strategy: 'all-for-one', label: 'L47' },
  { strategy: 'rest-for-one', label: 'L54' },
] as const;

function tended(story: Story, name: string, manners: Manners = {}): ChildSpec {
  return childSpec(name, Tended, { args: [story, name, manners] });
}

function states(kept: Kept): Promise<string[]> {
  return kept.ask((self) =>
    self
      .children()
      .map(({ name, state, isDisabled }) => `${name} ${state}${isDisabled ? ' disabled' : ''}`),
  );
}

for (const place of childPlaces) {
  for (const { strategy, label } of strategies) {
    test(`${strategy}: children run under their names; known ones start, new ones are added, disabled ones start not [${label}]${place.title}`, async (t) => {
      const kept = await keep(
        t,
        (story) => ({
          strategy,
          children: ['a', 'b', 'c'].map((name) => tendedAt(place, story, name)),
        }),
        { place },
      );
      const { ask, story, node } = kept;
      const spec = (name: string): ChildSpec<never> => tendedAt(place, story, name);
      const three = await kept.children();
      t.deepEqual(
        three.map(({ name }) => name),
        ['a', 'b', 'c'],
      );
      for (const { name, pid } of three) t.is((await node.fetchProcessInfo(pid!)).name, name);

      await t.throwsAsync(
        ask((self) => self.startChild(spec('a'))),
        { code: 'child-running' },
      );
      await t.throwsAsync(
        ask((self) => self.startChild(spec('x'))),
        { code: 'child-unknown' },
      );
      t.deepEqual(await kept.children(), three);

      const added = await ask((self) => self.addChild(spec('d')));
      const four = await kept.children();
      t.deepEqual(four.slice(0, 3), three);
      t.like(four[3], { name: 'd', pid: added, state: 'running' });
      t.is((await node.fetchProcessInfo(added)).name, 'd');
      await t.throwsAsync(
        ask((self) => self.startChild(spec('d'))),
        { code: 'child-running' },
      );
      await t.throwsAsync(
        ask((self) => self.addChild(spec('d'))),
        { code: 'child-duplicate' },
      );
      t.deepEqual(await kept.children(), four);

      await t.throwsAsync(
        ask((self) => self.disableChild('x')),
        { code: 'child-unknown' },
      );
      await ask(async (self) => {
        await self.disableChild('a');
        t.like(self.children()[0], { state: 'stopping', isDisabled: true });
        await t.throwsAsync(self.startChild(spec('a')), { code: 'child-disabled' });
        await t.throwsAsync(self.enableChild('a'), { code: 'supervisor-strategy-active' });
      });
      t.deepEqual(await kept.told(), ['up a', 'up b', 'up c', 'up d', 'down a shutdown']);
      await t.throwsAsync(
        ask((self) => self.startChild(spec('a'))),
        { code: 'child-disabled' },
      );
      t.deepEqual(await states(kept), [
        'a stopped disabled',
        'b running',
        'c running',
        'd running',
      ]);
      t.is(node.whereis('a'), undefined);
    });
  }
}

for (const { strategy } of strategies) {
  test(`${strategy}: a disabled child is left out of restarts and starts again when it is enabled`, async (t) => {
    const kept = await keep(t, (story) => ({
      ...{ strategy, restart: 'permanent' },
      children: ['a', 'b', 'c'].map((name) => tended(story, name)),
    }));
    await kept.ask((self) => self.disableChild('c'));
    await kept.ask((self) => self.disableChild('c'));
    await kept.told();
    await kept.end('b', 'kill');
    const all = strategy === 'all-for-one';
    t.deepEqual(await kept.told(), [
      'down b kill',
      ...(all ? ['down a kill', 'up a'] : []),
      'up b',
    ]);
    t.deepEqual(await states(kept), ['a running', 'b running', 'c stopped disabled']);

    await kept.ask((self) => self.enableChild('c'));
    await kept.ask((self) => self.enableChild('c'));
    t.deepEqual(await kept.told(), ['up c']);
    t.deepEqual(await states(kept), ['a running', 'b running', 'c running']);
    await kept.end('c', 'kill');
    t.true((await kept.told()).includes('up c'));
  });

  test(`${strategy}: a child that ended is started with new arguments, and keeps them`, async (t) => {
    const kept = await keep(t, (story) => ({
      strategy,
      children: [tended(story, 'a'), tended(story, 'b')],
    }));
    await kept.end('b', 'normal');
    t.deepEqual(await kept.told(), ['up a', 'up b', 'down b normal']);
    const { story } = kept;
    await kept.ask((self) =>
      self.startChild(childSpec('b', Tended, { args: [story, 'second b'] })),
    );
    await kept.end('b', 'kill');
    const lines = (await kept.told()).filter((line) => line.startsWith('up') && line.endsWith('b'));
    t.deepEqual(lines, ['up second b', 'up second b']);
  });

  test(`${strategy}: a child that cannot be added, enabled or started leaves everything as it was`, async (t) => {
    const broken = new Error('broken');
    const failing: Manners = {
      onInit: (ups) => {
        if (ups > 0) throw broken;
      },
    };
    const kept = await keep(t, (story) => ({
      strategy,
      children: [tended(story, 'a'), tended(story, 'b', failing)],
    }));
    const { ask, story } = kept;
    const refuse: Manners = { onInit: () => Promise.reject(broken) };
    for (let time = 0; time < 2; time++)
      t.is(await t.throwsAsync(ask((self) => self.addChild(tended(story, 'c', refuse)))), broken);
    t.deepEqual(await states(kept), ['a running', 'b running']);

    await kept.end('b', 'normal');
    t.is(await t.throwsAsync(ask((self) => self.startChild(tended(story, 'b', failing)))), broken);
    t.deepEqual(await states(kept), ['a running', 'b stopped']);
    await ask((self) => self.disableChild('b'));
    t.is(await t.throwsAsync(ask((self) => self.enableChild('b'))), broken);
    t.deepEqual(await states(kept), ['a running', 'b stopped disabled']);

    await ask((self) => self.addChild(tended(story, 'c')));
    t.deepEqual(await states(kept), ['a running', 'b stopped disabled', 'c running']);
    t.true(kept.isAlive());
  });
}

test('several starts of one callback run one after the other', async (t) => {
  const gate = Promise.withResolvers<void>();
  const kept = await keep(t, (story) => ({
    strategy: 'one-for-one',
    children: [tended(story, 'a')],
  }));
  const { story } = kept;
  const slow: Manners = { onInit: () => gate.promise };
  const starts = kept.ask((self) =>
    Promise.all([
      self.addChild(tended(story, 'b', slow)),
      self.addChild(tended(story, 'c')),
      t.throwsAsync(self.addChild(tended(story, 'b')), { code: 'child-duplicate' }),
      self.disableChild('a'),
    ]),
  );
  t.deepEqual(await kept.told(), ['up a']);
  gate.resolve();
  await starts;
  t.deepEqual(await kept.told(), ['up b', 'up c', 'down a shutdown']);
});

test('an exit that comes while a start is under way is not lost', async (t) => {
  const gate = Promise.withResolvers<void>();
  const kept = await keep(t, (story) => ({
    ...{ strategy: 'one-for-one', restart: 'permanent' },
    children: [tended(story, 'a')],
  }));
  const { story, node } = kept;
  const a = await kept.child('a');
  // Not awaited: the callback is over while the child still starts.
  await kept.ask((self) => {
    void self.addChild(tended(story, 'b', { onInit: () => gate.promise }));
  });
  node.kill(a);
  t.deepEqual(await kept.told(), ['up a', 'down a kill']);
  gate.resolve();
  t.deepEqual(await kept.told(), ['up b', 'up a']);
});

test('children are changed in callbacks only, and not in init', async (t) => {
  const seen: unknown[] = [];
  const kept = await keep(t, (story) => async (self) => {
    for (const change of [
      () => self.children(),
      () => self.addChild(tended(story, 'b')),
      () => self.disableChild('a'),
    ]) {
      try {
        await change();
      } catch (error) {
        seen.push((error as { code?: string }).code);
      }
    }
    return { strategy: 'one-for-one', children: [tended(story, 'a')] };
  });
  t.deepEqual(seen, ['not-allowed', 'not-allowed', 'not-allowed']);
  const self = await kept.ask((keeper) => [keeper] as const);
  await kept.told();
  await t.throwsAsync(self[0].addChild(tended(kept.story, 'b')), { code: 'not-allowed' });
  t.deepEqual(
    self[0].children().map(({ name }) => name),
    ['a'],
  );
});

function startWith(self: Keeper, ...args: readonly unknown[]): Promise<unknown> {
  return Reflect.apply(self.startChild, self, args);
}

test('what is no spec of the strategy is refused', async (t) => {
  const kept = await keep(t, (story) => ({
    strategy: 'one-for-one',
    children: [tended(story, 'a')],
  }));
  for (const bad of [undefined, null, 'a', {}, { name: 'a' }, Tended]) {
    const error = { code: 'incorrect', message: /^child must be what childSpec gives/ };
    await t.throwsAsync(
      kept.ask((self) => self.addChild(bad as never)),
      error,
    );
    await t.throwsAsync(
      kept.ask((self) => self.startChild(bad as never)),
      error,
    );
  }
  for (const bad of [undefined, 5, '', tended([], 'a')]) {
    const error = { code: 'incorrect', message: /^name must be/ };
    await t.throwsAsync(
      kept.ask((self) => self.enableChild(bad as never)),
      error,
    );
    await t.throwsAsync(
      kept.ask((self) => self.disableChild(bad as never)),
      error,
    );
  }
  await t.throwsAsync(
    kept.ask((self) => startWith(self, tended([], 'a'), { args: [1] })),
    { code: 'incorrect', message: /^options must be left out/ },
  );
  await kept.node.stop();
  t.deepEqual((await kept.told()).at(-1), 'end shutdown by exit');
});
