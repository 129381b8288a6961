import test from 'ava';
import type { AnyPid, ApplicationMode, ExitReason, Pid } from 'tergo';
import { Tended, textOf, type TendedProtocol } from '../support/keeper.ts';
import { childPlaces, tendedAt } from '../support/child-places.ts';
import { isReason } from '../support/places.ts';
import { members, theatre } from '../support/troupe.ts';

const custom = new Error('custom');
const reasons: readonly ExitReason[] = ['normal', 'shutdown', 'kill', custom];
const orderly: readonly ExitReason[] = ['normal', 'shutdown'];

for (const place of childPlaces) {
  for (const reason of reasons) {
    test(`temporary: members may end for ${textOf(reason)}; when all have, the application ends for normal and can start again [L62]${place.title}`, async (t) => {
      const { load, node, story, end, told } = await theatre(t, place);
      await load({
        name: 'a',
        mode: 'temporary',
        group: ['x', 'y', 'z'].map((name) => tendedAt(place, story, name)),
      });
      for (let round = 0; round < 2; round++) {
        await node.applications.start('a');
        await told();
        for (const name of ['y', 'x']) {
          await end('a', name, reason);
          t.is(node.applications.info('a').state, 'running');
        }
        await end('a', 'z', reason);
        const ends = ['y', 'x', 'z'].map((name) => `down ${name} ${textOf(reason)}`);
        t.deepEqual(await told(), [...ends, 'stop a normal', 'terminate a normal']);
        t.like(node.applications.info('a'), { state: 'loaded', lastReason: 'normal' });
      }
    });

    test(`permanent: the first member that ends for ${textOf(reason)} ends the application for that reason [L64]${place.title}`, async (t) => {
      const { load, node, story, end, told } = await theatre(t, place);
      await load({
        name: 'a',
        mode: 'permanent',
        group: ['x', 'y', 'z'].map((name) => tendedAt(place, story, name)),
      });
      await node.applications.start('a');
      await told();
      await end('a', 'y', reason);
      const text = textOf(reason);
      t.deepEqual(await told(), [
        ...[`down y ${text}`, `stop a ${text}`],
        ...['down z shutdown', 'down x shutdown', `terminate a ${text}`],
      ]);
      isReason(t, place, node.applications.info('a').lastReason, reason);
      t.is(node.applications.info('a').state, 'loaded');
    });
  }

  for (const reason of orderly) {
    test(`transient: members may end for ${textOf(reason)}; when all have, the application ends for normal [L63]${place.title}`, async (t) => {
      const { load, node, story, end } = await theatre(t, place);
      await load({
        name: 'a',
        mode: 'transient',
        group: ['x', 'y', 'z'].map((name) => tendedAt(place, story, name)),
      });
      await node.applications.start('a');
      for (const name of ['x', 'y']) {
        await end('a', name, reason);
        t.is(node.applications.info('a').state, 'running');
      }
      await end('a', 'z', reason);
      t.like(node.applications.info('a'), { state: 'loaded', lastReason: 'normal' });
    });
  }

  for (const reason of ['kill', custom] as readonly ExitReason[]) {
    test(`transient: the first member that ends for ${textOf(reason)} ends the application for that reason [L63]${place.title}`, async (t) => {
      const { load, node, story, end, told } = await theatre(t, place);
      await load({
        name: 'a',
        mode: 'transient',
        group: ['x', 'y'].map((name) => tendedAt(place, story, name)),
      });
      await node.applications.start('a');
      await told();
      await end('a', 'x', reason);
      const text = textOf(reason);
      t.deepEqual(await told(), [
        ...[`down x ${text}`, `stop a ${text}`, 'down y shutdown', `terminate a ${text}`],
      ]);
      isReason(t, place, node.applications.info('a').lastReason, reason);
    });
  }
}

test('the mode of a start counts for that run', async (t) => {
  const { load, node, story, end } = await theatre(t);
  await load({ name: 'a', mode: 'temporary', group: members(story, 'x', 'y') });
  await node.applications.start('a', { mode: 'permanent' });
  await end('a', 'x', 'normal');
  t.like(node.applications.info('a'), { state: 'loaded', mode: 'temporary' });
  await node.applications.start('a');
  await end('a', 'x', 'normal');
  t.is(node.applications.info('a').state, 'running');
});

test('the end of a process that is no member means nothing, whatever the mode', async (t) => {
  const { load, node, story, clock, pidOf } = await theatre(t);
  await load({ name: 'a', mode: 'permanent', group: members(story, 'x') });
  await node.applications.start('a');
  const spawned = Promise.withResolvers<AnyPid>();
  node.send(pidOf('a', 'x') as Pid<TendedProtocol>, async (self) => {
    spawned.resolve(await self.spawn(Tended, { args: [story, 'below'] }));
  });
  const below = await spawned.promise;
  t.is(node.processInfo(below).application, 'a');
  node.kill(below);
  await clock.settle();
  t.like(node.applications.info('a'), { state: 'running', processes: 1 });
});

for (const mode of ['permanent', 'transient'] as readonly ApplicationMode[]) {
  test(`${mode}: a member that crashes while the application starts makes the start reject, when all is over`, async (t) => {
    const { load, node, story, told } = await theatre(t);
    await load(
      { name: 'a', mode, group: members(story, 'x', 'y') },
      {
        onStart: async (self) => {
          self.node.sendExit(self.node.whereis('x')!, custom);
          await new Promise(() => undefined);
        },
      },
    );
    const error = await t.throwsAsync(node.applications.start('a'), { code: 'application-failed' });
    t.is(error?.cause, custom);
    t.deepEqual((await told()).slice(-3), [
      'down x custom',
      'down y shutdown',
      'terminate a custom',
    ]);
    t.like(node.applications.info('a'), { state: 'loaded', processes: 0 });
  });
}

test('temporary: members that have all ended before the start is over end the application after it', async (t) => {
  const { load, node, story, told, clock } = await theatre(t);
  await load(
    { name: 'a', group: members(story, 'x') },
    {
      onStart: async (self) => {
        self.node.kill(self.node.whereis('x')!);
        await clock.settle();
      },
    },
  );
  await node.applications.start('a');
  t.deepEqual((await told()).slice(-3), ['down x kill', 'stop a normal', 'terminate a normal']);
});
