import test from 'ava';
import { holdings, quietNode, spawnWitness, type Witness } from '../support/witness.ts';

const relations = {
  linkNode: (self: Witness, node: string) => self.linkNode(node),
  monitorNode: (self: Witness, node: string) => self.monitorNode(node),
};

for (const [name, relate] of Object.entries(relations)) {
  test(`${name} refuses the own node: it cannot outlive itself`, async (t) => {
    const node = await quietNode(t);
    const self = await spawnWitness(node);
    const before = await holdings(node);
    await t.throwsAsync(
      self.run((witness) => relate(witness, node.name)),
      { code: 'not-allowed', message: /quiet@localhost is this very node/ },
    );
    t.deepEqual(await holdings(node), before);
  });

  test(`${name} rejects with 'no-connection' for a node that it does not know`, async (t) => {
    const node = await quietNode(t);
    const self = await spawnWitness(node);
    const before = await holdings(node);
    await t.throwsAsync(
      self.run((witness) => relate(witness, 'far@away')),
      { code: 'no-connection', message: /far@away/ },
    );
    t.deepEqual(await holdings(node), before);
  });

  test(`${name} knows no other node of the same OS process either: there is no network yet`, async (t) => {
    const node = await quietNode(t);
    const other = await quietNode(t, {}, 'other@localhost');
    const self = await spawnWitness(node);
    await t.throwsAsync(
      self.run((witness) => relate(witness, other.name)),
      { code: 'no-connection' },
    );
  });
}
