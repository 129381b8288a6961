import test from 'ava';
import * as fc from 'fast-check';
import type { Node } from 'tergo';
import { addresses, type Member } from '../support/relation-member.ts';
import { RelationWorld } from '../support/relation-world.ts';
import { holdings, holdsAgain, quietNode } from '../support/witness.ts';

const who = fc.nat({ max: 1000 });
const kind = fc.constantFrom('link' as const, 'monitor' as const);
const address = fc.constantFrom(...addresses);

const act = fc.oneof(
  { weight: 6, arbitrary: fc.constant('relate' as const) },
  { weight: 2, arbitrary: fc.constant('unrelate' as const) },
  { weight: 1, arbitrary: fc.constantFrom('kill' as const, 'exit' as const) },
  { weight: 1, arbitrary: fc.constantFrom('crash' as const, 'give up' as const) },
  { weight: 2, arbitrary: fc.constantFrom('send' as const, 'publish' as const) },
);
const action = fc.record({ act, who, other: who, kind, address });
/** What happens at one point of time: who comes anew, trapping or not, and what is done. */
const round = fc.record({
  spawns: fc.array(fc.boolean(), { minLength: 1, maxLength: 6, size: 'max' }),
  actions: fc.array(action, { maxLength: 60, size: 'max' }),
});
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;
type Round = typeof round extends fc.Arbitrary<infer T> ? T : never;

test('whatever happens in whatever order, each end is heard of exactly once by whoever asked for it', async (t) => {
  const node = await quietNode(t);
  const before = await holdings(node);
  let noticed = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(round, { minLength: 1, maxLength: 8, size: 'max' }),
      async (rounds) => {
        noticed += await play(node, rounds);
        await holdsAgain(node, before);
      },
    ),
    { numRuns: 400, includeErrorInReport: true },
  );
  // A model that never expects anything would pass, too.
  t.true(noticed > 1000, `${noticed} notices`);
});

async function play(node: Node, rounds: readonly Round[]): Promise<number> {
  const world = new RelationWorld(node);
  try {
    for (const { spawns, actions } of rounds) {
      for (const trapExit of spawns) await world.spawn(trapExit);
      for (const action of actions) perform(world, action);
      await world.settle();
    }
  } finally {
    for (const { handle } of world.members) {
      if (node.processState(handle.pid) !== 'terminated') node.kill(handle.pid);
    }
  }
  return world.noticed;
}

function perform(world: RelationWorld, { act, who, other, kind, address }: Action): void {
  if (world.members.length === 0) return;
  const member = at(world, who);
  switch (act) {
    case 'relate':
      return world.relate(member, kind, at(world, other), address);
    case 'unrelate':
      return world.unrelate(member, kind, at(world, other), address);
    case 'kill':
      return world.kill(member);
    case 'exit':
      return world.exit(member, at(world, other));
    case 'crash':
      return world.crash(member);
    case 'give up':
      return world.giveUp(member, address);
    case 'send':
      return world.send(member);
    case 'publish':
      return world.publish(member);
  }
}

function at({ members }: RelationWorld, index: number): Member {
  return members[index % members.length]!;
}
