import { incorrect } from '../../error/tergo-error.ts';
import { Node } from '../../node/node.ts';
import { failure } from '../../node/messaging.ts';
import type { Runtime } from '../../node/runtime.ts';
import { Expectations } from '../expect/expectations.ts';
import { View } from '../expect/view.ts';
import { Watch } from '../expect/watch.ts';
import { listen } from '../tap/listen.ts';

/**
 * Live nodes, and all that their processes do from now on. Nothing else changes for them: time goes by
 * their own clocks, children are real. `using` ends the recording; the nodes go on.
 *
 * @example
 * using s = stage(node);
 * node.send(counter, { type: 'add', by: 2 });
 * await s.shouldOnce('deliver', { to: counter, message: { type: 'add' } });
 */
export class Stage extends Expectations implements Disposable {
  readonly #unlisten: readonly (() => void)[];

  /** @internal */
  constructor(watch: Watch, runtimes: readonly Runtime[]) {
    const title = 'some process';
    const view = new View({ watch, by: undefined, title, hint: () => '' });
    super(
      view,
      runtimes.map(({ driver }) => driver),
    );
    this.#unlisten = runtimes.map((runtime) => listen(runtime, watch));
  }

  /** Ends the recording. What was recorded can still be looked at. */
  [Symbol.dispose](): void {
    for (const unlisten of this.#unlisten) unlisten();
  }
}

/**
 * Begins to record what the processes of these nodes do, those that live already included. Throws
 * `incorrect` for what is no node, `node-terminated` for one that has stopped.
 */
export function stage(...nodes: readonly [Node, ...Node[]]): Stage {
  if (nodes.length === 0) throw incorrect('nodes', 'one node or more', nodes);
  const runtimes = nodes.map((node, at) => {
    if (!(node instanceof Node)) throw incorrect(`nodes[${at}]`, 'a node', node);
    if (!node.isAlive) throw failure('node-terminated', node.name);
    return Node.runtimeOf(node);
  });
  if (new Set(runtimes).size < nodes.length) throw incorrect('nodes', 'different nodes', nodes);
  return new Stage(new Watch(), runtimes);
}
