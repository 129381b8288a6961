import type { Node, SpawnOptions } from 'tergo';
import { memberOn, type Member } from './clerk-places.ts';
import { FarWaiter, type Beginning, type WaiterProtocol } from './far-waiter.ts';
import { freshName } from './places.ts';
import { waitFor } from './wait-for.ts';

/** Another waiter of a waiter's thread. */
export interface Keeper {
  /** Lets go on whoever waits at this door. */
  open(door: string): Promise<void>;
  /** What the waiter has written down once there are so many lines. */
  wrote(count: number): Promise<readonly string[]>;
}

export type WaiterOptions = Omit<Partial<SpawnOptions<WaiterProtocol, []>>, 'args' | 'thread'>;

/** A keeper for a waiter of this label. */
export async function keeperOn(node: Node, thread: number, label: string): Promise<Keeper> {
  const keeper = await memberOn(node, FarWaiter, thread);
  return {
    open: (door) => keeper.do('open', door),
    wrote: (count) =>
      waitFor(`${count} lines`, async () => {
        const lines = await keeper.do<string[]>('diary', label);
        return lines.length >= count && lines;
      }),
  };
}

/** Spawns a waiter and its keeper on a thread. */
export async function waiterOn(
  node: Node,
  thread: number,
  beginning: Beginning = {},
  options: WaiterOptions = {},
): Promise<Member & Keeper> {
  const label = freshName('waiter');
  const keeper = await keeperOn(node, thread, label);
  const args = [label, beginning] as never;
  return { ...(await memberOn(node, FarWaiter, thread, { ...options, args })), ...keeper };
}
