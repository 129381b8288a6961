import { startNode, type Node } from 'tergo';

/** The node of a run. Its log tells errors only, as the peers' do: a flood is meant to block. */
export function benchNode(): Promise<Node> {
  return startNode('bench@localhost', { log: { level: 'error' } });
}
