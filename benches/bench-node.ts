import { startNode, type Node } from 'tergo';

let shared: Node | undefined;

/** A node for a suite that needs a fresh one. Its log tells errors only, as the peers' do: a flood is meant to block. */
export function benchNode(): Promise<Node> {
  return startNode('bench@localhost', { log: { level: 'error' } });
}

/** The one node of all runs of a suite, as a program has it: its tables keep the size that they have grown to. */
export async function sharedNode(): Promise<Node> {
  shared ??= await benchNode();
  return shared;
}

/** Stops the shared node, if a suite has used it. */
export async function stopSharedNode(): Promise<void> {
  await shared?.stop();
}
