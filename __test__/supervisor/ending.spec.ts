import test from 'ava';
import {
  childSpec,
  childTemplate,
  reply,
  stop,
  Supervisor,
  TergoError,
  type Answer,
  type ChildTemplate,
  type ExitReason,
  type Next,
  type Request,
  type SupervisorSpec,
} from 'tergo';
import { tendedAt, workerPlaces } from '../support/child-places.ts';
import {
  keep,
  Keeper,
  Listener,
  stillNode,
  Tended,
  textOf,
  type Manners,
  type Story,
  type TendedProtocol,
} from '../support/keeper.ts';
import { closeShared } from '../support/places.ts';
import { hasEnded } from '../support/witness.ts';
import { deafen, never, tended, three, threeAt } from './tended.ts';

test.after.always(closeShared);

for (const place of workerPlaces) {
  const it = place.isThreaded ? test.serial : test;

  for (const reason of ['normal', 'shutdown', new Error('custom')] as readonly ExitReason[]) {
    it(`the supervisor ends with its last child that stays away, after ${textOf(reason)}${place.title}`, async (t) => {
      for (const restart of ['transient', 'temporary'] as const) {
        if (restart === 'transient' && reason instanceof Error) continue;
        const kept = await keep(t, (story) => ({ ...threeAt(place)(story), restart }), { place });
        for (const name of ['b', 'a', 'c']) {
          t.true(kept.isAlive());
          await kept.end(name, reason);
        }
        t.is((await kept.told()).at(-1), `end ${textOf(reason)} by exit`);
      }
    });
  }

  it(`a supervisor without autoShutdown, or whose last child is permanent, outlives its children${place.title}`, async (t) => {
    const off = await keep(t, (story) => ({ ...threeAt(place)(story), autoShutdown: false }), {
      place,
    });
    for (const name of ['a', 'b', 'c']) await off.end(name, 'normal');
    t.true(off.isAlive());
    await off.ask((self) => self.startChild(tendedAt(place, off.story, 'a')));
    t.is((await off.told()).at(-1), 'up a');

    const permanent = await keep(
      t,
      (story) => ({ ...threeAt(place)(story), restart: 'permanent' }),
      { place },
    );
    for (const name of ['a', 'b', 'c']) await permanent.ask((self) => self.disableChild(name));
    await permanent.told();
    t.true(permanent.isAlive());
  });

  it(`disabling the last child that runs is its end, too${place.title}`, async (t) => {
    const kept = await keep(t, threeAt(place), { place });
    for (const name of ['a', 'b', 'c']) await kept.ask((self) => self.disableChild(name));
    t.is((await kept.told()).at(-1), 'end shutdown by exit');
  });

  it(`a killed supervisor leaves no child behind${place.title}`, async (t) => {
    const kept = await keep(t, threeAt(place), { place });
    const pids = (await kept.children()).map(({ pid }) => pid!);
    await kept.told();
    kept.node.kill(kept.pid);
    const lines = await kept.told();
    t.deepEqual(lines.toSorted(), ['down a kill', 'down b kill', 'down c kill', 'end kill']);
    for (const pid of pids) t.true(hasEnded(kept.node, pid));
  });

  it(`a callback that stops the supervisor or fails ends the children first, last started first${place.title}`, async (t) => {
    const boom = new Error('boom');
    const ends: readonly (readonly [string, () => Next])[] = [
      ['normal', () => stop('normal')],
      ['boom', () => stop(boom)],
      [
        'boom',
        () => {
          throw boom;
        },
      ],
    ];
    for (const [text, end] of ends) {
      for (const later of [false, true]) {
        const kept = await keep(t, threeAt(place), { place });
        await kept.told();
        kept.node.send(kept.pid, later ? async () => end() : end);
        const downs = ['c', 'b', 'a'].map((name) => `down ${name} ${text}`);
        t.deepEqual(await kept.told(), [...downs, `end ${text}`]);
      }
    }
  });

  it(`each start and each end of a child is told once and in order, those at the end of the supervisor included${place.title}`, async (t) => {
    const kept = await keep(t, threeAt(place), { as: Listener, place });
    const { messagesDropped } = kept.node.info();
    const pids = new Map((await kept.children()).map(({ name, pid }) => [name, pid!.id]));
    await kept.end(kept.pid, 'shutdown');
    t.deepEqual(kept.heard, [
      ...['a', 'b', 'c'].map((name) => `started ${name} ${pids.get(name)}`),
      ...['c', 'b', 'a'].map((name) => `terminated ${name} ${pids.get(name)} shutdown`),
    ]);
    t.is((await kept.told()).at(-1), 'end shutdown by exit');
    t.is(kept.node.info().messagesDropped, messagesDropped);
  });
}

for (const strategy of ['one-for-one', 'all-for-one', 'rest-for-one'] as const) {
  test(`${strategy}: a stop of the node ends the children one by one, last started first, then the supervisor`, async (t) => {
    const gates = new Map(['a', 'b', 'c'].map((name) => [name, Promise.withResolvers<void>()]));
    const kept = await keep(t, three(strategy));
    await kept.told();
    for (const [name, gate] of gates) await deafen(kept, name, gate.promise);
    const stopped = kept.node.stop();
    for (const name of ['c', 'b', 'a']) {
      t.deepEqual(await kept.told(), []);
      gates.get(name)!.resolve();
      const ends = name === 'a' ? ['end shutdown by exit'] : [];
      t.deepEqual(await kept.told(), [`down ${name} shutdown`, ...ends]);
    }
    t.deepEqual(await stopped, { killed: [] });
  });
}

test('a child that crashes just when its node stops is not restarted, and that is no error', async (t) => {
  for (const strategy of ['one-for-one', 'all-for-one'] as const) {
    const kept = await keep(t, (story) => ({ ...three(strategy)(story), restart: 'permanent' }));
    await kept.told();
    kept.node.kill(await kept.child('b'));
    t.deepEqual(await kept.node.stop(), { killed: [] });
    const story = await kept.told();
    t.is(story.filter((line) => line.startsWith('up')).length, 0);
    t.is(story.filter((line) => line.startsWith('down')).length, 3);
    t.is(story.at(-1)?.replace(' by exit', ''), 'end shutdown');
    t.deepEqual(
      kept.log.filter(({ level }) => level === 'error'),
      [],
    );
  }
});

test('a child that traps exits obeys its supervisor', async (t) => {
  const kept = await keep(t, (story) => ({
    strategy: 'one-for-one',
    children: ['a', 'b'].map((name) => tended(story, name, { trapExit: true })),
  }));
  // The trap holds against others.
  await kept.end('a', 'shutdown');
  t.deepEqual(await kept.told(), ['up a', 'up b']);
  t.deepEqual(await kept.node.stop(), { killed: [] });
  t.deepEqual(await kept.told(), ['down b shutdown', 'down a shutdown', 'end shutdown by exit']);
});

test('the end of the parent is the end of the supervisor, children first', async (t) => {
  const { node, clock } = await stillNode(t);
  const story: Story = [];
  const top = await node.spawn(Keeper, {
    args: [
      {
        strategy: 'one-for-one',
        children: [childSpec('sub', Keeper, { args: [three()(story), story] }), tended(story, 'x')],
      },
      story,
    ],
  });
  story.length = 0;
  node.sendExit(top, new Error('enough'));
  await clock.settle();
  t.deepEqual(story, [
    ...['x', 'c', 'b', 'a'].map((name) => `down ${name} enough`),
    ...['end enough by exit', 'end enough by exit'],
  ]);
});

test('a killed supervisor is restarted when all that was below it is gone, so that names are free again', async (t) => {
  const { node, clock, log } = await stillNode(t);
  const story: Story = [];
  const gate = Promise.withResolvers<void>();
  const sub: SupervisorSpec = {
    strategy: 'one-for-one',
    children: [
      tended(story, 'quick'),
      tended(story, 'slow', { onTerminate: () => gate.promise }),
      tended(story, 'deaf', {}, 700),
    ],
  };
  await node.spawn(Keeper, {
    args: [
      {
        ...{ strategy: 'one-for-one', restart: 'permanent' },
        children: [childSpec('sub', Keeper, { args: [sub, story] })],
      },
      story,
    ],
  });
  node.send(node.whereis('deaf')! as never, (() => never) as never);
  await clock.settle();
  story.length = 0;
  node.kill(node.whereis('sub')!);
  await clock.settle();
  t.deepEqual(story.toSorted(), ['down quick kill', 'down slow kill', 'end kill']);
  gate.resolve();
  await clock.advance(699);
  t.is(story.length, 3);
  await clock.advance(1);
  t.deepEqual(story.slice(3), ['down deaf kill', 'up quick', 'up slow', 'up deaf']);
  t.like(
    log.filter(({ level }) => level === 'error'),
    [{ message: 'a child did not end in time; it is killed', fields: { child: 'deaf' } }],
  );
  t.deepEqual(await node.stop(), { killed: [] });
});

test('a supervisor that is killed while a child starts leaves neither that child nor its name', async (t) => {
  const { node, clock } = await stillNode(t);
  const story: Story = [];
  const gate = Promise.withResolvers<void>();
  const slow: Manners = { onInit: (ups) => (ups === 1 ? gate.promise : undefined) };
  const sub: SupervisorSpec = { strategy: 'one-for-one', children: [tended(story, 'slow', slow)] };
  await node.spawn(Keeper, {
    args: [
      {
        ...{ strategy: 'one-for-one', restart: 'permanent' },
        children: [childSpec('sub', Keeper, { args: [sub, story] })],
      },
      story,
    ],
  });
  node.sendExit(node.whereis('slow')!, new Error('crash'));
  await clock.settle();
  node.kill(node.whereis('sub')!);
  await clock.settle();
  t.deepEqual(story, ['up slow', 'down slow crash', 'end kill']);
  gate.resolve();
  await clock.settle();
  t.deepEqual(story.slice(3), ['up slow', 'down slow kill', 'up slow']);
  t.is(node.info().processes, 3);
});

test('a call that stops the supervisor is answered first; one that fails is rejected at once', async (t) => {
  const { node, clock } = await stillNode(t);
  for (const [answer, later] of [
    ['bye', false],
    ['bye', true],
    [undefined, false],
    [undefined, true],
  ] as const) {
    const story: Story = [];
    const supervisor = await node.spawn(Quitter, { args: [story] });
    const call = node.call(supervisor, { type: 'quit', answer, later });
    if (answer === undefined) {
      const error = await t.throwsAsync(call, { code: 'process-terminated' });
      t.is(textOf(error?.cause as ExitReason), later ? 'failed' : 'normal');
    } else t.is(await call, answer);
    await clock.settle();
    t.is(node.processState(supervisor), 'terminated');
    t.is(story.length, 2);
  }
});

test('while it ends the supervisor still answers, but changes no children', async (t) => {
  const gate = Promise.withResolvers<void>();
  const kept = await keep(t, three());
  await deafen(kept, 'c', gate.promise);
  kept.node.sendExit(kept.pid, 'shutdown');
  await kept.told();
  t.deepEqual(
    (await kept.children()).map(({ state }) => state),
    ['running', 'running', 'stopping'],
  );
  for (const change of [
    (self: Keeper) => self.addChild(tended(kept.story, 'd')),
    (self: Keeper) => self.startChild(tended(kept.story, 'a')),
    (self: Keeper) => self.disableChild('a'),
    (self: Keeper) => self.enableChild('a'),
  ]) {
    await t.throwsAsync(kept.ask<unknown>(change), { code: 'supervisor-strategy-active' });
  }
  // The first reason stays.
  kept.node.send(kept.pid, () => stop('normal'));
  kept.node.send(kept.pid, () => {
    throw new Error('too late');
  });
  kept.node.sendExit(kept.pid, 'kill');
  t.deepEqual(await kept.told(), []);
  gate.resolve();
  t.is((await kept.told()).at(-1), 'end shutdown by exit');
  const texts = kept.log.filter(({ level }) => level === 'error').map(({ message }) => message);
  t.deepEqual(texts, ['a callback failed while the supervisor was ending']);
});

test('an ended supervisor leaves nothing behind', async (t) => {
  const worker: ChildTemplate<TendedProtocol, [Story, string]> = childTemplate('worker', Tended);
  const { node, clock } = await stillNode(t);
  const holds = (): unknown => {
    const {
      processes,
      registeredNames,
      links,
      monitors,
      pendingCalls,
      pendingTimers,
      slabEntries,
    } = node.info();
    return [processes, registeredNames, links, monitors, pendingCalls, pendingTimers, slabEntries];
  };
  const before = holds();
  for (const reason of ['shutdown', 'kill'] as const) {
    const story: Story = [];
    const named = await node.spawn(Keeper, { args: [three('all-for-one')(story), story] });
    const simple = await node.spawn(Keeper, {
      args: [{ strategy: 'simple-one-for-one', children: [worker] }, story],
    });
    node.send(simple, async (self) => {
      for (const name of ['x', 'y']) await self.startChild(worker, { args: [story, name] });
    });
    await clock.settle();
    t.is(node.info().processes, 7);
    for (const pid of [named, simple]) {
      if (reason === 'kill') node.kill(pid);
      else node.sendExit(pid, reason);
    }
    await clock.settle();
    t.deepEqual(holds(), before);
  }
});

type Quit = Request<
  { type: 'quit'; answer: string | undefined; later: boolean },
  string | undefined
>;

class Quitter extends Supervisor<{ request: Quit }> {
  override init(story: Story): SupervisorSpec {
    return { strategy: 'one-for-one', children: [tended(story, 'q')] };
  }

  override handleCall(request: Quit): Answer | Promise<Answer> {
    const { answer, later } = request;
    if (later) return this.#later(request);
    return answer === undefined ? stop('normal') : stop('normal', reply(request, answer));
  }

  async #later(request: Quit): Promise<Answer> {
    await Promise.resolve();
    if (request.answer === undefined) throw new TergoError('internal', 'failed');
    return stop('normal', reply(request, request.answer));
  }
}
