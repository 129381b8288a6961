import type { ExecutionContext } from 'ava';
import type { Node, NodeOptions } from 'tergo';
import { type Handle, puppet } from '../threads/stage.ts';
import { networkNode } from './cluster.ts';
import { Hostile } from './hostile.ts';

/** A node with a process that is called by a peer that says whatever it likes. */
export interface HostileCaller {
  readonly node: Node;
  readonly peer: Hostile;
  readonly to: Handle;
  /** How a frame names the process. */
  readonly place: { readonly first: number; readonly second: number };
}

/** Both end with the test. */
export async function hostileCaller(
  t: ExecutionContext,
  options: Partial<NodeOptions> = {},
): Promise<HostileCaller> {
  const node = await networkNode('callee@localhost', {}, options);
  const peer = await Hostile.connect(node, 'caller@localhost');
  t.teardown(async () => {
    await peer.close();
    await node.stopForce();
  });
  const to = await puppet(node, 0);
  const { slot: first, generation: second } = to.pid as unknown as {
    readonly slot: number;
    readonly generation: number;
  };
  return { node, peer, to, place: { first, second } };
}
