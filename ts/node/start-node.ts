import { loadNative, type Native } from '../native/load.ts';
import { Node } from './node.ts';
import { checkNodeName } from './node-name.ts';
import { checkNodeOptions, type NodeOptions } from './node-options.ts';
import { Runtime } from './runtime.ts';
import { stopOnSignals } from './signals.ts';

let native: Native | undefined;

/**
 * Starts a node. `name` is `name@host`, at most 255 bytes. Rejects with `incorrect` (naming the key),
 * `name-too-long`, `binary-missing`, and with what the load or the start of one of its applications rejects with;
 * then everything that was started has been stopped. Several nodes may live in one OS process, even of one name: each is an
 * incarnation of its own, which refuses the pids of the others with `process-incarnation`. The node keeps the OS process alive until it is stopped.
 *
 * @example
 * await using node = await startNode('hello@localhost', { log: { level: 'warning' } });
 */
export async function startNode(name: string, options: NodeOptions = {}): Promise<Node> {
  checkNodeName(name);
  checkNodeOptions(options);
  native ??= loadNative();
  const runtime = new Runtime(name, options, new native.BindingScheduler(), options.clock);
  if (options.handleSignals === true) stopOnSignals(runtime);
  const node = new Node(runtime);
  try {
    await runtime.applications.begin(options.applications ?? []);
  } catch (error) {
    await node.stop();
    throw error;
  }
  return node;
}
