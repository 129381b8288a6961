import test from 'ava';
import { turn, waitFor } from '../support/wait-for.ts';
import { quietNode } from '../support/witness.ts';
import { NameChanger, NameWatcher } from './name-changer.ts';

const ROUNDS = 4000;

test('a monitor on a name is on the name, also when that is given up just then on another thread', async (t) => {
  const behaviors = [new URL('./name-changer.ts', import.meta.url)];
  const node = await quietNode(t, { threads: 2, behaviors });
  const changer = await node.spawn(NameChanger);
  const watcher = await node.spawn(NameWatcher, { thread: 1 });
  for (let round = 0; round < ROUNDS; round += 1) {
    node.send(changer, watcher);
    await turn();
  }
  await waitFor('each monitor that stood to fire', async () => {
    const { made, fired } = await node.call(watcher, { type: 'tally' });
    return made === fired && node.processInfo(changer).mailbox === 0;
  });
  const { made } = await node.call(watcher, { type: 'tally' });
  t.true(made > 0);
});
