import test from 'ava';
import {
  childSpec,
  type ChildSpec,
  type ExitReason,
  type Restart,
  type SupervisorSpec,
} from 'tergo';
import { childPlaces, tendedAt } from '../support/child-places.ts';
import { keep, Listener, Tended, textOf, type Kept, type Story } from '../support/keeper.ts';

const names = ['a', 'b', 'c'];
const custom = new Error('custom');
const restarts: readonly Restart[] = ['transient', 'temporary', 'permanent'];
const groups = [
  { strategy: 'all-for-one', labels: ['L48', 'L49', 'L50'], significant: ['L51', 'L52', 'L53'] },
  { strategy: 'rest-for-one', labels: ['L55', 'L56', 'L57'], significant: ['L58', 'L59', 'L60'] },
] as const;

function tended(story: Story, name: string, significant = false): ChildSpec {
  return childSpec(name, Tended, { args: [story, name], significant });
}

/** Which children a restart of one concerns, in order. */
function groupOf(strategy: string, name: string): string[] {
  return strategy === 'all-for-one' ? names : names.slice(names.indexOf(name));
}

/** The hit child first, then the rest of its group in reverse order, then all up in order. */
function restarted(
  group: readonly string[],
  hit: string,
  text: string,
  live: readonly string[],
): string[] {
  const others = group.filter((name) => name !== hit && live.includes(name)).toReversed();
  return [
    ...[hit, ...others].map((name) => `down ${name} ${text}`),
    ...group.map((name) => `up ${name}`),
  ];
}

async function live({ children }: Kept): Promise<string[]> {
  const running = (await children()).filter(({ pid }) => pid !== undefined);
  return running.map(({ name }) => name);
}

for (const place of childPlaces)
  for (const { strategy, labels, significant } of groups) {
    for (const [at, restart] of restarts.entries()) {
      const again: Readonly<Record<Restart, readonly string[]>> = {
        transient: ['kill'],
        temporary: [],
        permanent: ['normal', 'shutdown', 'kill'],
      };
      const which = again[restart].length === 0 ? 'never' : `after ${again[restart].join(', ')}`;

      test(`${strategy}: the group of a ${restart} child stops in reverse order, then starts in order, ${which} [${labels[at]}]${place.title}`, async (t) => {
        const rules = { strategy, restart, keepOrder: true, autoShutdown: false, intensity: 100 };
        const spec = (story: Story): SupervisorSpec => ({
          ...rules,
          children: names.map((name) => tendedAt(place, story, name)),
        });
        const kept = await keep(t, spec, { as: Listener, place });
        t.deepEqual(await kept.told(), ['up a', 'up b', 'up c']);

        const hit = async (name: string, reason: ExitReason): Promise<void> => {
          const running = await live(kept);
          kept.heard.length = 0;
          await kept.end(name, reason);
          const text = textOf(reason);
          const isAgain = again[restart].includes(text);
          const lines = isAgain
            ? restarted(groupOf(strategy, name), name, text, running)
            : [`down ${name} ${text}`];
          t.deepEqual(await kept.told(), lines);
          // The callbacks tell the same.
          const heard = kept.heard.map((line) => line.replace(/ \d+/, ''));
          const shown = lines.map((line) =>
            line.replace('up', 'started').replace('down', 'terminated'),
          );
          t.deepEqual(heard, shown);
        };
        await hit('a', 'normal');
        await hit('b', 'shutdown');
        await hit('c', 'kill');
        const left = await live(kept);
        await kept.end(kept.pid, custom);
        const downs = left.toReversed().map((name) => `down ${name} custom`);
        t.deepEqual(await kept.told(), [...downs, 'end custom by exit']);

        const fresh = await keep(t, spec, { place });
        await fresh.told();
        for (const name of names) {
          const running = await live(fresh);
          await fresh.end(name, 'kill');
          const isAgain = restart !== 'temporary';
          const group = groupOf(strategy, name);
          const lines = isAgain ? restarted(group, name, 'kill', running) : [`down ${name} kill`];
          t.deepEqual(await fresh.told(), lines);
        }
        await fresh.end(fresh.pid, 'normal');
        t.is((await fresh.told()).at(-1), 'end normal by exit');
      });

      test(`${strategy}: a significant ${restart} child in the middle is restarted with its group or ends all [${significant[at]}]${place.title}`, async (t) => {
        const kept = await keep(
          t,
          (story) => ({
            ...{ strategy, restart, keepOrder: true, intensity: 100 },
            children: names.map((name) => tendedAt(place, story, name, name === 'b')),
          }),
          { place },
        );
        await kept.told();
        const stimuli: Readonly<Record<Restart, readonly ExitReason[]>> = {
          transient: [custom, 'normal'],
          temporary: [custom],
          permanent: ['normal', 'shutdown', custom],
        };
        for (const reason of stimuli[restart]) {
          const text = textOf(reason);
          const isAgain = restart === 'permanent' || (restart === 'transient' && reason === custom);
          await kept.end('b', reason);
          const lines = isAgain
            ? restarted(groupOf(strategy, 'b'), 'b', text, names)
            : [...['b', 'c', 'a'].map((name) => `down ${name} ${text}`), `end ${text} by exit`];
          t.deepEqual(await kept.told(), lines);
          t.is(kept.isAlive(), isAgain);
        }
      });
    }
  }

for (const { strategy } of groups) {
  test(`${strategy}: without keepOrder all siblings are told at once, and nobody starts before the last has stopped`, async (t) => {
    const slow = Promise.withResolvers<void>();
    const kept = await keep(t, (story) => ({
      ...{ strategy, restart: 'permanent' },
      children: names.map((name) =>
        childSpec(name, Tended, {
          args: [story, name, name === 'b' ? { onTerminate: () => slow.promise } : {}],
        }),
      ),
    }));
    await kept.told();
    await kept.end('a', custom);
    t.deepEqual(await kept.told(), ['down a custom', 'down c custom', 'down b custom']);
    slow.resolve();
    t.deepEqual(await kept.told(), ['up a', 'up b', 'up c']);
  });
}

test('a crash is logged once, however many siblings it stops', async (t) => {
  const kept = await keep(t, (story) => ({
    ...{ strategy: 'all-for-one', intensity: 1 },
    children: names.map((name) => tended(story, name)),
  }));
  const b = await kept.child('b');
  const boom = new Error('boom');
  kept.node.send(b, () => {
    throw boom;
  });
  t.deepEqual((await kept.told()).slice(-3), ['up a', 'up b', 'up c']);
  const errors = kept.log.filter(({ level }) => level === 'error');
  t.like(errors, [{ message: 'process crashed', fields: { error: boom }, source: { pid: b } }]);
  t.is(errors.length, 1);

  // The end of the supervisor is another one.
  kept.node.send(await kept.child('b'), () => {
    throw boom;
  });
  await kept.told();
  const texts = kept.log.filter(({ level }) => level === 'error').map(({ message }) => message);
  t.deepEqual(texts, ['process crashed', 'process crashed', 'process crashed']);
  t.like(kept.log.at(-1), { source: { pid: kept.pid }, fields: { error: { cause: boom } } });
});
