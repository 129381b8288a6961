import test from 'ava';
import { env, type TergoError } from 'tergo';
import { recordLog } from '../support/log-records.ts';
import { waitFor } from '../support/wait-for.ts';
import { colour, Setter } from './setter.ts';
import { everyPlaces, Handle, puppet, puppets, threadNode } from './stage.ts';

const behaviors = [puppets, new URL('./setter.ts', import.meta.url)];

for (const [one, other] of [
  [0, 1],
  [1, 2],
] as const) {
  test(`what threads ${one} and ${other} set for the node at once is the same everywhere in the end`, async (t) => {
    const node = await threadNode(t, { behaviors });
    const setters = await Promise.all(
      [one, other, 3 - one - other].map((thread) => node.spawn(Setter, { thread })),
    );
    const [first, second] = setters as [(typeof setters)[0], (typeof setters)[0]];
    await Promise.all([
      node.call(first, {
        ...{ type: 'set', name: 'first', other: 'second' },
        ...{ colour: 'red', level: 'warning' },
      }),
      node.call(second, {
        ...{ type: 'set', name: 'second', other: 'first' },
        ...{ colour: 'blue', level: 'error' },
      }),
    ]);
    // Who has asked another thread, and been asked by it, has heard what that had told before.
    for (const setter of setters)
      await Promise.all(
        setters.filter((whom) => whom !== setter).map((whom) => look(setter, whom)),
      );
    const seen = await Promise.all(setters.map((setter) => node.call(setter, { type: 'look' })));
    t.true(['red', 'blue'].includes(String(seen[0]![0])));
    t.deepEqual(seen, [seen[0], seen[0], seen[0]]);

    function look(setter: typeof first, whom: typeof first): Promise<unknown> {
      return node.call(setter, { type: 'look at', whom });
    }
  });
}

test('what is set on a thread that was started anew counts for all threads', async (t) => {
  const node = await threadNode(t, { behaviors });
  for (const level of ['error', 'warning', 'error', 'warning'] as const) node.log.level = level;
  const victim = await puppet(node, 1);
  victim.tell({ type: 'exit process', code: 3 });
  await waitFor('the end', () => node.info().threads[1]!.restarts === 1);
  const setter = await node.spawn(Setter, { thread: 1 });
  const told = { colour: 'green', level: 'error' } as const;
  await node.call(setter, { type: 'set', name: 'anew', other: 'anew', ...told });
  await waitFor('the level', () => node.log.level === 'error');
  t.deepEqual(await node.call(setter, { type: 'look' }), ['green', 'error']);
});

test('a thread that cannot be given what the environment has is left down, and the log says what that is', async (t) => {
  const node = await threadNode(t);
  const log = recordLog(node);
  const value: { paint?: () => void } = {};
  node.setEnv('colour', value);
  value.paint = () => undefined;
  const victim = await puppet(node, 1);
  victim.tell({ type: 'exit process', code: 3 });
  await waitFor('the log', () => log.some(({ message }) => message.includes('left down')));
  const error = await t.throwsAsync<TergoError>(puppet(node, 1), { code: 'unencodable' });
  t.regex(
    error.message,
    /'COLOUR' in the node's env cannot be given to other threads: value\.paint is a function/,
  );
  const [told, ...more] = log.filter(({ message }) => message.includes('left down'));
  t.deepEqual([told?.fields['thread'], told?.fields['error'], more], [1, error, []]);
});

for (const { title, one, other } of everyPlaces) {
  test(`a value that a process takes away from its environment is that of its parent again, ${title}`, async (t) => {
    const node = await threadNode(t, { env: [env(colour, 'of the node')] });
    const parent = await puppet(node, one, { env: [env(colour, 'of the parent')] });
    const options = { thread: other, args: [{}], env: [env(colour, 'its own')] };
    const pid = await parent.do<Handle['pid']>('spawnPuppet', options);
    const child = new Handle(node, pid);
    t.is(await child.do('env', colour), 'its own');
    await child.do('setEnv', colour, undefined);
    t.is(await child.do('env', colour), 'of the parent');
    const list = await child.do<ReadonlyMap<string, unknown>>('envList');
    t.is(list.get('COLOUR'), 'of the parent');
  });
}
