import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { childSpec, childTemplate, type AnyPid, type ChildTemplate } from 'tergo';
import { turn } from '../support/wait-for.ts';
import { keep, Tended, type Kept, type Story, type TendedProtocol } from '../support/keeper.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const restarts = 1000;
/** The last restarts, which the supervisor remembers, and some that the engine holds for a while. */
const mayBeHeld = 300;

async function held(kept: Kept): Promise<number> {
  const refs: WeakRef<AnyPid & object>[] = [];
  for (let time = 0; time < restarts; time++) {
    const { pid } = (await kept.children())[0]!;
    refs.push(new WeakRef(pid!));
    await kept.end(pid!, 'kill');
    kept.story.length = 0;
  }
  await turn();
  collect();
  return refs.filter((ref) => ref.deref() !== undefined).length;
}

test('a supervisor does not hold on to children that it has restarted', async (t) => {
  const named = await keep(t, (story) => ({
    ...{ strategy: 'one-for-one', restart: 'permanent', intensity: 2 * restarts },
    children: [childSpec('a', Tended, { args: [story, 'a'] })],
  }));
  const ofNames = await held(named);
  t.true(ofNames < mayBeHeld, `${ofNames} of ${restarts}`);

  const worker: ChildTemplate<TendedProtocol, [Story, string]> = childTemplate('worker', Tended);
  const simple = await keep(t, () => ({
    ...{ strategy: 'simple-one-for-one', restart: 'permanent', intensity: 2 * restarts },
    children: [worker],
  }));
  await simple.ask((self) => self.startChild(worker, { args: [simple.story, 'a'] }));
  const ofInstances = await held(simple);
  t.true(ofInstances < mayBeHeld, `${ofInstances} of ${restarts}`);
});
