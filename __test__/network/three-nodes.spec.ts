import test from 'ava';
import * as fc from 'fast-check';
import type { Node } from 'tergo';
import { programs } from '../support/stations/program.ts';
import { players, Stage } from '../support/stations/stage.ts';
import { networkNode, showWay } from './cluster.ts';

const NAMES = ['a@localhost', 'b@localhost', 'c@localhost'];

test('whatever processes of three nodes do to each other, and whichever node stops and comes again, all is told as promised', async (t) => {
  const nodes = new Map<string, Node>();
  const start = async (name: string): Promise<Node> => {
    const threads = name === NAMES[0] ? 1 : 2;
    const node = await networkNode(name, {}, { threads, behaviors: players });
    nodes.set(name, node);
    for (const other of nodes.values()) {
      // One that stops just now is shown the ways when it comes again.
      if (other === node || other.network.acceptors().length === 0) continue;
      showWay(node, other);
      other.network.removeRoute(`^${name}$`);
      showWay(other, node);
    }
    return node;
  };
  for (const name of NAMES) await start(name);
  t.teardown(async () => {
    for (const node of nodes.values()) await node.stopForce();
  });
  const stage = new Stage([...nodes.values()], start);
  await stage.prepare();
  let heard = 0;
  const ends = programs(['kill', 'kill', 'kill crew', 'part', 'part', 'end thread', 'stop node']);
  const plays = fc.asyncProperty(ends, async (rounds) => {
    heard += await stage.play(rounds);
  });
  await fc.assert(plays, { numRuns: 10, endOnFailure: true, includeErrorInReport: true });
  // A model that never expects anything would pass, too.
  t.true(heard > 50, `${heard} heard`);
});
