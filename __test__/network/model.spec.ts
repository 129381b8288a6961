import test from 'ava';
import * as fc from 'fast-check';
import { programs } from '../support/stations/program.ts';
import { players, Stage } from '../support/stations/stage.ts';
import { networkNode, showWay } from './cluster.ts';

test('whatever processes of two nodes do to each other, and whatever is lost on the way, all is told as promised', async (t) => {
  const options = { threads: 2, behaviors: players };
  const a = await networkNode('a@localhost', {}, options);
  const b = await networkNode('b@localhost', {}, options);
  t.teardown(async () => {
    await a.stopForce();
    await b.stopForce();
  });
  showWay(a, b);
  showWay(b, a);
  const stage = new Stage([a, b]);
  await stage.prepare();
  let heard = 0;
  const ends = programs(['kill', 'kill', 'kill crew', 'end thread', 'part', 'part']);
  const plays = fc.asyncProperty(ends, async (rounds) => {
    heard += await stage.play(rounds);
  });
  await fc.assert(plays, { numRuns: 12, endOnFailure: true, includeErrorInReport: true });
  // A model that never expects anything would pass, too.
  t.true(heard > 50, `${heard} heard`);
});
