import test from 'ava';
import {
  Actor,
  childSpec,
  noreply,
  TergoError,
  type AnyPid,
  type Down,
  type Next,
  type SupervisorSpec,
} from 'tergo';
import {
  argsAt,
  templateAt,
  tendedAt,
  workerPlaces,
  type ChildPlace,
} from '../support/child-places.ts';
import { keep, Tended, type Kept, type Story } from '../support/keeper.ts';
import { closeShared, isReason } from '../support/places.ts';
import { hasEnded } from '../support/witness.ts';

const strategies = ['one-for-one', 'all-for-one', 'rest-for-one', 'simple-one-for-one'] as const;

/** A supervisor of any strategy whose first child is `a`. */
async function keepAny(
  t: Parameters<typeof keep>[0],
  strategy: SupervisorSpec['strategy'],
  limits: { readonly intensity?: number; readonly periodMs?: number },
  place: ChildPlace = workerPlaces[0]!,
): Promise<Kept> {
  const worker = templateAt(place, 'worker');
  const specOf = (story: Story): SupervisorSpec =>
    strategy === 'simple-one-for-one'
      ? { strategy, ...limits, children: [worker] }
      : {
          ...{ strategy, ...limits },
          children: ['a', 'b'].map((name) => tendedAt(place, story, name)),
        };
  const kept = await keep(t, specOf, { place });
  if (strategy === 'simple-one-for-one') {
    const args = argsAt(place, kept.story, 'a');
    await kept.ask((self) => self.startChild(worker, { args }));
  }
  await kept.told();
  return kept;
}

const crash = new Error('crash');

/** Ends the first child. */
async function hit(kept: Kept): Promise<void> {
  await kept.end((await kept.children())[0]!.pid!, crash);
}

test.after.always(closeShared);

// What time decides is tested on one thread, below: the clocks of several go.
for (const place of workerPlaces) {
  const it = place.isThreaded ? test.serial : test;

  for (const strategy of strategies) {
    it(`${strategy}: as many restarts as allowed, and not one more${place.title}`, async (t) => {
      const kept = await keepAny(t, strategy, { intensity: 3, periodMs: 60_000 }, place);
      for (let time = 0; time < 3; time++) await hit(kept);
      t.true(kept.isAlive());
      await hit(kept);
      t.false(kept.isAlive());
    });

    it(`${strategy}: too many restarts end children and supervisor by supervisor-restarts-exceeded, whose cause is the crash${place.title}`, async (t) => {
      const ends: unknown[] = [];
      const kept = await keepAny(t, strategy, { intensity: 0 }, place);
      const child = (await kept.children()).at(-1)!.pid!;
      const watcher = await kept.node.spawn(Watcher, { args: [kept.pid, ends] });
      await hit(kept);
      const [reason] = ends;
      t.true(TergoError.is(reason, 'supervisor-restarts-exceeded'));
      isReason(t, place, (reason as Error).cause as Error, crash);
      t.true(hasEnded(kept.node, child));
      const story = await kept.told();
      t.is(story.at(-1), `end ${(reason as Error).message}`);
      const siblings = story.filter((line) => line.startsWith('down b'));
      t.deepEqual(
        siblings,
        strategy === 'simple-one-for-one' ? [] : [`down b ${(reason as Error).message}`],
      );
      kept.node.kill(watcher);
    });
  }

  for (const strategy of ['one-for-one', 'all-for-one', 'rest-for-one'] as const) {
    it(`${strategy}: a child that is to be disabled when it crashes too often stays away; the others run on${place.title}`, async (t) => {
      const kept = await keep(
        t,
        (story) => ({
          strategy,
          children: [
            tendedAt(place, story, 'a', false, {
              intensity: 1,
              periodMs: 60_000,
              onExceed: 'disable',
            }),
            tendedAt(place, story, 'b'),
          ],
        }),
        { place },
      );
      await kept.end('a', crash);
      await kept.told();
      await kept.end('a', crash);
      t.deepEqual(await kept.told(), ['down a crash']);
      const [a, b] = await kept.children();
      t.like(a, { state: 'stopped', isDisabled: true, restarts: 1 });
      t.like(b, { state: 'running', isDisabled: false });
      const reported = kept.log.filter(({ message }) => message.includes('disabled'));
      t.like(reported, [{ level: 'error', fields: { child: 'a' } }]);

      // Enabled, it has all its restarts again.
      await kept.ask((self) => self.enableChild('a'));
      await kept.end('a', crash);
      t.like((await kept.children())[0], { state: 'running', restarts: 2 });
      await kept.end('a', crash);
      t.like((await kept.children())[0], { isDisabled: true });
      t.true(kept.isAlive());
    });
  }

  it(`an instance with limits of its own is given up alone${place.title}`, async (t) => {
    const fragile = templateAt(place, 'fragile', { intensity: 1, onExceed: 'disable' });
    const spec: SupervisorSpec = { strategy: 'simple-one-for-one', children: [fragile] };
    const kept = await keep(t, () => spec, { place });
    const start = (name: string) =>
      kept.ask((self) => self.startChild(fragile, { args: argsAt(place, kept.story, name) }));
    for (const name of ['a', 'b']) await start(name);
    await kept.told();
    for (let time = 0; time < 2; time++) await hit(kept);
    t.deepEqual(await kept.told(), ['down a crash', 'up a', 'down a crash']);
    await hit(kept);
    t.deepEqual(await kept.told(), ['down b crash', 'up b']);
    t.is((await kept.children()).length, 1);
    await start('c');
    t.is((await kept.children()).length, 2);
  });

  it(`a child of its own kind: when it is restarted is said by itself before its supervisor${place.title}`, async (t) => {
    const kept = await keep(
      t,
      (story) => ({
        ...{ strategy: 'all-for-one', restart: 'permanent' },
        children: [
          tendedAt(place, story, 'once', false, { restart: 'temporary' }),
          tendedAt(place, story, 'maybe', false, { restart: 'transient' }),
          tendedAt(place, story, 'always'),
        ],
      }),
      { place },
    );
    await kept.told();
    await kept.end('maybe', 'normal');
    t.deepEqual(await kept.told(), ['down maybe normal']);
    // A temporary sibling is stopped with its group, but never started again.
    await kept.end('always', 'normal');
    t.deepEqual(await kept.told(), [
      'down always normal',
      'down once normal',
      'up maybe',
      'up always',
    ]);
    t.deepEqual(
      (await kept.children()).map(({ restart, state }) => `${restart} ${state}`),
      ['temporary stopped', 'transient running', 'permanent running'],
    );
  });
}

for (const strategy of strategies) {
  test(`${strategy}: as many restarts as allowed within the period, and not one more`, async (t) => {
    const kept = await keepAny(t, strategy, { intensity: 3, periodMs: 1000 });
    for (let time = 0; time < 3; time++) await hit(kept);
    t.true(kept.isAlive());
    await kept.clock.advance(1000);
    await hit(kept);
    t.false(kept.isAlive());

    const later = await keepAny(t, strategy, { intensity: 3, periodMs: 1000 });
    for (let time = 0; time < 3; time++) await hit(later);
    await later.clock.advance(1001);
    await hit(later);
    t.true(later.isAlive());
  });
}

test('by default five restarts within five seconds are allowed', async (t) => {
  const kept = await keepAny(t, 'one-for-one', {});
  for (let time = 0; time < 5; time++) await hit(kept);
  await kept.clock.advance(5001);
  for (let time = 0; time < 5; time++) await hit(kept);
  t.true(kept.isAlive());
  await hit(kept);
  t.false(kept.isAlive());
});

test('restarts with limits of their own do not count among those of the supervisor', async (t) => {
  const kept = await keep(t, (story) => ({
    ...{ strategy: 'one-for-one', intensity: 1, periodMs: 1000 },
    children: [
      childSpec('own', Tended, { args: [story, 'own'], intensity: 4 }),
      childSpec('other', Tended, { args: [story, 'other'] }),
    ],
  }));
  for (let time = 0; time < 4; time++) await kept.end('own', crash);
  await kept.end('other', crash);
  t.true(kept.isAlive());
  // The period that it does not say is the supervisor's.
  await kept.clock.advance(1001);
  for (let time = 0; time < 4; time++) await kept.end('own', crash);
  t.true(kept.isAlive());
  await kept.end('own', crash);
  t.false(kept.isAlive());
});

test('the last fifty restarts are remembered with reason and time', async (t) => {
  const kept = await keepAny(t, 'one-for-one', { intensity: 1000 });
  const pids: unknown[] = [];
  for (let time = 0; time < 260; time++) {
    pids.push((await kept.children())[0]!.pid);
    await kept.clock.advance(10);
    await hit(kept);
  }
  const restarts = await kept.ask((self) => self.restarts());
  t.is(restarts.length, 50);
  const last = kept.clock.wallNow();
  for (const [at, { name, pid, reason, timeMs }] of restarts.entries()) {
    t.is(name, 'a');
    t.is(pid, pids[210 + at] as never);
    t.is(reason, crash);
    t.is(timeMs, last - 10 * (49 - at));
  }
  t.is((await kept.children())[0]!.restarts, 260);
});

class Watcher extends Actor {
  #ends: unknown[] = [];

  override async init(target: AnyPid, ends: unknown[]): Promise<void> {
    this.#ends = ends;
    await this.monitor(target);
  }

  override handleDown(down: Down): Next {
    this.#ends.push(down.reason);
    return noreply;
  }
}
