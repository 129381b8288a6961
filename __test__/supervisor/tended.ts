import { childSpec, type ChildSpec } from 'tergo';
import { tendedAt, type ChildPlace } from '../support/child-places.ts';
import { type Kept, type Manners, type Story, Tended } from '../support/keeper.ts';

/** What a deaf child waits for that nobody ever wakes. */
export const never: Promise<never> = new Promise<never>(() => undefined);

type Strategy = 'one-for-one' | 'all-for-one' | 'rest-for-one';

/** A child that tells its story. */
export function tended(
  story: Story,
  name: string,
  manners: Manners = {},
  shutdownTimeoutMs = 5000,
): ChildSpec {
  return childSpec(name, Tended, { args: [story, name, manners], shutdownTimeoutMs });
}

/** The spec of a supervisor with three children. */
export function three(strategy: Strategy = 'one-for-one') {
  return (story: Story) => ({
    strategy,
    children: ['a', 'b', 'c'].map((name) => tended(story, name)),
  });
}

/** The same with the children in their place. */
export function threeAt(place: ChildPlace, strategy: Strategy = 'one-for-one') {
  return (story: Story) => ({
    strategy,
    children: ['a', 'b', 'c'].map((name) => tendedAt(place, story, name)),
  });
}

/** Makes a child deaf: its callback waits for a promise. */
export async function deafen(kept: Kept, name: string, until: Promise<void>): Promise<void> {
  kept.node.send(await kept.child(name), () => until);
  await kept.clock.settle();
}
