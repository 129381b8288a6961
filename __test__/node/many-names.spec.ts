import test from 'ava';
import { processName } from 'tergo';
import { quietNode, spawnWitness, type WitnessProtocol } from '../support/witness.ts';

test('names that are given up are free, however many they are, and lead to whoever takes them next', async (t) => {
  const node = await quietNode(t);
  const count = 5000;
  const witness = await spawnWitness(node);
  const other = await spawnWitness(node);
  const names = Array.from({ length: count }, (_, at) =>
    processName<WitnessProtocol>(`name ${at}`),
  );
  for (let round = 0; round < 2; round++) {
    for (const name of names) {
      node.registerName(name, witness.pid);
      t.is(node.whereis(name), witness.pid);
      t.is(node.info().registeredNames, 1);
      t.is(node.unregisterName(name), witness.pid);
      t.is(node.whereis(name), undefined);
    }
    t.is(node.info().registeredNames, 0);
  }
  node.registerName(names[0]!, witness.pid);
  t.throws(() => node.registerName(names[0]!, other.pid), { code: 'taken' });
  node.unregisterName(names[0]!);
  node.registerName(names[0]!, other.pid);
  t.is(node.whereis(names[0]!), other.pid);
  t.is(node.info().registeredNames, 1);
});
