import { startNode, type Node } from 'tergo';

/** A node with so many threads that know the behaviours of `flood.ts`. */
export function threadNode(threads: number): Promise<Node> {
  const behaviors = [new URL('./flood.ts', import.meta.url)];
  return startNode('bench@localhost', { threads, behaviors, log: { level: 'error' } });
}
