import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { waitFor } from '../support/wait-for.ts';
import { networkNode } from './cluster.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** A node that was connected, and has stopped; nobody has it any more. */
async function stopped(number: number): Promise<WeakRef<object>[]> {
  const a = await networkNode(`a${number}@localhost`);
  const b = await networkNode(`b${number}@localhost`);
  const { port } = b.network.acceptors()[0]!;
  const route = { host: '127.0.0.1', port };
  await a.network.connect(b.name, { route });
  await a.stop();
  await b.stop();
  return [new WeakRef(a), new WeakRef(b)];
}

test('nothing keeps a node with a network once it has stopped', async (t) => {
  const refs: WeakRef<object>[] = [];
  for (let number = 0; number < 5; number += 1) refs.push(...(await stopped(number)));
  // The last ones may stand in caches that the next node takes over.
  const old = refs.slice(0, -2);
  await waitFor('the nodes to be collected', () => {
    collect();
    return old.every((ref) => ref.deref() === undefined);
  });
  t.pass();
});
