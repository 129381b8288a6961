import { startNode, type Node } from 'tergo';

const BEHAVIORS = ['./echo.ts', './flood.ts', './hog.ts', './pair.ts'];

/** A node with so many threads that know the behaviours of this folder. */
export function threadNode(threads: number): Promise<Node> {
  const behaviors = BEHAVIORS.map((file) => new URL(file, import.meta.url));
  return startNode('bench@localhost', { threads, behaviors, log: { level: 'error' } });
}
