import test from 'ava';
import * as fc from 'fast-check';
import { startNode } from 'tergo';
import { programs } from '../support/stations/program.ts';
import { players, Stage } from '../support/stations/stage.ts';

test('whatever processes of several threads do to each other, and whichever thread ends, all is told as promised', async (t) => {
  const node = await startNode('threads@localhost', {
    ...{ threads: 3, behaviors: players, log: { disableConsole: true } },
  });
  t.teardown(() => node.stopForce());
  const stage = new Stage([node]);
  await stage.prepare();
  let heard = 0;
  const plays = fc.asyncProperty(
    programs(['kill', 'kill', 'kill crew', 'end thread']),
    async (rounds) => {
      heard += await stage.play(rounds);
    },
  );
  await fc.assert(plays, { numRuns: 12, endOnFailure: true, includeErrorInReport: true });
  // A model that never expects anything would pass, too.
  t.true(heard > 50, `${heard} heard`);
});
