import { checkName } from '../error/check.ts';

declare const spawned: unique symbol;

/**
 * The name under which a node lends a behaviour to others: at run time the plain string. It carries what the behaviour
 * accepts and which arguments its `init` takes, so that whoever spawns it needs not its class.
 */
export type SpawnName<P, Args extends readonly unknown[] = []> = string & {
  /** @ignore */
  readonly [spawned]?: (protocol: P, args: Args) => [P, Args];
};

/**
 * Gives a lent behaviour its types. Throws `incorrect` for an empty name or one over 255 bytes.
 *
 * @example
 * const counterSpawn: SpawnName<CounterProtocol, [start: number]> = spawnName('counter');
 */
export function spawnName<P, Args extends readonly unknown[] = []>(
  name: string,
): SpawnName<P, Args> {
  checkName('name', name);
  return name;
}
