import test from 'ava';
import type { ExitReason, Restart } from 'tergo';
import { childPlaces, tendedAt } from '../support/child-places.ts';
import { keep, Listener, textOf } from '../support/keeper.ts';

const names = ['a', 'b', 'c'];
const custom = new Error('custom');

const rules: readonly {
  readonly restart: Restart;
  readonly label: string;
  readonly again: readonly ExitReason[];
}[] = [
  { restart: 'transient', label: 'L41', again: ['kill'] },
  { restart: 'temporary', label: 'L42', again: [] },
  { restart: 'permanent', label: 'L43', again: ['normal', 'shutdown', 'kill'] },
];

for (const place of childPlaces)
  for (const { restart, label, again } of rules) {
    const which = again.length === 0 ? 'never' : `only after ${again.join(', ')}`;
    test(`one-for-one: only the hit child is concerned; a ${restart} one is restarted ${which} [${label}]${place.title}`, async (t) => {
      const kept = await keep(
        t,
        (story) => ({
          strategy: 'one-for-one',
          restart,
          autoShutdown: false,
          children: names.map((name) => tendedAt(place, story, name)),
        }),
        { as: Listener, place },
      );
      t.deepEqual(await kept.told(), ['up a', 'up b', 'up c']);
      t.deepEqual(
        kept.heard.map((line) => line.replace(/ \d+$/, '')),
        ['started a', 'started b', 'started c'],
      );

      for (const reason of ['normal', 'shutdown', 'kill'] as const) {
        const before = await kept.children();
        const { name } = before.find(({ pid }) => pid !== undefined)!;
        await kept.end(name, reason);
        const isAgain = again.includes(reason);
        t.deepEqual(await kept.told(), [
          `down ${name} ${reason}`,
          ...(isAgain ? [`up ${name}`] : []),
        ]);
        const after = await kept.children();
        t.is(after.find((info) => info.name === name)!.pid !== undefined, isAgain);
        const others = (list: typeof after): typeof after =>
          list.filter((info) => info.name !== name);
        t.deepEqual(others(after), others(before));
      }

      const left = (await kept.children()).filter(({ pid }) => pid !== undefined);
      await kept.end(kept.pid, custom);
      const downs = left.map(({ name }) => `down ${name} custom`).toReversed();
      t.deepEqual(await kept.told(), [...downs, 'end custom by exit']);
    });
  }

const significantRules: readonly {
  readonly restart: Restart;
  readonly label: string;
  readonly again: readonly ExitReason[];
  readonly last: readonly ExitReason[];
}[] = [
  { restart: 'transient', label: 'L44', again: [custom], last: ['normal', 'shutdown'] },
  { restart: 'temporary', label: 'L45', again: [], last: [custom, 'normal', 'shutdown', 'kill'] },
  { restart: 'permanent', label: 'L46', again: ['normal', 'shutdown', custom], last: [] },
];

for (const place of childPlaces)
  for (const { restart, label, again, last } of significantRules) {
    const ending = last.length === 0 ? 'never ends' : `ends after ${last.map(textOf).join(', ')}`;
    test(`one-for-one: with a significant ${restart} child the supervisor ${ending} [${label}]${place.title}`, async (t) => {
      for (const final of last.length === 0 ? [undefined] : last) {
        const kept = await keep(
          t,
          (story) => ({
            strategy: 'one-for-one',
            restart,
            children: names.map((name) => tendedAt(place, story, name, name === 'b')),
          }),
          { place },
        );
        await kept.told();
        for (const reason of again) {
          await kept.end('b', reason);
          t.deepEqual(await kept.told(), [`down b ${textOf(reason)}`, 'up b']);
        }
        if (final === undefined) {
          t.true(kept.isAlive());
          continue;
        }
        const text = textOf(final);
        await kept.end('b', final);
        const downs = ['b', 'c', 'a'].map((name) => `down ${name} ${text}`);
        t.deepEqual(await kept.told(), [...downs, `end ${text} by exit`]);
        t.false(kept.isAlive());
      }
    });
  }
